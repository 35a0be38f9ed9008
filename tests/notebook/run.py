"""Drives the Jupyter kernel by Jupyter's own client, and runs the notebooks: run.py KERNEL INDICIAL [--update]

With --update the notebooks are stored with what they print now. Exit code 3: the client is not installed.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

try:
    import nbformat
    from jupyter_client import BlockingKernelClient, KernelManager
    from jupyter_client.kernelspec import KernelSpecManager
    from nbclient import NotebookClient
    import ipykernel
except ImportError:
    sys.exit(3)

ROOT = Path(__file__).resolve().parents[2]
WAIT = 120
# Minutes of work for any machine: some hundreds of derivatives, of which none is another's.
DERIVATIVE = "diff(" * 5 + "sin(tanh(exp(sin({}*t))))" + ", t)" * 5
LONG = "t : scalar\n" + "\n".join(f"long{n} = " + DERIVATIVE.format(n) for n in range(2, 1000))


def start():
    """A kernel that is ready, and a client of it. The kernel is found by its specification, as Jupyter finds it."""
    manager = KernelManager(kernel_name="indicial", kernel_spec_manager=SPECS)
    manager.start_kernel()
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=WAIT)
    return manager, client


def run(client, cell, **options):
    """The reply to a cell and its outputs."""
    outputs = []
    reply = client.execute_interactive(cell, output_hook=outputs.append, timeout=WAIT, **options)
    return reply["content"], [o for o in outputs if o["msg_type"] not in ("status", "execute_input", "stream")]


def result(client, cell):
    """What the last output of a cell is, as plain text."""
    reply, outputs = run(client, cell)
    assert reply["status"] == "ok", reply
    return outputs[-1]["content"]["data"]["text/plain"]


def is_complete(client, cell):
    return client._recv_reply(client.is_complete(cell), timeout=WAIT)["content"]["status"]


def test_cells(manager, client):
    info = client.kernel_info(reply=True, timeout=WAIT)["content"]
    assert info["implementation"] == "indicial" and info["protocol_version"].startswith("5."), info
    reply, outputs = run(client, "A : matrix(m, n); x : vector(n); b : vector(m)\nf = norm2(A*x - b)^2\ng = diff(f, x)")
    assert reply["status"] == "ok" and reply["execution_count"] == 1, reply
    assert [o["msg_type"] for o in outputs] == ["display_data", "execute_result"], outputs
    data = outputs[-1]["content"]["data"]
    assert data["text/plain"] == "g = 2*A'*(A*x - b)", data
    assert data["text/latex"].startswith("$$") and r"A^\top" in data["text/latex"], data
    assert data["application/vnd.indicial+json"]["shape"] == ["n"], data
    assert result(client, "check g == 2*(A'*A*x - A'*b)").startswith("equal")
    assert "<details" in run(client, "explain g")[1][-1]["content"]["data"]["text/html"]
    assert run(client, "x : vector(n)")[1] == []
    assert run(client, "g", silent=True, store_history=False)[1] == []


def test_errors(manager, client):
    reply, outputs = run(client, "y : vector(n)\ny*y")
    assert reply["status"] == "error" and reply["ename"] == "shape", reply
    drawn = "\n".join(outputs[-1]["content"]["traceback"])
    assert "cell:2:1" in drawn and "did you mean" in drawn, drawn
    assert result(client, "y'*y") == "norm2(y)^2"


def test_help(manager, client):
    run(client, "loss = norm2(w)^2")
    found = client.complete("ü + los", reply=True, timeout=WAIT)["content"]
    assert (found["matches"], found["cursor_start"], found["cursor_end"]) == (["loss"], 4, 7), found
    seen = client.inspect("logdet(X)", 3, reply=True, timeout=WAIT)["content"]
    assert seen["found"] and "logdet" in seen["data"]["text/plain"], seen
    assert not client.inspect("???", 1, reply=True, timeout=WAIT)["content"]["found"]
    assert is_complete(client, "sum(") == "incomplete"
    assert is_complete(client, "sum(x)") == "complete"
    for options in [{"hist_access_type": "tail", "n": 1}, {"hist_access_type": "search", "pattern": "loss*", "unique": False, "n": 1}]:
        history = client.history(raw=True, output=False, reply=True, timeout=WAIT, **options)["content"]["history"]
        assert history[-1][2] == "loss = norm2(w)^2", history


def test_malformed(manager, client):
    """What is no message, or not signed, or of an unknown type, is passed over."""
    session, socket = client.session, client.shell_channel.socket
    good = session.serialize(session.msg("kernel_info_request", {}))
    bad = [
        [b"nothing"],
        [b"<IDS|MSG>"],
        [b"<IDS|MSG>", b"", b"{}", b"{}", b"{}", b"{}"],
        [b"<IDS|MSG>", b"zz", *good[-4:]],
        [b"<IDS|MSG>", b"0" * 64, *good[-4:]],
        [*good[:-1], b"{"],
        [b"<IDS|MSG>", session.sign([b"1", b"2", b"3", b"\xff"]), b"1", b"2", b"3", b"\xff"],
        session.serialize(session.msg("execute_request", {"code": 7})),
        session.serialize(session.msg("no_such_request", {"code": "x"})),
        session.serialize(session.msg("comm_open", {})),
        session.serialize(session.msg("execute_reply", {})),
    ]
    for parts in bad:
        socket.send_multipart(parts)
        client.control_channel.socket.send_multipart(parts)
    assert result(client, "1 + 2") == "3"
    assert client.kernel_info(reply=True, timeout=WAIT)["content"]["status"] == "ok"


def test_interrupt(manager, client):
    """A long computation ends at once, and what was known before is kept."""
    run(client, "kept = norm2(w)^2")
    asked = client.execute(LONG)
    wait_for_progress(client, asked)
    manager.interrupt_kernel()
    reply = client._recv_reply(asked, timeout=WAIT)["content"]
    assert reply["status"] == "error" and reply["ename"] == "interrupt", reply
    assert result(client, "kept").startswith("norm2(w)^2")
    # An interrupt while nothing runs is no harm.
    message = client.session.msg("interrupt_request", {})
    client.control_channel.send(message)
    assert client._recv_reply(message["header"]["msg_id"], channel="control", timeout=WAIT)["content"]["status"] == "ok"
    assert result(client, "1 + 1") == "2"


def wait_for_progress(client, asked):
    """Until the line that says how long it has taken, which comes after a second. A fast machine shows some derivatives before."""
    while True:
        message = client.get_iopub_msg(timeout=WAIT)
        if message["parent_header"].get("msg_id") == asked and message["msg_type"] == "stream":
            return
        state = message["content"].get("execution_state")
        assert not (state == "idle" and message["parent_header"].get("msg_id") == asked), "the long computation is short"


def test_two_clients(manager, client):
    other = BlockingKernelClient(connection_file=manager.connection_file)
    other.load_connection_file()
    other.start_channels()
    other.wait_for_ready(timeout=WAIT)
    asked = [(c, c.execute(f"{name} = {n}*norm2(w)^2")) for n in range(2, 6) for c, name in ((client, f"a{n}"), (other, f"b{n}"))]
    for c, request in asked:
        reply = c._recv_reply(request, timeout=WAIT)
        assert reply["content"]["status"] == "ok" and reply["parent_header"]["msg_id"] == request, reply
    assert result(other, "a5 + b5").startswith("10*norm2(w)^2")
    other.stop_channels()
    assert result(client, "b2").startswith("2*norm2(w)^2")


def test_queue(manager, client):
    """Cells that were sent together are not run after one that fails."""
    asked = [client.execute(cell) for cell in (LONG, "p2 = 2", "p3 = 3")]
    wait_for_progress(client, asked[0])
    manager.interrupt_kernel()
    replies = [client._recv_reply(request, timeout=WAIT)["content"]["status"] for request in asked]
    assert replies == ["error", "aborted", "aborted"], replies
    # What is sent after the failure is known is run.
    assert result(client, "1 + 2") == "3"


def test_restart(manager, client):
    run(client, "gone = 7")
    manager.restart_kernel(now=False)
    client.wait_for_ready(timeout=WAIT)
    assert result(client, "gone").startswith("gone\nassuming")


def test_shutdown(manager, client):
    """Nothing is left of a kernel that is asked to end, or killed, while it computes."""
    for now in (False, True):
        manager, client = start()
        processes = [manager.provisioner.pid, *children(manager.provisioner.pid)]
        wait_for_progress(client, client.execute(LONG))
        manager.shutdown_kernel(now=now)
        end = time.monotonic() + WAIT
        while any(map(is_running, processes)):
            assert time.monotonic() < end, processes
            time.sleep(0.02)


def children(pid):
    """The processes that a process has started, where the system says."""
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in path.read_text().split()] if path.exists() else []


def is_running(pid):
    stat = Path(f"/proc/{pid}/stat")
    try:
        # One that has ended may wait for whoever started it to take notice.
        return stat.read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_magic(manager, client):
    """What the cell magic for Python returns: LaTeX, a function, a check that finds what is wrong."""
    sys.path.insert(0, str(ROOT / "python"))
    import indicial
    import numpy as np

    g = indicial.diff("norm2(A*x - b)^2", "x", "A: matrix(m, n); x: vector(n); b: vector(m)")
    at = dict(A=np.array([[1.0, 2.0], [3.0, 5.0], [7.0, 9.0]]), x=np.array([1.0, -2.0]), b=np.array([1.0, 0.0, 2.0]))
    assert g.text == "2*A'*(A*x - b)" and g._repr_latex_() == r"$\displaystyle 2 A^\top \left(A x - b\right)$", g._repr_latex_()
    assert np.allclose(g.numpy(**at), 2*at["A"].T @ (at["A"] @ at["x"] - at["b"]))
    assert g.check(**at) < 1e-6
    wrong = indicial.Answer({**g.json, "numpy": g.json["numpy"].replace("A.T @", "-A.T @")})
    assert raises(AssertionError, lambda: wrong.check(**at)).startswith("2*A'*(A*x - b) differs from central differences by 2")
    s = np.array([[4.0, 1.0], [1.0, 3.0]])
    assert indicial.diff("logdet(S) + x'*inv(S)*x", "S", "S: posdef(n); x: vector(n)").check(S=s, x=at["x"]) < 1e-6
    assert "both are columns" in raises(indicial.IndicialError, lambda: indicial.diff("x*x", "x", "x: vector(n)"))
    assert not indicial.check("diff(x'*A*x, x)", "2*A*x") and indicial.check("tr(A*B)", "tr(B*A)")
    names = {}
    last = indicial.indicial("x: vector(n)", "f = x'*x\ng = diff(f, x)\n# a remark\ndiff(g, x)", names)
    assert (names["f"].text, names["g"].text, last.text) == ("norm2(x)^2", "2*x", "2*eye(n)"), (names, last)
    path = os.environ.pop("INDICIAL")
    os.environ["INDICIAL"] = "no-such-program"
    assert "is not on the path" in raises(indicial.IndicialError, lambda: indicial.simplify("x"))
    os.environ["INDICIAL"] = path


def raises(kind, work):
    """The text of the error that this raises."""
    try:
        work()
    except kind as error:
        return str(error)
    raise AssertionError(f"no {kind.__name__}")


def settled(cell):
    """A cell with its outputs as they are stored: what is printed in one piece, whatever pieces it came in; no times; no JSON, which says
    the same once more, and has code that tests of its own look at."""
    cell.metadata.pop("execution", None)
    if cell.cell_type != "code":
        return cell
    printed = "".join(o.text for o in cell.outputs if o.output_type == "stream" and o.name == "stdout")
    cell.outputs = [o for o in cell.outputs if o.output_type != "stream"]
    for output in cell.outputs:
        output.get("data", {}).pop("application/vnd.indicial+json", None)
    if printed:
        cell.outputs.insert(0, nbformat.v4.new_output("stream", name="stdout", text=printed))
    return cell


def forms(cell):
    """The outputs of a cell by form. Errors of verification have digits that depend on the machine's rounding."""
    form = lambda text: re.sub(r"largest relative error [0-9.e+-]+", "largest relative error", str(text))
    return [{name: form(text) for name, text in (o.get("data") or {o.output_type: o.get("text", o.get("traceback"))}).items()} for o in cell.outputs]


def notebook(path, update):
    """Runs a notebook and compares its outputs with those that it holds."""
    stored = nbformat.read(path, as_version=4)
    fresh = nbformat.read(path, as_version=4)
    client = NotebookClient(fresh, timeout=WAIT, resources={"metadata": {"path": str(ROOT / "notebooks")}})
    client.create_kernel_manager()
    client.km.kernel_spec_manager = SPECS
    client.execute()
    fresh.cells = [settled(cell) for cell in fresh.cells]
    if update:
        nbformat.write(fresh, path)
        return
    for old, new in zip(stored.cells, fresh.cells, strict=True):
        if new.cell_type == "code":
            before, now = forms(old), forms(new)
            wrong = [(b, n) for b, n in zip(before, now) if b != n]
            wrong = [(name, b.get(name), n.get(name)) for b, n in wrong for name in {**b, **n} if b.get(name) != n.get(name)]
            wrong = "\n".join(f"{name}\nstored: {b}\nnow:    {n}" for name, b, n in wrong) or f"{len(before)} outputs, now {len(now)}"
            assert before == now, f"{path.name}: {new.source}\n{wrong}"


def main():
    kernel, binary = sys.argv[1:3]
    update = "--update" in sys.argv
    # The magic calls the command line.
    os.environ["INDICIAL"] = binary
    os.environ["PYTHONPATH"] = str(ROOT / "python")
    with tempfile.TemporaryDirectory() as prefix:
        global SPECS
        subprocess.run([kernel, "install", "--prefix", prefix], check=True, stdout=subprocess.DEVNULL)
        SPECS = KernelSpecManager(kernel_dirs=[f"{prefix}/share/jupyter/kernels", f"{sys.prefix}/share/jupyter/kernels"])
        manager, client = start()
        for name, test in list(globals().items()):
            if name.startswith("test_"):
                test(manager, client)
                print(f"test {name} ... ok", flush=True)
        manager.shutdown_kernel()
        for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
            notebook(path, update)
            print(f"test {path.name} ... ok", flush=True)


if __name__ == "__main__":
    main()
