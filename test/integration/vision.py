# test/integration/vision.py - Convolutions and the like against ONNX Runtime
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
#   vision.py [--grid WxH] [--only NAME]
#
# Each case is one node on random values of a fixed seed, in forms that ONNX's
# node tests do not have. ONNX Runtime computes the outputs, without its
# optimiser.

import argparse
import os
import tempfile

import numpy as np
from onnx import helper, numpy_helper
from weft import onnxio, run

random = np.random.default_rng(11)


def floats(*shape, scale=1.0):
    return (random.standard_normal(shape) * scale).astype(np.float32)


def vector(*values, dtype=np.float32):
    return np.array(values, dtype)


def case(op, *inputs, outputs=1, opset=20, given=(), domain="", **attrs):
    """`inputs` are values or None; those at `given` are inputs of the graph, the
    first always, the others are weights."""
    return op, inputs, outputs, opset, {0, *given}, domain, attrs


CASES = {
    # Convolutions: taps side by side, a product for each tap, elementwise.
    "conv-same": case("Conv", floats(2, 3, 9, 8), floats(5, 3, 3, 2), floats(5), strides=[2, 1],
                      auto_pad="SAME_LOWER"),
    "conv-taps": case("Conv", floats(1, 40, 7, 6), floats(24, 40, 3, 3, scale=0.1), floats(24),
                      pads=[1, 1, 1, 1]),
    "conv-groups": case("Conv", floats(1, 48, 10), floats(12, 16, 3, scale=0.1), floats(12), group=3,
                        dilations=[2], pads=[2, 1]),
    "conv-depthwise": case("Conv", floats(2, 6, 8, 8), floats(12, 1, 3, 3), floats(12), group=6,
                           pads=[0, 1, 2, 1], strides=[1, 2]),
    "conv-cut": case("Conv", floats(1, 3, 9, 11), floats(8, 3, 4, 4), strides=[4, 4]),
    "conv-3d": case("Conv", floats(1, 2, 4, 5, 3), floats(4, 2, 2, 3, 2), floats(4)),
    "conv-run-time-weight": case("Conv", floats(1, 2, 6, 6), floats(3, 2, 2, 2), given=(1,)),
    "transpose-tiles": case("ConvTranspose", floats(1, 4, 3, 5), floats(4, 6, 2, 2), floats(6), strides=[2, 2]),
    "transpose-groups": case("ConvTranspose", floats(1, 4, 5, 4), floats(4, 3, 3, 2), floats(6), group=2,
                             strides=[2, 1], pads=[1, 0, 1, 1], output_padding=[1, 0], dilations=[1, 2]),
    "transpose-same": case("ConvTranspose", floats(1, 2, 5), floats(2, 3, 4), strides=[3], auto_pad="SAME_UPPER"),
    # Pools.
    "max-ceil": case("MaxPool", floats(1, 2, 7, 9), kernel_shape=[3, 2], strides=[2, 2], ceil_mode=1,
                     pads=[1, 0, 1, 0]),
    "max-indices": case("MaxPool", floats(2, 3, 6, 7), outputs=2, kernel_shape=[3, 2], strides=[2, 1],
                        pads=[1, 1, 1, 0]),
    "average-ceil": case("AveragePool", floats(1, 3, 8, 7), kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1,
                         pads=[1, 1, 0, 0]),
    "average-dilated": case("AveragePool", floats(1, 3, 9), kernel_shape=[3], dilations=[2], pads=[2, 2],
                            count_include_pad=1),
    "lp-3": case("LpPool", floats(1, 2, 6, 6), kernel_shape=[2, 3], p=3, strides=[2, 3]),
    "global-lp": case("GlobalLpPool", floats(1, 3, 4, 5), p=2),
    "global-max": case("GlobalMaxPool", floats(2, 3, 4, 5)),
    # Resizing.
    "resize-antialias": case("Resize", floats(1, 2, 9, 8), None, None, vector(1, 2, 4, 3, dtype=np.int64),
                             mode="linear", antialias=1),
    "resize-cubic": case("Resize", floats(1, 2, 5, 6), None, vector(1, 1, 1.6, 0.7), mode="cubic",
                         cubic_coeff_a=-0.5, exclude_outside=1),
    "resize-axes": case("Resize", floats(2, 6, 5), None, None, vector(9, 4, dtype=np.int64), axes=[1, 2],
                        mode="linear", keep_aspect_ratio_policy="not_larger"),
    "resize-crop": case("Resize", floats(1, 1, 6, 5), vector(0, 0, 0.3, 0.4, 1, 1, 1.2, 0.9), None,
                        vector(1, 1, 5, 4, dtype=np.int64), mode="linear",
                        coordinate_transformation_mode="tf_crop_and_resize", extrapolation_value=2.5),
    "resize-opset10": case("Resize", floats(1, 2, 4, 6), vector(1, 1, 1.5, 0.5), opset=10),
    "upsample": case("Upsample", floats(1, 2, 3, 4), vector(1, 1, 2, 3), opset=9),
    # Norms.
    "group-norm": case("GroupNormalization", floats(2, 6, 5, 4), floats(6), floats(6), num_groups=3, opset=21),
    "instance-norm": case("InstanceNormalization", floats(2, 3, 11), floats(3), floats(3), epsilon=1e-3),
    "lp-norm": case("LpNormalization", floats(3, 7, 5), axis=1, p=1),
    "lrn": case("LRN", floats(1, 9, 4, 4), size=5, alpha=0.5, beta=0.6, bias=1.5),
    "skip-layer-norm": case("SkipLayerNormalization", floats(2, 5, 16), floats(2, 5, 16), floats(16), floats(16),
                            floats(16), domain="com.microsoft", given=(1,)),
    # Losses.
    "cross-entropy": case("SoftmaxCrossEntropyLoss", floats(4, 6, 3), random.integers(0, 6, (4, 3)),
                          np.abs(floats(6)), outputs=2, given=(1,), ignore_index=2),
    # Transforms and sampling.
    "dft": case("DFT", floats(2, 12, 3, 2), np.int64(16), axis=1, inverse=1, opset=17),
    "stft": case("STFT", floats(2, 40, 1), np.int64(7), floats(12), opset=17),
    "grid-cubic": case("GridSample", floats(2, 3, 5, 6), floats(2, 4, 3, 2, scale=0.8), given=(1,), mode="cubic"),
    "grid-reflection": case("GridSample", floats(1, 3, 5, 6), floats(1, 4, 5, 2, scale=2), given=(1,),
                            padding_mode="reflection", align_corners=1),
    "roi-align": case("RoiAlign", floats(2, 3, 9, 8), vector(0, 0, 7, 7, 2, 1, 6, 14, -3, 2, 4, 3).reshape(3, 4),
                      vector(1, 0, 1, dtype=np.int64), given=(1, 2), sampling_ratio=3, output_height=3,
                      output_width=2, spatial_scale=0.75),
}


def model_of(name):
    op, inputs, outputs, opset, given, domain, attrs = CASES[name]
    names = [f"i{k}" if value is not None else "" for k, value in enumerate(inputs)]
    infos, samples, weights = [], [], []
    for k, value in enumerate(inputs):
        if value is None:
            continue
        value = np.asarray(value)
        if k in given:
            elem = helper.np_dtype_to_tensor_dtype(value.dtype)
            infos.append(helper.make_tensor_value_info(names[k], elem, value.shape))
            samples.append(value)
        else:
            weights.append(numpy_helper.from_array(value, names[k]))
    results = [f"o{k}" for k in range(outputs)]
    graph = helper.make_graph([helper.make_node(op, names, results, domain=domain, **attrs)], name, infos,
                              [helper.make_empty_tensor_value_info(o) for o in results], weights)
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10 if opset > 20 else 9), samples


def check(name, grid):
    model, samples = model_of(name)
    outputs = onnxio.run_runtime(model, samples, optimised=False)
    with tempfile.TemporaryDirectory() as folder:
        onnxio.write_files(folder, model, samples, outputs)
        run.compile_and_run(folder, os.path.join(folder, "out"), grid)
    print(f"{name}: agree", flush=True)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--grid", default="4x3")
    p.add_argument("--only", choices=sorted(CASES))
    args = p.parse_args()
    for name in [args.only] if args.only else CASES:
        check(name, args.grid)


if __name__ == "__main__":
    main()
