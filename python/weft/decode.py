# weft/decode.py - A decoder with caches, step by step
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# Runs a model of weft.models.decoder in ONNX Runtime as a host would without
# state: each step gets the caches that the step before returned, the next
# position, and the token that the last logits make most likely.

import os

import numpy as np

from . import onnxio


def session_of(model, optimised):
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    if not optimised:
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    return ort.InferenceSession(model.SerializeToString(), options,
                                providers=["CPUExecutionProvider"])


def run_steps(graph, count, optimised=False, tokens=None):
    """[(inputs, outputs)] of each step, in graph order; `tokens` replaces the
    greedy choice."""
    session = session_of(graph.model(), optimised)
    names = [i.name for i in graph.inputs]
    feed = dict(zip(names, graph.samples))
    outputs = [o.name for o in graph.outputs]
    steps = []
    for step in range(count):
        feed["position"] = np.array([step], np.int64)
        if tokens is not None:
            feed["input_ids"] = tokens[step]
        result = session.run(None, feed)
        steps.append(([feed[n] for n in names], result))
        token = np.argmax(result[0], axis=-1).astype(np.int64)
        feed = {n: result[outputs.index(n.replace("past_", "present_"))]
                for n in names if n.startswith("past_")}
        feed["input_ids"] = token
    return steps


def write_steps(folder, graph, steps):
    """step_S/input_K.pb of what the host feeds and step_S/output_0.pb, the
    logits; of the last step all outputs."""
    for step, (inputs, outputs) in enumerate(steps):
        place = os.path.join(folder, f"step_{step}")
        os.makedirs(place)
        for k, (info, value) in enumerate(zip(graph.inputs, inputs)):
            if not info.name.startswith("past_"):
                onnxio.write_tensor(os.path.join(place, f"input_{k}.pb"),
                                    info.name, value)
        kept = len(outputs) if step == len(steps) - 1 else 1
        for k, (info, value) in enumerate(zip(graph.outputs, outputs[:kept])):
            onnxio.write_tensor(os.path.join(place, f"output_{k}.pb"),
                                info.name, value)
