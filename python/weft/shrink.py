# weft/shrink.py - Reducing a failing graph to a small one
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# A failure has a reason (weft.conform). While the reason stays the same, outputs
# and nodes are dropped, values become inputs, nodes give way to one of their
# operands, sizes, grid and options shrink, numbers become plain. Values come
# from ONNX's reference implementation, so that ONNX Runtime is not needed.
#
#   small = shrink(model, samples, options, reason)

import dataclasses
import tempfile
import time

import numpy as np
import onnx
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from . import conform, onnxio

SMALL_GRIDS = ["1x1", "2x1", "1x2", "2x2", "3x1", "1x3", "3x2", "2x3", "3x3"]


@dataclasses.dataclass(frozen=True)
class Case:
    """Nodes in order, arrays of initializers and inputs by name, outputs."""

    nodes: tuple
    weights: dict
    inputs: dict
    outputs: tuple
    options: tuple
    opset: tuple
    ir: int

    @property
    def samples(self):
        return list(self.inputs.values())

    @property
    def model(self):
        """The model; inferred types are checked, outputs taken from a run."""
        values = self.values()
        info = {name: helper.make_tensor_value_info(
            name, onnxio.elem_type(v.dtype), list(v.shape))
            for name, v in [*self.inputs.items(), *((o, values[o]) for o in self.outputs)]}
        graph = helper.make_graph(
            list(self.nodes), "reduced", [info[n] for n in self.inputs],
            [info[n] for n in self.outputs],
            [numpy_helper.from_array(v, n) for n, v in self.weights.items()])
        model = helper.make_model(
            graph, producer_name="weft.shrink", ir_version=self.ir,
            opset_imports=[helper.make_opsetid(d, v) for d, v in self.opset])
        onnx.checker.check_model(model, full_check=True)
        return model

    def values(self):
        """Every value of the graph."""
        used = {x for n in self.nodes for x in n.input} | set(self.outputs)
        graph = helper.make_graph(
            list(self.nodes), "values",
            [helper.make_tensor_value_info(n, onnxio.elem_type(v.dtype), list(v.shape))
             for n, v in self.inputs.items()],
            [helper.make_empty_tensor_value_info(n) for n in self.outputs],
            [numpy_helper.from_array(v, n) for n, v in self.weights.items() if n in used])
        model = helper.make_model(
            graph, ir_version=self.ir,
            opset_imports=[helper.make_opsetid(d, v) for d, v in self.opset])
        with np.errstate(all="ignore"):
            found = ReferenceEvaluator(model).run(None, dict(self.inputs),
                                                  intermediate=True)
        return {name: np.asarray(v) for name, v in {**self.weights, **found}.items()
                if v is not None}

    def changed(self, **parts):
        """Another case, without nodes, weights and inputs that nothing needs."""
        case = dataclasses.replace(self, **parts)
        needed, nodes = set(case.outputs), []
        for node in reversed(case.nodes):
            if needed & set(node.output):
                nodes.append(node)
                needed |= set(node.input)
        made = {o for n in nodes for o in n.output}
        outputs = tuple(o for o in case.outputs if o in made)
        return dataclasses.replace(
            case, nodes=tuple(reversed(nodes)), outputs=outputs,
            weights={n: v for n, v in case.weights.items() if n in needed},
            inputs={n: v for n, v in case.inputs.items() if n in needed})


def case_of(model, samples, options):
    graph = model.graph
    return Case(tuple(graph.node),
                {t.name: numpy_helper.to_array(t) for t in graph.initializer},
                {i.name: s for i, s in zip(graph.input, samples)},
                tuple(o.name for o in graph.output), tuple(options),
                tuple((o.domain, o.version) for o in model.opset_import),
                model.ir_version)


# -- Candidates: each yields smaller cases ----------------------------------


def fewer_outputs(case):
    if len(case.outputs) > 1:
        for name in case.outputs:
            yield case.changed(outputs=(name,))
        for name in case.outputs:
            yield case.changed(outputs=tuple(o for o in case.outputs if o != name))


def earlier_output(case):
    """The value in the middle, then ever nearer to the end."""
    last, step = len(case.nodes) - 1, len(case.nodes)
    while step > 1:
        step = (step + 1) // 2
        if last - step >= 0:
            yield case.changed(outputs=(case.nodes[last - step].output[0],))


def cut(case, nodes, values):
    """These nodes alone; what they take from others becomes an input."""
    made = {o for n in nodes for o in n.output}
    inputs = dict(case.inputs)
    for name in (x for n in nodes for x in n.input if x):
        if name not in made and name not in case.weights:
            inputs[name] = values[name]
    outputs = [o for o in case.outputs if o in made] or [nodes[-1].output[0]]
    return case.changed(nodes=tuple(nodes), inputs=inputs, outputs=tuple(outputs))


def fewer_nodes(case):
    if len(case.nodes) < 2:
        return
    values, count = case.values(), len(case.nodes)
    keep = 1
    while keep < count:
        yield cut(case, case.nodes[-keep:], values)
        keep *= 2
    for k in range(count):
        rest = case.nodes[:k] + case.nodes[k + 1:]
        yield cut(case, rest, values)
    for k in range(count):
        yield from bypasses(case, k, values)


def bypasses(case, k, values):
    """Node k gives way to an operand like its result."""
    result = case.nodes[k].output[0]
    for name in case.nodes[k].input:
        if not name or (values[name].shape, values[name].dtype) != (
                values[result].shape, values[result].dtype):
            continue
        nodes = []
        for node in case.nodes[:k] + case.nodes[k + 1:]:
            copy = onnx.NodeProto()
            copy.CopyFrom(node)
            copy.input[:] = [name if x == result else x for x in node.input]
            nodes.append(copy)
        yield case.changed(nodes=tuple(nodes))


def smaller_sizes(case):
    arrays = [*case.inputs.values(), *case.weights.values()]
    for old in sorted({n for v in arrays for n in v.shape if n > 1}, reverse=True):
        for new in sorted({1, 2, old // 2, old - 1} - {0, old}):
            yield case.changed(weights=resized(case.weights, old, new, True),
                               inputs=resized(case.inputs, old, new, False))


def resized(arrays, old, new, shapes):
    """Axes of length `old` cut; in weights that are integers, its multiples too."""
    found = {}
    for name, v in arrays.items():
        if shapes and v.dtype == np.int64 and v.ndim <= 1:
            found[name] = np.where((v > 0) & (v % old == 0), v // old * new, v)
        else:
            found[name] = np.ascontiguousarray(
                v[tuple(slice(new) if n == old else slice(None) for n in v.shape)]
            ).reshape([new if n == old else n for n in v.shape])
    return found


def smaller_machine(case):
    for k, option in enumerate(case.options):
        rest = case.options[:k], case.options[k + 1:]
        if option.startswith("--grid="):
            w, h = map(int, option[len("--grid="):].split("x"))
            grids = [g for g in SMALL_GRIDS if np.prod([int(n) for n in g.split("x")]) < w * h]
            grids += [f"{max(w // 2, 1)}x{h}", f"{w}x{max(h // 2, 1)}"]
            for grid in grids:
                if grid != f"{w}x{h}":
                    yield case.changed(options=(*rest[0], f"--grid={grid}", *rest[1]))
        else:
            yield case.changed(options=(*rest[0], *rest[1]))


def plainer_numbers(case):
    for part in ("inputs", "weights"):
        arrays = getattr(case, part)
        for name, v in arrays.items():
            if not np.issubdtype(v.dtype, np.floating):
                continue
            for plain in (np.zeros_like(v), np.ones_like(v), np.round(v)):
                if not np.array_equal(plain, v) and not (v == v.flat[0]).all():
                    yield case.changed(**{part: {**arrays, name: plain}})


STEPS = [fewer_outputs, earlier_output, fewer_nodes, smaller_sizes, smaller_machine,
         plainer_numbers]


# -- The search --------------------------------------------------------------


def fails(case, reason, reference, timeout):
    """Whether the case is valid and fails alike."""
    if not case.nodes or not case.outputs:
        return False
    try:
        model = case.model
        with tempfile.TemporaryDirectory() as folder:
            outcome = conform.verdict(model, case.samples, folder, list(case.options),
                                      reference, timeout)
    except Exception:  # not a valid graph
        return False
    return outcome.kind == "wrong" and outcome.reason == reason


def shrink(model, samples, options, reason, reference=True, seconds=60, timeout=60):
    """The smallest case found in the time that fails with `reason`."""
    end, case = time.monotonic() + seconds, case_of(model, samples, options)
    better = True
    while better:
        better = False
        for step in STEPS:
            again = True
            while again:
                again = False
                for candidate in candidates(step, case):
                    if time.monotonic() > end:
                        return case
                    if fails(candidate, reason, reference, timeout):
                        case, again, better = candidate, True, True
                        break
    return case


def candidates(step, case):
    try:
        yield from step(case)
    except Exception:  # the reference implementation lacks an operator
        return


def text(model):
    """One line per node, with the shapes of inputs."""
    graph = model.graph
    types = {i.name: f"{i.name}: {onnx.TensorProto.DataType.Name(i.type.tensor_type.elem_type)}"
             f"{[d.dim_value for d in i.type.tensor_type.shape.dim]}".lower()
             for i in graph.input}
    types |= {t.name: f"{t.name}: weight{list(t.dims)}" for t in graph.initializer}
    lines = []
    for node in graph.node:
        args = ", ".join(types.get(x, x) for x in node.input)
        attrs = "".join(f" {a.name}={helper.get_attribute_value(a)}" for a in node.attribute)
        lines.append(f"{', '.join(node.output)} = {node.op_type}({args}){attrs}")
    return "\n    ".join(lines)
