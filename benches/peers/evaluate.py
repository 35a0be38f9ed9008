"""Part (b): values, gradients and Hessians of three models, by the engine's evaluator, the code it writes, and what people use."""

import subprocess

from common import Peer, measured_by, milliseconds, put, ratio, table
from models import MODELS

ORDER = {"value": 0, "gradient": 1, "hessian": 2, "compressed hessian": 2}
EMITTED = {"emitted": "numpy", "emitted JAX": "jax", "emitted PyTorch": "torch"}
COLUMNS = ["by hand", "evaluator", *EMITTED, "JAX", "PyTorch"]
ROUNDS = 2
# whoever takes longer than this at one size, in seconds, is not asked for the next
PATIENCE = 3.0


def run(programs):
    peers = {"by hand": Peer("peer_arrays", "numpy"), **{name: Peer("peer_arrays", f"emitted_{f}") for name, f in EMITTED.items()}}
    peers |= {"JAX": Peer("peer_arrays", "jax"), "PyTorch": Peer("peer_arrays", "torch")}
    rows = []
    for case in cases():
        rows.append(measured(programs, peers, *case, patient(rows, *case)))
    put("evaluate", summary(rows) + "\n\n" + report(rows) + "\n\n" + remarks(rows))
    for peer in peers.values():
        peer.close()
    return list(peers.values())


def cases():
    for name, model in MODELS.items():
        for sizes in model.get("sizes", []):
            for what in ORDER:
                if what in model:
                    yield name, what, sizes


def patient(rows, name, what, _):
    """Who is asked: all that were not too slow by the size before."""
    before = [row for row in rows if (row["model"], row["what"]) == (name, what)]
    late = lambda peer: before and before[-1]["times"].get(peer, PATIENCE + 1) > PATIENCE
    return [peer for peer in COLUMNS if not late(peer)] if not what.startswith("compressed") else ["by hand", "evaluator", *EMITTED]


def measured(programs, peers, name, what, sizes, asked):
    """The fastest time of each, in turns, so that what disturbs one disturbs the others too."""
    model, times, prints = MODELS[name], {}, {}
    wrt = [model["wrt"]]*ORDER[what]
    case = {"name": what, "expr": model["expr"], "var": model["var"], "wrt": wrt, "sizes": sizes, "compressed": what.startswith("compressed")}
    sources = {name: python(programs["indicial"], model, wrt, library) for name, library in EMITTED.items()}
    function = "core" if case["compressed"] else "derivative" if wrt else "value"
    for turn in range(ROUNDS):
        for peer in asked:
            # what takes seconds is not disturbed by much
            if turn > 0 and times.get(peer, 0) > 1:
                continue
            if peer == "evaluator":
                reply = measured_by(programs["evaluate"], [case])[0]
            else:
                reply = peers[peer].ask(model=name, what=what, sizes=sizes, source=sources.get(peer), function=function)
            times[peer] = min(times.get(peer, float("inf")), reply.get("seconds", float("inf")))
            prints[peer] = reply.get("print", reply.get("error"))
    return {"model": name, "what": what, "sizes": sizes, "times": times, "prints": prints}


def python(binary, model, wrt, library):
    """The Python that the engine writes for one of the libraries."""
    verb = ["diff", model["expr"], *sum((["--wrt", x] for x in wrt), [])] if wrt else ["simplify", model["expr"]]
    arguments = [binary, *verb, "--var", model["var"], "--format", library]
    return subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True).stdout


def report(rows):
    lines = []
    for row in rows:
        times, hand = row["times"], row["times"]["by hand"]
        cells = [row["model"], row["what"], row["sizes"]["n"], milliseconds(hand)]
        for peer in COLUMNS[1:]:
            cells.append(cell(row, peer, hand))
        lines.append(cells)
    head = ["", "", "n", "NumPy by hand, ms", *(f"{c}, ratio" for c in COLUMNS[1:])]
    return table(head, lines, right=range(2, len(head)))


def cell(row, peer, hand):
    if peer not in row["times"]:
        return "" if row["what"].startswith("compressed") else "not asked"
    if row["times"][peer] == float("inf"):
        return str(row["prints"][peer])[:40]
    return ratio(row["times"][peer]/hand) + ("" if agrees(row, peer) else ", other values")


def agrees(row, peer):
    """Whether the numbers are those of NumPy by hand; the evaluator's bench has inputs of its own."""
    mine, other = row["prints"]["by hand"], row["prints"].get(peer)
    return not isinstance(other, float) or abs(mine - other) <= 1e-6*max(1.0, abs(mine))


def summary(rows):
    """How often each keeps within 1.3 times NumPy by hand, and its worst."""
    lines = []
    for peer in COLUMNS[1:]:
        for label, chosen in (("all", rows), ("n at least 256", [r for r in rows if r["sizes"]["n"] >= 256]), ("Hessians", [r for r in rows if r["what"] == "hessian"])):
            ratios = [(r["times"][peer]/r["times"]["by hand"], r) for r in chosen if r["times"].get(peer, float("inf")) < float("inf")]
            if ratios:
                worst, row = max(ratios, key=lambda found: found[0])
                within = sum(value <= 1.3 for value, _ in ratios)
                lines.append([peer, label, f"{within} of {len(ratios)}", ratio(worst), f"{row['model']}, {row['what']}, n = {row['sizes']['n']}"])
    return table(["", "", "at most 1.3 times NumPy by hand", "largest ratio", "where"], lines, right=(2, 3))


def remarks(rows):
    """The compressed Hessian against the full one of JAX and PyTorch."""
    lines = []
    for row in rows:
        if not row["what"].startswith("compressed"):
            continue
        full = next(r for r in rows if r["what"] == "hessian" and r["model"] == row["model"] and r["sizes"] == row["sizes"])
        found = [f"{name} {full['times'][name]/row['times']['evaluator']:,.0f}" for name in ("JAX", "PyTorch") if full["times"].get(name, float("inf")) < float("inf")]
        if found:
            lines.append(f"n = {row['sizes']['n']}: " + ", ".join(found) + " times")
    return "The full Hessian of matrix factorisation against the evaluator's compressed one: " + ("; ".join(lines) or "not measured") + "."
