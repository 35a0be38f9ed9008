#!/usr/bin/env bash
# Installs what tests/notebook needs, a Python environment with Jupyter's client and IPython's kernel, in target/notebook/venv.
# What is there is kept.
set -euo pipefail
root="$(cd "$(dirname "$0")/../.." && pwd)"
venv="${CARGO_TARGET_DIR:-$root/target}/notebook/venv"
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/python" -c "import jupyter_client, nbclient, ipykernel, numpy, scipy" 2>/dev/null ||
  "$venv/bin/python" -m pip install --quiet jupyter_client nbclient ipykernel numpy scipy
