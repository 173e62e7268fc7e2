# weft/onnxio.py - Tensors and reference runs
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# Reads and writes ONNX TensorProto files and runs ONNX Runtime, where it is
# installed, as the oracle: once optimised and once not, because their
# difference bounds what a comparison may demand.

import importlib.util
import os

import numpy as np
import onnx
from onnx import helper, numpy_helper


def elem_type(dtype):
    return helper.np_dtype_to_tensor_dtype(np.dtype(dtype))


def write_tensor(path, name, value):
    with open(path, "wb") as f:
        # Not ascontiguousarray, which makes a scalar a vector.
        f.write(numpy_helper.from_array(np.asarray(value, order="C"),
                                        name).SerializeToString())


def read_tensor(path):
    """(name, array) of a .pb file."""
    with open(path, "rb") as f:
        tensor = onnx.TensorProto.FromString(f.read())
    return tensor.name, numpy_helper.to_array(tensor)


def have_runtime():
    return importlib.util.find_spec("onnxruntime") is not None


def run_runtime(model, samples, optimised=True):
    """Outputs of ONNX Runtime, in graph order."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    options.graph_optimization_level = (
        ort.GraphOptimizationLevel.ORT_ENABLE_ALL if optimised
        else ort.GraphOptimizationLevel.ORT_DISABLE_ALL)
    session = ort.InferenceSession(model.SerializeToString(), options,
                                   providers=["CPUExecutionProvider"])
    feed = {i.name: v for i, v in zip(model.graph.input, samples)}
    return session.run(None, feed)


def run_reference(model, samples):
    """The outputs to compare with: those of the unoptimised run."""
    return run_runtime(model, samples, optimised=False)


def disagreement(left, right):
    """Largest difference of two runs, relative to the largest finite output."""
    worst = 0.0
    for a, b in zip(left, right):
        if not np.issubdtype(a.dtype, np.floating):
            continue
        finite = np.isfinite(a) & np.isfinite(b)
        a, b = a[finite], b[finite]
        size = np.abs(b).max(initial=0.0) or 1.0
        worst = max(worst, float(np.abs(a - b).max(initial=0.0) / size))
    return worst


def write_case(folder, graph, outputs):
    """model.onnx, input_K.pb and, if `outputs` is given, output_K.pb."""
    write_files(folder, graph.model(), graph.samples, outputs)


def write_files(folder, model, samples, outputs):
    os.makedirs(folder, exist_ok=True)
    # Tensors of an earlier model with more inputs must not stay behind.
    for stem in ("input", "output"):
        for _, path in read_tensors(folder, stem):
            os.remove(path)
    with open(os.path.join(folder, "model.onnx"), "wb") as f:
        f.write(model.SerializeToString(deterministic=True))
    write_tensors(folder, "input", model.graph.input, samples)
    write_tensors(folder, "output", model.graph.output, outputs or [])


def write_tensors(folder, stem, infos, values):
    for k, (info, value) in enumerate(zip(infos, values)):
        write_tensor(os.path.join(folder, f"{stem}_{k}.pb"), info.name, value)


def read_tensors(folder, stem):
    """[(name, path)] of stem_0.pb, stem_1.pb, ..."""
    found = []
    while os.path.exists(path := os.path.join(folder, f"{stem}_{len(found)}.pb")):
        found.append((read_tensor(path)[0], path))
    return found
