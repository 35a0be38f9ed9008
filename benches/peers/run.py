#!/usr/bin/env python3
"""Runs the comparison, or the parts that are named, and writes the tables into README.md.

    benches/peers/setup.sh                                  once: the peers, in an environment of their own
    target/peers/bin/python benches/peers/run.py            all
    target/peers/bin/python benches/peers/run.py derive     one part: derive, evaluate or contractions
"""

import sys
import time

import contractions
import derive
import evaluate
from common import ROOT, binaries, machine, put

PARTS = {"derive": derive, "evaluate": evaluate, "contractions": contractions}


def main():
    names = sys.argv[1:] or list(PARTS)
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        sys.exit(f"no part {unknown[0]}; there are {', '.join(PARTS)}")
    programs, peers, start = binaries(), [], time.monotonic()
    for name in names:
        began = time.monotonic()
        peers += PARTS[name].run(programs)
        print(f"{name}: {time.monotonic() - began:.0f} s", flush=True)
    if names == list(PARTS):
        minutes = (time.monotonic() - start)/60
        put("machine", machine(*peers) + f" The whole takes {minutes:.0f} minutes after building.")
    print(f"the tables are in {(ROOT/'benches/peers/README.md').relative_to(ROOT)}")


if __name__ == "__main__":
    main()
