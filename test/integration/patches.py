# test/integration/patches.py - Images that no PE holds, against ONNX Runtime
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
#   patches.py [--only NAME]
#
# Vision transformers of weft.models with patches of 16 x 16 pixels, and patch
# embeddings in the spellings that exporters write. Each is compiled, verified,
# run and compared with ONNX Runtime, and its cost report with the run.

import argparse
import os
import sys
import tempfile

import numpy as np
from onnx import helper, numpy_helper
from weft import models, onnxio, report, run
from weft.tools import call

random = np.random.default_rng(17)


def floats(*shape, scale=1.0, dtype=np.float32):
    return (random.standard_normal(shape) * scale).astype(dtype)


def vit(grid, seq, *more, **options):
    return grid, ("vit", dict(kind="vit", patch=16, seq=seq, hidden=64, layers=1, **options)), more


def embedding(grid, nodes, image, weights, *more):
    return grid, ("nodes", nodes, image, weights), more


def reordered(high, wide, size, perm):
    """Patches by Reshape and Transpose, a product with a matrix."""
    cut = np.array([1, 3, high, size, wide, size], np.int64)
    flat = np.array([1, high * wide, 3 * size * size], np.int64)
    nodes = [helper.make_node("Reshape", ["x", "cut"], ["c"]),
             helper.make_node("Transpose", ["c"], ["t"], perm=perm),
             helper.make_node("Reshape", ["t", "flat"], ["p"]),
             helper.make_node("MatMul", ["p", "w"], ["y"])]
    weights = {"cut": cut, "flat": flat, "w": floats(3 * size * size, 20, scale=0.1)}
    return nodes, floats(1, 3, high * size, wide * size), weights


def convolution(image, weight):
    nodes = [helper.make_node("Conv", ["x", "w"], ["y"], strides=list(weight.shape[2:]))]
    return nodes, image, {"w": weight}


CASES = {
    # 64 x 64 and 96 x 96 pixels: 48 and 110 KB in f32. On 5 x 7 PEs neither rows
    # of patches nor rows within them divide, and the last PEs hold less.
    "vit-64": vit("16x16", 16),
    "vit-96": vit("16x16", 36),
    "vit-96-odd": vit("5x7", 36, style="torch14"),
    "vit-96-f16": vit("16x16", 36, dtype="float16"),
    "vit-96-as-f16": vit("16x16", 36, "--dtype=f16", "--acc=f16", "rtol=8e-3"),
    "vit-64-two": vit("9x4", 16, batch=2),
    "channels-last-in-patch": embedding("7x3", *reordered(3, 5, 8, [0, 2, 4, 3, 5, 1])),
    "columns-first-in-patch": embedding("4x6", *reordered(5, 3, 8, [0, 2, 4, 5, 1, 3])),
    "one-channel": embedding("6x5", *convolution(floats(2, 1, 21, 15), floats(6, 1, 3, 5))),
    "one-column-of-pes": embedding("1x6", *convolution(floats(1, 3, 20, 12), floats(8, 3, 4, 4))),
    "one-row-of-pes": embedding("6x1", *convolution(floats(1, 3, 20, 12), floats(8, 3, 4, 4))),
}


def write_nodes(folder, nodes, image, weights):
    shape = helper.make_tensor_value_info("x", helper.np_dtype_to_tensor_dtype(image.dtype), image.shape)
    graph = helper.make_graph(nodes, "patches", [shape], [helper.make_empty_tensor_value_info("y")],
                              [numpy_helper.from_array(v, k) for k, v in weights.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    outputs = onnxio.run_runtime(model, [image], optimised=False)
    onnxio.write_files(folder, model, [image], outputs)


def write_vit(folder, options):
    args = models.options(**options)
    graph = models.build_parsed(args)
    onnxio.write_case(folder, graph, models.reference(args, graph))


def check(name):
    grid, (kind, *what), more = CASES[name]
    rtol = [f"--rtol={m[5:]}" for m in more if m.startswith("rtol=")]
    with tempfile.TemporaryDirectory() as folder:
        {"vit": write_vit, "nodes": write_nodes}[kind](folder, *what)
        out = os.path.join(folder, "out")
        os.makedirs(out)
        binary = run.compile_model(folder, out, grid, extra=[m for m in more if m.startswith("-")])
        call(["weft-verify", binary], capture_output=True)
        run.run_binary(binary, folder, out, extra=rtol)
        cost = report.load(os.path.join(out, "cost.json"))
        wrong = report.compare(cost, report.load(os.path.join(out, "stats.json")))
    kernels = [k["algorithm"] for k in cost["kernels"]]
    if "patches" not in kernels:
        wrong.append(f"the image is not spread: {kernels}")
    for line in wrong:
        print(f"{name}: {line}", file=sys.stderr)
    if wrong:
        sys.exit(1)
    print(f"{name}: agree", flush=True)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--only", choices=sorted(CASES))
    args = p.parse_args()
    for name in [args.only] if args.only else CASES:
        check(name)


if __name__ == "__main__":
    main()
