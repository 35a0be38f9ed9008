#!/usr/bin/env python3
"""Runs emitted code in every target: the cases of tests/cases, held against the known values, and those of the tables
functions.cases and corners.cases of tests/targets, held against the evaluator.

    tests/targets/run.py --bin target/release/indicial [--target jax]… [--id ID] [--keep DIR]

Each case is written in each target by the command line, and one process for each target computes the values and
derivatives of all of them at the points of the case. The last line for a target is `TARGET: right R, wrong W, refused N`;
what has no code there is refused with a reason, and counted. `sharded` is no target but the example of jax on several
devices. Exit status 1 if anything is wrong or fails; 3 if a target is not installed (tests/targets/setup.sh installs it).
"""
import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

import tables

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TARGETS = ["numpy", "jax", "torch", "matlab", "rust", "sharded"]
BUILD = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
PYTHON = BUILD / "targets" / "venv" / "bin" / "python"
TOLERANCE = 1e-6
MISSING = 3


def cases(ident):
    files = sorted((ROOT / "tests" / "cases").glob("*.jsonl"))
    all_cases = [json.loads(line) for f in files for line in f.read_text().splitlines()]
    wanted = [c for c in all_cases if c["kind"] in ("diff", "simplify") and c.get("points")]
    return [c for c in wanted if ident in (None, c["id"])]


def command(binary, case, target):
    by = [a for w in case.get("wrt", []) for a in ("--wrt", w)]
    var = ["--var", case["vars"]] if case.get("vars") else []
    return [binary, case["kind"], case["expr"], *by, *var, "--format", target]


def emitted(binary, case, target):
    p = subprocess.run(command(binary, case, target), capture_output=True, text=True)
    if p.returncode == 0:
        return p.stdout, None
    return None, p.stderr.strip().splitlines()[0]


def jobs_of(binary, wanted, target):
    """The sources with the points at which each is computed, and what has no code."""
    jobs, refused = [], []
    with ThreadPoolExecutor(4) as pool:
        sources = list(pool.map(lambda c: emitted(binary, c, target), wanted))
    for case, (source, error) in zip(wanted, sources):
        if error:
            refused.append((case["id"], error))
            continue
        names = ["value", "derivative"] if case["kind"] == "diff" else ["value"]
        points = [{"inputs": p["inputs"], "want": {n: p[n] for n in names if n in p}} for p in case["points"]]
        jobs.append({"id": case["id"], "source": source, "dims": case["dims"], "points": points})
    return jobs, refused


def installed(target):
    if target == "matlab":
        return shutil.which("octave-cli") is not None
    if target == "rust":
        return shutil.which("cargo") is not None
    if not PYTHON.exists():
        return False
    target = "jax" if target == "sharded" else target
    return subprocess.run([PYTHON, "-c", f"import {target}, scipy" if target != "torch" else "import torch"], capture_output=True).returncode == 0


def computed(target, jobs, folder):
    """For each job, at each point, the values by name; a message where it failed."""
    if target == "matlab":
        import octave

        return octave.run(jobs, folder)
    if target == "rust":
        import crate

        return crate.run(jobs, folder, BUILD / "targets" / "rust")
    (folder / "jobs.json").write_text(json.dumps(jobs))
    out = folder / "results.json"
    environment = dict(os.environ, OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", JAX_PLATFORMS="cpu", JAX_ENABLE_X64="1")
    # Half a thousand functions are compiled and run twice.
    environment["XLA_FLAGS"] = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
    subprocess.run([PYTHON, HERE / "python.py", target, folder / "jobs.json", out], check=True, env=environment)
    return json.loads(out.read_text())


def flat(value):
    return [x for v in value for x in flat(v)] if isinstance(value, list) else [value]


def shape(value):
    return [len(value), *shape(value[0])] if isinstance(value, list) and value else [0] if isinstance(value, list) else []


def problem(got, want, narrow=False):
    """What is off; where `narrow`, axes of length one do not count."""
    if want is None:
        return None if isinstance(got, str) or any(g != g for g in flat(got)) else f"{got}, where there is no value"
    if isinstance(got, str):
        return got
    own, known = ([n for n in shape(v) if n != 1 or not narrow] for v in (got, want))
    if own != known:
        return f"shape {shape(got)}, expected {shape(want)}"
    got, want = flat(got), flat(want)
    size = max([1.0, *map(abs, want)])
    worst = max([0.0, *(abs(g - w) / size if g == g and g is not None else float("inf") for g, w in zip(got, want))])
    return None if worst < TOLERANCE else f"relative error {worst:.1e}"


def check(binary, wanted, target, keep):
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(keep or temporary) / target
        folder.mkdir(parents=True, exist_ok=True)
        jobs, refused = jobs_of(binary, wanted, target)
        results = computed(target, jobs, folder)
    wrong = 0
    for job, points in zip(jobs, results):
        for point, got in zip(job["points"], points):
            by_name = ((n, problem(got if isinstance(got, str) else got[n], w, target == "matlab")) for n, w in point["want"].items())
            seen = next((f"{n}: {p}" for n, p in by_name if p), None)
            if seen:
                wrong += 1
                print(f"wrong   {target} {job['id']}: {seen[:300]}")
                break
    for ident, error in refused:
        print(f"refused {target} {ident}: {error}")
    print(f"{target}: right {len(jobs) - wrong}, wrong {wrong}, refused {len(refused)}", flush=True)
    return wrong == 0 and len(jobs) > 0


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--bin", default=str(BUILD / "release" / "indicial"))
    p.add_argument("--target", action="append", choices=TARGETS)
    p.add_argument("--id")
    p.add_argument("--keep", help="leave what was written in this folder")
    a = p.parse_args()
    sys.path.insert(0, str(HERE))
    status, wanted = 0, None
    for target in a.target or TARGETS:
        if not installed(target):
            print(f"{target}: skipped, not installed; tests/targets/setup.sh installs it")
            status = max(status, MISSING)
        elif target == "sharded":
            command = [PYTHON, ROOT / "examples" / "sharded_jax.py", "--bin", a.bin]
            status = max(status, subprocess.run(command).returncode)
        else:
            wanted = wanted or cases(a.id) + tables.cases(a.bin, a.id)
            status = status if check(a.bin, wanted, target, a.keep) else 1
    sys.exit(status)


main()
