"""Part (c): eight einsum patterns by the engine's evaluator and by opt_einsum on NumPy, whose path is found beforehand."""

from common import Peer, measured_by, median, milliseconds, put, ratio, table
from models import PATTERNS, declared

ROUNDS = 4
PRODUCT = 512


def run(programs):
    peer = Peer("peer_arrays", "opt_einsum")
    best = {pattern: {"evaluator": float("inf"), "opt_einsum": float("inf")} for pattern, *_ in PATTERNS}
    rate, error = 0.0, None
    for _ in range(ROUNDS):
        product = peer.ask(model="product", what="product", sizes={"n": PRODUCT})
        rate = max(rate, 2*PRODUCT**3/product["seconds"]) if "seconds" in product else rate
        for pattern, expr, arrays, _, n, _, _ in PATTERNS:
            case = {"name": pattern, "expr": expr, "var": declared(arrays), "wrt": [], "sizes": {"n": n}}
            own = measured_by(programs["evaluate"], [case])[0]
            other = peer.ask(model=pattern, what="contract", sizes={"n": n})
            error = other.get("error", error)
            for name, reply in (("evaluator", own), ("opt_einsum", other)):
                best[pattern][name] = min(best[pattern][name], reply.get("seconds", float("inf")))
    put("contractions", report(best, rate, error))
    peer.close()
    return [peer]


def report(best, rate, error):
    lines, ratios, shares = [], [], []
    for pattern, _, _, _, n, (power, factor), product in PATTERNS:
        own, other = best[pattern]["evaluator"], best[pattern]["opt_einsum"]
        share = lambda seconds: f"{100*factor*n**power/seconds/rate:.0f} %" if product and rate and seconds < float("inf") else ""
        found = other < float("inf")
        ratios += [own/other] if found else []
        shares += [factor*n**power/own/rate] if product and rate else []
        lines.append([f"`{pattern}`", n, milliseconds(own), milliseconds(other) if found else error or "", ratio(own/other) if found else "", share(own), share(other)])
    head = ["", "n", "evaluator, ms", "opt_einsum, ms", "ratio", "share of the rate, evaluator", "opt_einsum"]
    text = table(head, lines, right=range(1, 7))
    if ratios:
        text += f"\n\nThe ratio is {ratio(median(ratios))} in the median and {ratio(max(ratios))} at most."
        text += f" NumPy multiplies two matrices with n = {PRODUCT} at {rate/1e9:.1f} Gflop/s on one thread."
        text += f" Where a pattern is one or two matrix products, the evaluator reaches at least {100*min(shares):.0f} % of that."
    return text
