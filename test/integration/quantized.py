# test/integration/quantized.py - Quantised ops against ONNX Runtime
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
#   quantized.py [--grid WxH] [--only NAME]
#
# Each case is a graph of quantised ops on random values of a fixed seed. ONNX
# Runtime computes the outputs, without its optimiser; integers must be equal.

import argparse
import os
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto as T, helper, numpy_helper
from weft import onnxio, run

MS = "com.microsoft"
random = np.random.default_rng(7)


def floats(*shape, scale=1.0):
    return (random.standard_normal(shape) * scale).astype(np.float32)


def integers(low, high, *shape, dtype=np.uint8):
    return random.integers(low, high, shape).astype(dtype)


def f32(*values):
    return np.array(values if len(values) > 1 else values[0], np.float32)


def packed4(name, values, signed):
    """Values of 4 bits, two in a byte."""
    bits = (values.reshape(-1).astype(np.int64) & 15).astype(np.uint8)
    bits = np.append(bits, np.zeros(len(bits) % 2, np.uint8))
    data = (bits[0::2] | bits[1::2] << 4).tobytes()
    return helper.make_tensor(name, T.INT4 if signed else T.UINT4, values.shape, data, raw=True)


def node(op, inputs, outputs, domain="", **attrs):
    return helper.make_node(op, inputs, outputs, domain=domain, **attrs)


def quantize_and_back():
    x = floats(5, 12, scale=3)
    x[0, :4] = [0.125, 0.375, -0.125, 1e6]  # halves of the scale, and beyond the range
    weights = dict(s=f32(0.25), z=np.uint8(100), s12=np.abs(floats(12)) + f32(0.01), z12=integers(-9, 9, 12, dtype=np.int8),
                   s16=f32(0.001), z16=np.uint16(30000))
    return dict(x=x), weights, [
        node("QuantizeLinear", ["x", "s", "z"], ["q"]), node("DequantizeLinear", ["q", "s", "z"], ["d"]),
        node("QuantizeLinear", ["x", "s12", "z12"], ["q12"], axis=1),
        node("DequantizeLinear", ["q12", "s12", "z12"], ["d12"], axis=-1),
        node("QuantizeLinear", ["x", "s16", "z16"], ["q16"])], ["q", "d", "q12", "d12", "q16"]


def qdq_linear():
    """As exporters write a quantised layer: the weight is dequantised when compiled."""
    weights = dict(w=integers(-128, 128, 24, 16, dtype=np.int8), ws=np.abs(floats(16, scale=0.01)) + f32(0.001),
                   wz=np.zeros(16, np.int8), s=f32(0.05), z=np.uint8(128), ys=f32(0.1), yz=np.uint8(120))
    return dict(x=floats(6, 24)), weights, [
        node("QuantizeLinear", ["x", "s", "z"], ["q"]), node("DequantizeLinear", ["q", "s", "z"], ["d"]),
        node("DequantizeLinear", ["w", "ws", "wz"], ["wd"], axis=1), node("MatMul", ["d", "wd"], ["y"]),
        node("QuantizeLinear", ["y", "ys", "yz"], ["yq"])], ["yq", "y"]


def four_bits():
    weights = dict(s=f32(0.1), blocks=np.abs(floats(3, 5)) + f32(0.1))
    w = integers(-8, 8, 6, 5, dtype=np.int8)
    u, z = integers(0, 16, 5), integers(0, 16, 3, 5)
    extra = [packed4("w", w, True), packed4("u", u, False), packed4("z", z, False),
             packed4("v", integers(0, 16, 6, 5), False)]
    return dict(x=floats(4, 6), y=floats(5)), weights, [
        node("DequantizeLinear", ["w", "s"], ["wd"]), node("MatMul", ["x", "wd"], ["a"]),
        node("DequantizeLinear", ["u", "s"], ["ud"]), node("Add", ["y", "ud"], ["b"]),
        node("DequantizeLinear", ["v", "blocks", "z"], ["vd"], axis=0, block_size=2),
        node("MatMul", ["x", "vd"], ["c"])], ["a", "b", "c"], extra


def integer_products():
    """Sums of 700 products do not fit a float: they are made in pieces."""
    weights = dict(b=integers(-128, 128, 700, 9, dtype=np.int8), bz=np.int8(-3), az=np.uint8(100),
                   c=integers(0, 256, 12, 9), cz=integers(0, 256, 9))
    return dict(a=integers(0, 256, 3, 700), d=integers(0, 256, 4, 12)), weights, [
        node("MatMulInteger", ["a", "b", "az", "bz"], ["y"]), node("MatMulInteger", ["d", "c", "az", "cz"], ["z"])], ["y", "z"]


def linear_product():
    weights = dict(b=integers(0, 256, 20, 8), bs=np.abs(floats(8, scale=0.01)) + f32(0.001), bz=np.full(8, 128, np.uint8),
                   s=f32(0.03), z=np.uint8(128), ys=f32(0.5), yz=np.uint8(90))
    return dict(a=integers(0, 256, 5, 20)), weights, [
        node("QLinearMatMul", ["a", "s", "z", "b", "bs", "bz", "ys", "yz"], ["y"])], ["y"]


def dynamic():
    weights = dict(b=integers(-128, 128, 20, 8, dtype=np.int8), bs=np.abs(floats(8, scale=0.01)) + f32(0.001),
                   bz=np.zeros(8, np.int8), bias=floats(8))
    return dict(x=floats(5, 20)), weights, [
        node("DynamicQuantizeLinear", ["x"], ["q", "s", "z"]),
        node("DynamicQuantizeMatMul", ["x", "b", "bs", "bz", "bias"], ["y"], MS),
        node("MatMulIntegerToFloat", ["q", "b", "s", "bs", "z", "bz", "bias"], ["w"], MS)], ["q", "s", "z", "y", "w"]


def between_quantised():
    # Scales without common multiples: no result is half-way, where runtimes differ.
    weights = dict(s=f32(0.0213), t=f32(0.0517), u=f32(0.0611), z=np.uint8(120))
    weights.update(w=integers(0, 256, 7, 10), ws=np.abs(floats(7, scale=0.01)) + f32(0.001), wz=integers(0, 256, 7),
                   bias=integers(-5000, 5000, 7, dtype=np.int32), small=f32(1 / 256), part=f32(0.00441), none=np.uint8(0),
                   odd=np.arange(10) % 2 == 1)
    return dict(a=integers(0, 256, 4, 10), b=integers(0, 256, 4, 10)), weights, [
        node("QLinearAdd", ["a", "s", "z", "b", "t", "z", "u", "z"], ["sum"], MS),
        node("QLinearMul", ["a", "s", "z", "b", "t", "z", "u", "z"], ["product"], MS),
        node("QLinearConcat", ["u", "z", "a", "s", "z", "b", "t", "z"], ["joined"], MS, axis=1),
        node("QLinearSigmoid", ["a", "s", "z", "t", "z"], ["sigmoid"], MS),
        node("QLinearLeakyRelu", ["a", "s", "z", "t", "z"], ["leaky"], MS, alpha=0.1),
        node("QLinearSoftmax", ["a", "s", "z", "small", "none"], ["softmax"], MS, axis=-1, opset=13),
        node("QLinearSoftmax", ["a", "s", "z", "part", "none"], ["rounded"], MS, axis=-1, opset=13),
        node("QLinearWhere", ["odd", "a", "s", "z", "b", "t", "z", "u", "z"], ["where"], MS),
        node("QGemm", ["a", "s", "z", "w", "ws", "wz", "bias", "u", "z"], ["gemm"], MS, transB=1),
        node("QGemm", ["a", "s", "z", "w", "ws", "wz"], ["real"], MS, transB=1)
    ], ["sum", "product", "joined", "sigmoid", "leaky", "softmax", "rounded", "where", "gemm", "real"]


def bits_of_blocks():
    n, k, block = 9, 40, 16
    blocks = -(-k // block)
    weights = dict(w=integers(0, 256, n, blocks, block // 2), s=np.abs(floats(n * blocks)) + f32(0.01),
                   z=integers(0, 256, n * ((blocks + 1) // 2)),
                   order=random.permutation(np.arange(k) // block).astype(np.int32))
    attrs = dict(K=k, N=n, block_size=block)
    return dict(x=floats(2, 3, k)), weights, [
        node("MatMulNBits", ["x", "w", "s", "z"], ["y"], MS, bits=4, **attrs),
        node("MatMulNBits", ["x", "w", "s"], ["v"], MS, bits=4, **attrs),
        node("MatMulNBits", ["x", "w", "s", "", "order"], ["g"], MS, bits=4, weight_prepacked=0, **attrs)], ["y", "v", "g"]


def convolutions():
    weights = dict(w=integers(0, 256, 4, 3, 3, 3), xz=np.uint8(60),
                   v=integers(-128, 128, 6, 3, 2, 2, dtype=np.int8), vs=np.abs(floats(6, scale=0.01)) + f32(0.001),
                   vz=np.zeros(6, np.int8), s=f32(0.02), z=np.uint8(7), ys=f32(0.173), yz=np.uint8(99),
                   bias=integers(-9000, 9000, 6, dtype=np.int32), deep=integers(0, 256, 2, 40, 3, 3))
    return dict(x=integers(0, 256, 1, 3, 6, 5), c=integers(0, 256, 1, 40, 4, 4)), weights, [
        node("ConvInteger", ["x", "w", "xz"], ["y"], pads=[1, 1, 1, 1], strides=[2, 1]),
        node("QLinearConv", ["x", "s", "z", "v", "vs", "vz", "ys", "yz", "bias"], ["q"]),
        node("ConvInteger", ["c", "deep", "xz"], ["d"])], ["y", "q", "d"]


CASES = [quantize_and_back, qdq_linear, four_bits, integer_products, linear_product, dynamic, between_quantised,
         bits_of_blocks, convolutions]


def check(case, grid):
    inputs, weights, nodes, names, *extra = case()
    tensors = [numpy_helper.from_array(np.asarray(v), k) for k, v in weights.items()] + (extra[0] if extra else [])
    graph = helper.make_graph(
        nodes, case.__name__,
        [helper.make_tensor_value_info(k, helper.np_dtype_to_tensor_dtype(v.dtype), v.shape) for k, v in inputs.items()],
        [helper.make_empty_tensor_value_info(name) for name in names], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21), helper.make_opsetid(MS, 1)], ir_version=10)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    outputs = onnxruntime.InferenceSession(model.SerializeToString(), options,
                                           providers=["CPUExecutionProvider"]).run(names, inputs)
    with tempfile.TemporaryDirectory() as folder:
        onnx.save(model, os.path.join(folder, "model.onnx"))
        for kind, values in (("input", inputs.items()), ("output", zip(names, outputs))):
            for i, (name, value) in enumerate(values):
                with open(os.path.join(folder, f"{kind}_{i}.pb"), "wb") as f:
                    f.write(numpy_helper.from_array(np.asarray(value), name).SerializeToString())
        run.compile_and_run(folder, os.path.join(folder, "out"), grid)
    print(f"{case.__name__} on {grid}: {len(names)} outputs agree")


def main():
    p = argparse.ArgumentParser(prog="quantized.py")
    p.add_argument("--grid", action="append")
    p.add_argument("--only", default="")
    args = p.parse_args()
    chosen = [case for case in CASES if args.only in case.__name__]
    grids = args.grid or ["8x8"]
    for case in chosen:
        for grid in grids:
            check(case, grid)
    print(f"{len(chosen) * len(grids)} agree with ONNX Runtime")
    sys.exit(0 if chosen else 1)


main()
