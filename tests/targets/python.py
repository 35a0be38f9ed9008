"""python.py TARGET JOBS RESULTS: computes what the sources of the jobs define, with numpy, jax (traced) or torch."""
import inspect
import json
import sys
import warnings

import numpy as np

warnings.filterwarnings("ignore")
target, jobs, results = sys.argv[1:]

if target == "jax":
    import jax
    import jax.numpy as jnp
elif target == "torch":
    import torch


def argument(value):
    if target == "numpy":
        value = np.asarray(value, dtype=float)
        return float(value) if value.ndim == 0 else value
    if target == "jax":
        return jnp.asarray(value, dtype=float)
    return torch.tensor(value, dtype=torch.float64)


def arguments(function, inputs, dims):
    """By keyword, and which of them are lengths."""
    values, lengths = {}, []
    for name in inspect.signature(function).parameters:
        key = next(k for k in (name, name.rstrip("_")) if k in inputs or k in dims)
        if key in inputs:
            values[name] = argument(inputs[key])
        else:
            values[name] = dims[key]
            lengths.append(name)
    return values, lengths


def number(value):
    if target == "torch" and not (isinstance(value, torch.Tensor) and value.dtype == torch.float64):
        raise TypeError(f"the result is {type(value).__name__}, {getattr(value, 'dtype', None)}")
    if np.iscomplexobj(value):
        raise TypeError("the result is complex")
    return np.asarray(value, dtype=float).tolist()


def computed(job):
    space = {}
    try:
        exec(job["source"], space)
    except Exception as e:
        return [f"{type(e).__name__}: {e}"] * len(job["points"])
    points, traced = [], {}
    for point in job["points"]:
        try:
            got = {}
            for name in point["want"]:
                function = space[name]
                values, lengths = arguments(function, point["inputs"], job["dims"])
                if target == "jax":
                    function = traced.setdefault(name, jax.jit(function, static_argnames=lengths))
                got[name] = number(function(**values))
            points.append(got)
        except Exception as e:
            points.append(f"{type(e).__name__}: {e}")
    return points


with open(jobs) as f:
    all_jobs = json.load(f)
with open(results, "w") as f:
    json.dump([computed(job) for job in all_jobs], f)
