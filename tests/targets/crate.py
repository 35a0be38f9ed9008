"""Computes what the sources of jobs define in Rust: one crate, each source a module of its own."""
import os
import json
import pathlib
import re
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
MANIFEST = """[package]
name = "emitted"
version = "0.0.0"
edition = "2024"

[workspace]

[dependencies]
ndarray = "0.17"
libm = "0.2"
nalgebra = { version = "0.34", default-features = false, features = ["std"] }

[profile.dev]
opt-level = 0
debug = false
"""
SHOW = """
trait Show { fn show(&self) -> String; }
impl Show for f64 { fn show(&self) -> String { format!("[] {self:e}") } }
impl<D: ndarray::Dimension> Show for ndarray::Array<f64, D> {
    fn show(&self) -> String {
        let numbers: Vec<String> = self.iter().map(|x| format!("{x:e}")).collect();
        format!("{:?} {}", self.shape(), numbers.join(" "))
    }
}
fn line(f: impl Fn() -> String + std::panic::UnwindSafe) {
    match std::panic::catch_unwind(f) {
        Ok(text) => println!("{text}"),
        Err(e) => println!("error {}", e.downcast_ref::<String>().cloned().unwrap_or_default().replace('\\n', " ")),
    }
}
"""


def literal(value):
    """A view of an array of numbers."""
    shape, v = [], value
    while isinstance(v, list):
        shape.append(len(v))
        v = v[0]
    numbers = ", ".join(f"{x!r}_f64" for x in map(float, flat(value)))
    if not shape:
        return numbers
    shape = f"({', '.join(map(str, shape))})" if len(shape) > 1 else str(shape[0])
    return f"ndarray::ArrayView::from_shape({shape}, &[{numbers}]).unwrap()"


def flat(value):
    return [x for v in value for x in flat(v)] if isinstance(value, list) else [value]


def parameters(source, name):
    text = re.search(rf"pub fn {name}\((.*?)\) -> ", source).group(1)
    return [p.split(":")[0].strip() for p in text.split(", ") if p]


def nested(numbers, shape):
    if not shape:
        return numbers[0]
    step = len(numbers) // shape[0]
    return [nested(numbers[k * step : (k + 1) * step], shape[1:]) for k in range(shape[0])]


def run(jobs, folder, build):
    source = folder / "src"
    source.mkdir(parents=True, exist_ok=True)
    (folder / "Cargo.toml").write_text(MANIFEST)
    shutil.copy(ROOT / "Cargo.lock", folder / "Cargo.lock")
    modules, calls = [], []
    for k, job in enumerate(jobs):
        (source / f"case_{k}.rs").write_text(job["source"])
        modules.append(f"#[allow(dead_code)]\nmod case_{k};")
        calls.append(f"fn run_{k}() {{")
        for point in job["points"]:
            for name in point["want"]:
                values = []
                for p in parameters(job["source"], name):
                    key = next(q for q in (p, p.rstrip("_")) if q in point["inputs"] or q in job["dims"])
                    values.append(literal(point["inputs"][key]) if key in point["inputs"] else str(job["dims"][key]))
                calls.append(f"    line(|| case_{k}::{name}({', '.join(values)}).show());")
        calls.append("}")
    main = "\n".join(f"    run_{k}();" for k in range(len(jobs)))
    quiet = "    std::panic::set_hook(Box::new(|_| {}));\n"
    (source / "main.rs").write_text("\n".join([*modules, SHOW, *calls, f"fn main() {{\n{quiet}{main}\n}}\n"]))
    environment = dict(os.environ, CARGO_TARGET_DIR=str(build))
    p = subprocess.run(["cargo", "build", "--quiet", "--offline"], cwd=folder, env=environment, capture_output=True, text=True)
    if p.returncode:
        return failed(jobs, p.stderr)
    p = subprocess.run([build / "debug" / "emitted"], capture_output=True, text=True, check=True)
    lines = iter(p.stdout.splitlines())
    return [[read(lines, list(point["want"])) for point in job["points"]] for job in jobs]


def failed(jobs, errors):
    """What does not compile fails all: the messages, by the module in which they arose."""
    by_case = {}
    for message in re.split(r"\n(?=error)", errors):
        for k in re.findall(r"src/case_(\d+)\.rs", message)[:1]:
            by_case.setdefault(int(k), message[:300].replace("\n", " "))
    rest = "did not compile: " + (errors[:1500] if not by_case else "another case does not")
    return [[by_case.get(k, rest)] * len(job["points"]) for k, job in enumerate(jobs)]


def read(lines, names):
    got = {}
    for name in names:
        line = next(lines)
        if line.startswith("error"):
            got[name] = line
            continue
        shape, _, numbers = line.partition("]")
        got[name] = nested([float(x) for x in numbers.split()], json.loads(shape + "]"))
    errors = [v for v in got.values() if isinstance(v, str)]
    return errors[0] if errors else got
