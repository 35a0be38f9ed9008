#!/usr/bin/env bash
# The peers, in a Python environment of their own: target/peers, or the directory that is given.
#
# PyTorch comes with about 7 GB of libraries on Linux. PEERS_TORCH=none leaves it out, and with it tensorgrad, which needs it;
# PEERS_TORCH="torch==2.9.1 --index-url URL" takes it from an index of smaller ones. What is missing is said at the end, and the
# tables then say `not installed` in its column.
set -euo pipefail
cd "$(dirname "$0")/../.."
environment=${1:-target/peers}
python=${PYTHON:-python3}
torch=${PEERS_TORCH:-torch==2.9.1}

"$python" -m venv "$environment"
pip=("$environment/bin/python" -m pip install --quiet --disable-pip-version-check)
"${pip[@]}" numpy==2.4.6 scipy==1.17.1
"${pip[@]}" sympy==1.14.0 || true
"${pip[@]}" opt_einsum==3.4.0 || true
"${pip[@]}" jax==0.10.2 || true
if [ "$torch" != none ]; then
  # shellcheck disable=SC2086
  "${pip[@]}" $torch && "${pip[@]}" tensorgrad==0.3.0 || true
fi

for module in numpy scipy sympy tensorgrad jax torch opt_einsum; do
  if "$environment/bin/python" -c "import $module" 2>/dev/null; then
    echo "$module is there"
  else
    echo "$module is missing"
  fi
done
echo "now: $environment/bin/python benches/peers/run.py"
