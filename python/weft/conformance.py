# weft/conformance.py - What runners over collections of ONNX files share
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# Compiling with the outcome in one line, the inputs that must be bound at
# compile time, which tests count, and tables of outcomes.

import filecmp
import re
import subprocess

import onnx

from weft.tools import tool

# Operands whose value decides a shape, an axis or a count, by operator.
DECIDING = {
    "AffineGrid": [1], "BlackmanWindow": [0], "CenterCropPad": [1], "Col2Im": [1, 2],
    "Compress": [1], "ConstantOfShape": [0], "CumProd": [1], "CumSum": [1], "DFT": [1, 2],
    "Expand": [1], "HammingWindow": [0], "HannWindow": [0], "If": [0], "Loop": [0, 1],
    "MaxUnpool": [2], "MelWeightMatrix": [0, 1, 2, 3, 4], "NonMaxSuppression": [0, 1, 2, 3, 4],
    "NonZero": [0], "OneHot": [1], "Pad": [1, 3], "Range": [0, 1, 2], "ReduceL1": [1],
    "ReduceL2": [1], "ReduceLogSum": [1], "ReduceLogSumExp": [1], "ReduceMax": [1],
    "ReduceMean": [1], "ReduceMin": [1], "ReduceProd": [1], "ReduceSum": [1],
    "ReduceSumSquare": [1], "Reshape": [1], "Resize": [1, 2, 3], "Slice": [1, 2, 3, 4],
    "Split": [1], "SplitToSequence": [1], "SequenceAt": [1], "SequenceErase": [1],
    "SequenceInsert": [2], "Squeeze": [1], "STFT": [1, 3], "Tile": [1], "TopK": [1],
    "Trilu": [1], "Unique": [0], "Unsqueeze": [1], "Upsample": [1],
}
# Element types that count: f32, f16, bool and the integers of 8 to 64 bits.
COUNTED = {onnx.TensorProto.DataType.Value(t) for t in
           ("FLOAT", "FLOAT16", "BOOL", "INT8", "INT16", "INT32", "INT64", "UINT8",
            "UINT16", "UINT32", "UINT64")}
# The newest opset of ai.onnx that ONNX Runtime 1.30 runs.
NEWEST_OPSET = 26


def bound_names(model):
    """Graph inputs whose value reaches a deciding operand, through any nodes."""
    graph = model.graph
    inputs = {i.name for i in graph.input} - {t.name for t in graph.initializer}
    maker = {o: n for n in graph.node for o in n.output}
    todo = [n.input[p] for n in graph.node for p in DECIDING.get(n.op_type, [])
            if p < len(n.input)]
    seen, bound = set(), set()
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        if name in inputs:
            bound.add(name)
        elif name in maker and maker[name].op_type not in ("Shape", "Size"):
            todo += maker[name].input
    return bound


def dim_options(model, files):
    """`--dim` for the symbolic dimensions of inputs, as the data says."""
    dims = {}
    for value in model.graph.input:
        if value.name in files and value.type.HasField("tensor_type"):
            tensor = onnx.TensorProto()
            with open(files[value.name], "rb") as f:
                tensor.ParseFromString(f.read())
            for dim, extent in zip(value.type.tensor_type.shape.dim, tensor.dims):
                if dim.dim_param.isidentifier():
                    dims.setdefault(dim.dim_param, extent)
    return [f"--dim={name}={extent}" for name, extent in dims.items()]


def opset(model):
    return max([o.version for o in model.opset_import if o.domain in ("", "ai.onnx")],
               default=0)


def element_types(model):
    """Of inputs and outputs; 0 for what is no tensor."""
    for value in [*model.graph.input, *model.graph.output]:
        kind = value.type
        yield kind.tensor_type.elem_type if kind.HasField("tensor_type") else 0


def is_eligible(model):
    """Does a test count for the shares of the summary?"""
    domains = {o.domain for o in model.opset_import}
    return (set(element_types(model)) <= COUNTED and opset(model) <= NEWEST_OPSET
            and "ai.onnx.preview.training" not in domains)


class Done:
    def __init__(self, returncode, text):
        self.returncode, self.text = returncode, text


class Tools:
    def __init__(self, timeout=600):
        self.timeout = timeout

    def run(self, words):
        try:
            r = subprocess.run([tool(words[0]), *words[1:]], capture_output=True, text=True,
                               stdin=subprocess.DEVNULL, timeout=self.timeout)
        except subprocess.TimeoutExpired:
            return Done(124, f"no end within {self.timeout} s")
        return Done(r.returncode, (r.stdout + r.stderr).strip())

    def compile(self, path, binary, options):
        """`pass`, `refused at import: ...`, `refused after import: ...`, `WRONG ...`."""
        done = self.run(["weftc", path, "-o", binary, *options])
        if done.returncode == 0:
            return "pass"
        if done.returncode != 1 or "nknown command line" in done.text:
            return f"WRONG weftc: {done.returncode}: {done.text[-300:]}"
        consts = [o for o in options if o.startswith(("--const", "--dim", "--weight"))]
        imported = self.run(["weftc", path, "--emit=nn", "-o", "-", *consts])
        place = "after" if imported.returncode == 0 else "at"
        return f"refused {place} import: {reason(done.text)}"

    def compare(self, words):
        """A run with `--expect`. Stored outputs that hold no more than the 1e-3 by
        which ONNX's own runner compares are said so."""
        done = self.run(words)
        if done.returncode == 2 and self.run([*words, "--rtol=1e-3"]).returncode == 0:
            return "pass within 1e-3"
        return "pass" if done.returncode == 0 else \
            f"WRONG weft-run: {done.returncode}: {done.text[-300:]}"

    def agrees(self, path, binary, options, result):
        """What `--check` or a second compilation says otherwise; '' if nothing."""
        check = self.run(["weftc", "--check", path, *options])
        if (check.returncode == 0) != (result == "pass"):
            return f"WRONG --check: {check.returncode}, but compiling gave '{result}'"
        if result == "pass":
            again = binary + ".again"
            self.run(["weftc", path, "-o", again, *options])
            if not filecmp.cmp(binary, again, shallow=False):
                return "WRONG two compilations differ"
        return ""


def reason(text):
    """The first error without its file."""
    first = next((l for l in text.splitlines() if "error: " in l), text.splitlines()[0])
    return re.sub(r"^.*?error: ", "", first).replace("\t", " ")


def read_table(path):
    """{key: (result, counts)}; empty if there is no file yet."""
    table = {}
    try:
        with open(path) as f:
            for line in f:
                if not line.startswith("#"):
                    key, counts, result = line.rstrip("\n").split("\t")
                    table[key] = (result, counts == "yes")
    except FileNotFoundError:
        pass
    return table


def write_table(path, table):
    with open(path, "w") as f:
        f.write("# test\tcounts\tresult\n")
        for key in sorted(table):
            result, counts = table[key]
            f.write(f"{key}\t{'yes' if counts else 'no'}\t{result}\n")


def summary(found):
    """One line per suite and one for all that count: imported and passed."""
    suites = {}
    for key, (result, counts) in found.items():
        for name in [key.split("/")[0]] + (["all that count"] if counts else []):
            row = suites.setdefault(name, [0, 0, 0])
            row[0] += 1
            row[1] += not result.startswith("refused at import")
            row[2] += result.startswith("pass")
    return "\n".join(f"{name}: {n} tests, {i} import ({100 * i / n:.1f} %), "
                     f"{p} pass ({100 * p / n:.1f} %)"
                     for name, (n, i, p) in sorted(suites.items()))
