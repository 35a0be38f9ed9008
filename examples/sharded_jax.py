#!/usr/bin/env python3
"""Derivatives on several machines: the code of `--format jax` under `jax.jit`, with the rows of the data over a mesh of devices.

    examples/sharded_jax.py [--bin target/release/indicial]

The Hessian of a logistic loss times a vector and the gradient of a matrix factorisation are written by the command line and
run on eight virtual devices of the CPU. Each is held against the result on one device, and the compiled program is read: no
device may gather what the others hold of the data. To see that this reading finds a gather where there is one, a program
that needs all rows on each device is read as well. Exit status 1 if any of this fails; 3 if jax is not installed.
"""
import argparse
import os
import re
import subprocess
import sys

DEVICES = 8
# Of these none may be in a program: each would move rows of the data to where they are not.
MOVES = ("all-gather", "all-to-all", "collective-permute")

# Before jax is imported, which looks at this once.
os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count={DEVICES}"
os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("JAX_ENABLE_X64", "1")
try:
    import jax
    import jax.numpy as jnp
    import numpy as np
    from jax.sharding import Mesh, NamedSharding, PartitionSpec
except ImportError as e:
    print(f"skipped: {e}")
    sys.exit(3)


def emitted(binary, function, *arguments):
    """A function of the module that the command line writes."""
    command = [binary, "diff", *arguments, "--format", "jax"]
    source = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    module = {}
    exec(source, module)
    return module[function]


def logistic(binary):
    """X'*(s.*(1 - s).*y.^2.*(X*v)): rows of X and entries of y are spread, w and v are everywhere."""
    declared = "X: matrix(m, n); w: vector(n); y: vector(m)"
    function = emitted(binary, "derivative", "sum(log(1 + exp(-y.*(X*w))))", "--wrt", "w", "--hvp", "v", "--var", declared)
    m, n = 64 * DEVICES, 24
    random = np.random.default_rng(1)
    data = {"X": random.normal(size=(m, n)), "y": random.choice([-1.0, 1.0], m), "w": random.normal(size=n), "v": random.normal(size=n)}
    return "the Hessian of a logistic loss times a vector", function, data, ["X", "y"]


def factorisation(binary):
    """Both gradients of sum((R - U*V').^2)/2: rows of R and of U are spread, V is everywhere."""
    declared = "R: matrix(m, n); U: matrix(m, k); V: matrix(n, k)"
    arguments = ("sum((R - U*V').^2)/2", "--wrt", "U", "--wrt", "V", "--separate", "--var", declared)
    m, n, k = 32 * DEVICES, 40, 5
    random = np.random.default_rng(2)
    data = {"R": random.normal(size=(m, n)), "U": random.normal(size=(m, k)), "V": random.normal(size=(n, k))}
    return "the gradient of a matrix factorisation", emitted(binary, "derivatives", *arguments), data, ["R", "U"]


def gathering(_):
    """X*X' needs all rows on each device."""
    data = {"X": np.random.default_rng(3).normal(size=(16 * DEVICES, 24))}
    return "a program that needs all rows", lambda X: X @ X.T, data, ["X"]


def run(case, mesh):
    """How far the results with spread rows are from those on one device, and what the compiled program has of other devices'
    rows: operations that move them, and arrays of all rows."""
    _, function, data, spread = case
    everywhere = NamedSharding(mesh, PartitionSpec())
    by_rows = NamedSharding(mesh, PartitionSpec("rows"))
    placed = {name: jax.device_put(value, by_rows if name in spread else everywhere) for name, value in data.items()}
    compiled = jax.jit(lambda arguments: function(**arguments)).lower(placed).compile()
    text = compiled.as_text()
    moves = [move for move in MOVES if re.search(rf"\b{move}(-start)?\(", text)]
    whole = [f"all of {name}" for name in spread if f"f64[{','.join(map(str, data[name].shape))}]" in text]
    alone = jax.tree.leaves(function(**{name: jnp.asarray(value) for name, value in data.items()}))
    pairs = list(zip(jax.tree.leaves(compiled(placed)), alone, strict=True))
    return max(float(jnp.max(jnp.abs(np.asarray(a) - np.asarray(b)))) / float(jnp.max(jnp.abs(b))) for a, b in pairs), moves + whole


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--bin", default="indicial")
    binary = p.parse_args().bin
    mesh = Mesh(np.array(jax.devices()), ("rows",))
    if mesh.size != DEVICES:
        sys.exit(f"{mesh.size} devices, expected {DEVICES}")
    failed = False
    for case, needs_rows in [(logistic(binary), False), (factorisation(binary), False), (gathering(binary), True)]:
        error, seen = run(case, mesh)
        print(f"{case[0]}: relative difference {error:.1e}, rows of other devices: {', '.join(seen) or 'none'}")
        failed |= not error < 1e-12 or bool(seen) != needs_rows
    sys.exit(1 if failed else 0)


main()
