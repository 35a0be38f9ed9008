"""What the parts share: values, central differences, peers as processes of their own, and tables that go into README.md."""

import json
import os
import pathlib
import platform
import re
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent

ONE_THREAD = {
    **{f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "RAYON")},
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "JAX_PLATFORMS": "cpu",
    "JAX_ENABLE_X64": "1",
    "PYTHONHASHSEED": "0",
}


def binaries():
    """Builds the command line and the benches that the parts call; CARGO_ARGS has further arguments for cargo."""
    extra = os.environ.get("CARGO_ARGS", "").split()

    def build(*arguments):
        command = ["cargo", *arguments, "--message-format=json", "--quiet", *extra]
        lines = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True, text=True).stdout.splitlines()
        found = [json.loads(line) for line in lines if line.startswith("{")]
        return {f["target"]["name"]: f["executable"] for f in found if f.get("executable")}

    return {**build("build", "--release", "--bin", "indicial"), **build("bench", "--no-run", "--bench", "derive", "--bench", "evaluate")}


def measured_by(binary, cases):
    """What a bench of the engine prints of these cases, on the core that the peers have."""
    path = pathlib.Path(os.environ.get("TMPDIR", "/tmp")) / f"peers-{os.getpid()}.jsonl"
    path.write_text("".join(json.dumps(case) + "\n" for case in cases))
    try:
        out = subprocess.run([binary, "--cases", str(path)], stdout=subprocess.PIPE, check=True, text=True, preexec_fn=on_one_core)
    finally:
        path.unlink()
    return [json.loads(line) for line in out.stdout.splitlines()]


def on_one_core():
    """Keeps the process on the last core that it may use, where that can be said."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


class Peer:
    """A peer in a process of its own, which answers one line of JSON with another, on one thread."""

    def __init__(self, module, *arguments):
        self.command = [sys.executable, str(HERE / f"{module}.py"), *arguments]
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, **ONE_THREAD}, preexec_fn=on_one_core
        )
        self.versions = self.read()

    def read(self):
        line = self.process.stdout.readline()
        return json.loads(line) if line else {"error": "the process ended"}

    def ask(self, **request):
        if self.process.poll() is not None:
            self.start()
        if "missing" in self.versions:
            return {"error": "not installed"}
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return self.read()

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def serve(versions, answer):
    """The other side of `Peer`: says the versions, then answers each line; an error is an answer too."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    print(json.dumps(versions), file=out, flush=True)
    for line in sys.stdin:
        try:
            reply = answer(json.loads(line))
        except MemoryError:
            reply = {"error": "out of memory"}
        except Exception as e:
            reply = {"error": f"{type(e).__name__}: {e}"[:300]}
        print(json.dumps(reply), file=out, flush=True)


def fastest(work, seconds, runs=3):
    """The fastest of as many runs as there is time for, and of at least so many unless they are long. The first does not count."""
    start = time.perf_counter()
    work()
    runs = 1 if time.perf_counter() - start > 2 else runs
    best, end = float("inf"), time.perf_counter() + seconds
    while runs > 0 or time.perf_counter() < end:
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
        runs -= 1
    return best


def central_differences(f, x, step):
    """The derivative of f at the array x, its axes last, by central differences of fourth order."""
    import numpy as np

    columns = []
    for at in np.ndindex(x.shape):
        moved = lambda by: f(_moved(x, at, by))
        columns.append((8*(moved(step) - moved(-step)) - (moved(2*step) - moved(-2*step)))/(12*step))
    return np.stack(columns, axis=-1).reshape(np.shape(columns[0]) + x.shape)


def _moved(x, at, by):
    y = x.copy()
    y[at] += by
    return y


def machine(*peers):
    """The machine and what runs on it, in a sentence or two."""
    cpu = platform.processor() or platform.machine()
    if os.path.exists("/proc/cpuinfo"):
        info = open("/proc/cpuinfo").read()
        models = re.findall(r"model name\s*: (.*)", info)
        cpu = models[0] if models else cpu
        flags = re.findall(r"flags\s*: (.*)", info)
        cpu += " with " + next((f.upper() for f in ("avx512f", "avx2", "sse2") if flags and f in flags[0].split()), "no known vector unit")
    rustc = subprocess.run(["rustc", "--version"], stdout=subprocess.PIPE, text=True, check=False).stdout.split()
    versions = {"Rust": rustc[1] if len(rustc) > 1 else "?", "Python": platform.python_version()}
    for peer in peers:
        versions.update(peer.versions.get("versions", {}))
    load = os.getloadavg()[0]
    return (
        f"{cpu}, {os.cpu_count()} cores, {platform.machine()}; "
        + ", ".join(f"{name} {version}" for name, version in versions.items())
        + f". {time.strftime('%Y-%m-%d')}; load average at the end {load:.1f}, of which 1 is this run."
    )


def milliseconds(seconds):
    return f"{seconds*1e3:.3g}" if seconds < 0.1 else f"{seconds*1e3:,.0f}"


def ratio(value):
    return f"{value:.2f}" if value < 10 else f"{value:,.0f}"


def median(values):
    ordered = sorted(values)
    middle = len(ordered)//2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle])/2


def table(header, rows, right=()):
    lines = [header, ["---:" if i in right else "---" for i in range(len(header))], *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def put(name, text, path=HERE/"README.md"):
    """Writes a part of a document between its markers."""
    old = path.read_text()
    start, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    before, rest = old.split(start)
    path.write_text(before + start + text.rstrip() + "\n" + end + rest.split(end)[1])
