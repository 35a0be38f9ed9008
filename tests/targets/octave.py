"""Computes what the sources of jobs define with Octave: one process for all, each source a file of its own."""
import json
import re
import subprocess

SCRIPT = """
more off; warning('off', 'all');
jobs = {%s};
out = fopen('results.txt', 'w');
for k = 1:numel(jobs)
  f = str2func(jobs{k}.name);
  for p = 1:numel(jobs{k}.points)
    try
      arguments = jobs{k}.points{p};
      results = cell(1, jobs{k}.results);
      [results{:}] = f(arguments{:});
      for r = 1:numel(results)
        fprintf(out, '%%s', mat2str(size(results{r})));
        fprintf(out, ' %%.17g', results{r});
        fprintf(out, '\\n');
      end
    catch e
      for r = 1:jobs{k}.results, fprintf(out, 'error %%s\\n', strrep(e.message, "\\n", ' ')); end
    end
  end
end
fclose(out);
"""


def matrix(value, kind):
    """A literal of Octave; the first axis of a nested list is the first axis of the array."""
    if not isinstance(value, list):
        return repr(float(value))
    if not isinstance(value[0], list):
        return f"[{', '.join(map(repr, map(float, value)))}]" + ("" if kind.startswith("row") else "'")
    if not isinstance(value[0][0], list):
        return "[" + "; ".join(", ".join(map(repr, map(float, row))) for row in value) + "]"
    return f"cat(1, {', '.join(f'reshape({matrix(v, kind)}, [1, {lengths(v)}])' for v in value)})"


def lengths(value):
    shape = []
    while isinstance(value, list):
        shape.append(len(value))
        value = value[0]
    return ", ".join(map(str, shape))


def parameters(source):
    return re.search(r"objective\((.*?)\)", source).group(1).replace(" ", "").split(",")


def nested(numbers, shape):
    """Nested lists from numbers of which the first axis runs fastest."""
    if not shape:
        return numbers[0]
    return [nested(numbers[k :: shape[0]], shape[1:]) for k in range(shape[0])]


def run(jobs, folder):
    described = []
    for k, job in enumerate(jobs):
        name = f"case_{k}"
        (folder / f"{name}.m").write_text(job["source"].replace("objective(", f"{name}(", 1))
        points = []
        for point in job["points"]:
            all_arguments, given = [], {**job["dims"], **point["inputs"]}
            for p in parameters(job["source"]):
                if not p:
                    continue
                key = next(q for q in spellings(p) if q in given)
                row = re.search(rf"^% {re.escape(p)}: 1 x", job["source"], re.M) is not None
                value = given.pop(key)
                all_arguments.append(matrix(value, "row" if row else ""))
            points.append("{" + ", ".join(all_arguments) + "}")
        results = len(job["points"][0]["want"])
        described.append(f"struct('name', '{name}', 'results', {results}, 'points', {{{{{', '.join(points)}}}}})")
    (folder / "main.m").write_text(SCRIPT % ", ...\n".join(described))
    p = subprocess.run(["octave-cli", "--no-init-file", "main.m"], cwd=folder, capture_output=True, text=True)
    if p.returncode and not (folder / "results.txt").exists():
        raise RuntimeError(p.stderr[-2000:])
    lines = iter((folder / "results.txt").read_text().splitlines())
    return [[read(lines, list(point["want"]), point["want"]) for point in job["points"]] for job in jobs]


def spellings(name):
    """What the name of an argument may have been: keywords get a `_`, and no name begins with one or has Greek letters."""
    greek = {"alpha": "α", "beta": "β", "gamma": "γ", "lambda": "λ", "mu": "μ", "sigma": "σ", "theta": "θ", "epsilon": "ε"}
    plain = name.rstrip("_")
    return [q for q in (name, plain, name.removeprefix("v"), greek.get(plain)) if q]


def read(lines, names, want):
    got = {}
    for name in names:
        line = next(lines)
        if line.startswith("error"):
            got[name] = line
            continue
        size, _, numbers = line.partition("]")
        size = [int(n) for n in size.strip("[").split()]
        numbers = [float(x) for x in numbers.split()]
        order, value = 0, want[name]
        while isinstance(value, list):
            order, value = order + 1, value[0]
        # A vector is a column or, where the answer is one, a row; trailing axes of length 1 are not kept.
        size = [max(size)] if order == 1 and min(size) == 1 else size + [1] * (order - len(size)) if order else []
        got[name] = nested(numbers, size)
    errors = [v for v in got.values() if isinstance(v, str)]
    return errors[0] if errors else got
