#!/usr/bin/env python3
"""How long the Jupyter kernel takes: from its start to its first answer, and from a cell to its reply, over Jupyter's own client.

    tests/notebook/setup.sh
    cargo build --release --example jupyter_kernel
    target/notebook/venv/bin/python benches/notebook.py target/release/examples/jupyter_kernel
"""

import statistics
import subprocess
import sys
import tempfile
import time

from jupyter_client import KernelManager
from jupyter_client.kernelspec import KernelSpecManager

WAIT = 60
STARTS, ROUNDS = 10, 200


def milliseconds(work):
    begun = time.perf_counter()
    outcome = work()
    return 1e3 * (time.perf_counter() - begun), outcome


def first_answer(specs):
    manager = KernelManager(kernel_name="indicial", kernel_spec_manager=specs)
    manager.start_kernel()
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=WAIT)
    client.execute("diff(norm2(A*x - b)^2, x)", reply=True, timeout=WAIT)
    return manager, client


def main():
    with tempfile.TemporaryDirectory() as prefix:
        subprocess.run([sys.argv[1], "install", "--prefix", prefix], check=True, stdout=subprocess.DEVNULL)
        specs = KernelSpecManager(kernel_dirs=[f"{prefix}/share/jupyter/kernels"])
        starts = []
        for _ in range(STARTS):
            taken, (manager, client) = milliseconds(lambda: first_answer(specs))
            starts.append(taken)
            rounds = [] if len(starts) == STARTS else None
            if rounds is not None:
                for n in range(ROUNDS):
                    rounds.append(milliseconds(lambda: client.execute(f"diff({n + 2}*norm2(A*x - b)^2, x)", reply=True, timeout=WAIT))[0])
            client.stop_channels()
            manager.shutdown_kernel(now=True)
    print(f"start to first answer: median {statistics.median(starts):.0f} ms, fastest {min(starts):.0f} ms of {STARTS}")
    print(f"a cell's round trip: median {statistics.median(rounds):.1f} ms, fastest {min(rounds):.1f} ms of {ROUNDS}")


if __name__ == "__main__":
    main()
