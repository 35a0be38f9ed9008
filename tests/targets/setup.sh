#!/usr/bin/env bash
# Installs what the tests of emitted code and benches/peers need: a Python environment (numpy, scipy, jax, torch, and the
# peers sympy, tensorgrad and opt_einsum) in target/targets/venv, and Octave from the system's packages. What is there is
# kept. `setup.sh numpy matlab` installs for these targets only. Tests of a target that is not installed say `ignored`.
#
# On Linux torch brings the CUDA libraries along, 3 GB; PIP_EXTRA_INDEX_URL may name an index with builds without them.
set -uo pipefail
root="$(cd "$(dirname "$0")/../.." && pwd)"
venv="${CARGO_TARGET_DIR:-$root/target}/targets/venv"
wanted="${*:-numpy jax torch peers matlab}"
missing=0

# group MODULES PACKAGES: installs the packages unless the modules can be imported.
group() {
  "$venv/bin/python" -c "import ${1// /, }" 2>/dev/null && return
  # shellcheck disable=SC2086
  "$venv/bin/python" -m pip install --quiet $2 || { echo "not installed: $2"; missing=1; }
}

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

octave() {
  command -v octave-cli >/dev/null && return
  if command -v apt-get >/dev/null; then
    as_root apt-get update -qq && as_root apt-get install -y -qq --no-install-recommends octave >/dev/null
  elif command -v brew >/dev/null; then
    brew install --quiet octave
  fi
  command -v octave-cli >/dev/null || { echo "not installed: octave"; missing=1; }
}

if [ ! -x "$venv/bin/python" ]; then
  python3 -m venv "$venv" || {
    as_root apt-get install -y -qq python3-venv >/dev/null && python3 -m venv --clear "$venv"
  } || { echo "no Python environment in $venv"; exit 1; }
fi
for target in $wanted; do
  case $target in
    numpy) group "numpy scipy" "numpy scipy" ;;
    jax) group "jax" "jax" ;;
    torch) group "torch" "torch numpy" ;;
    peers) group "sympy tensorgrad opt_einsum threadpoolctl" "sympy tensorgrad opt_einsum threadpoolctl" ;;
    matlab) octave ;;
    *) echo "no such target: $target"; exit 2 ;;
  esac
done
exit "$missing"
