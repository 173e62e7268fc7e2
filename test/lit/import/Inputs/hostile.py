# hostile.py - Models that want what they must not have
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# Writes each model to the folder that is given, imports it, and prints its name
# and what the importer says. An exit code other than 1, or a run of over 20 s or
# 1 GiB, is an error. With --sanitizers memory is not limited, and time to 200 s.

import os
import resource
import subprocess
import sys

from onnx import TensorProto, helper

FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64
SANITIZERS = sys.argv[2:] == ["--sanitizers"]
SECONDS = 200 if SANITIZERS else 20
os.chdir(sys.argv[1])


def info(name, shape, kind=FLOAT):
    return helper.make_tensor_value_info(name, kind, shape)


def model(nodes, initializers=(), functions=(), inputs=None, opset=17):
    graph = helper.make_graph(nodes, "g", inputs or [info("x", [2, 4])], [info("y", None)],
                              initializers)
    return helper.make_model(graph, functions=functions,
                             opset_imports=[helper.make_opsetid("", opset),
                                            helper.make_opsetid("own", 1)])


def own(op, inputs, **attributes):
    return helper.make_node(op, inputs, ["y"], domain="com.microsoft", **attributes)


def crowded_call(fields):
    """A call with these fields, as bytes, too."""
    node = helper.make_node("f", ["x"], ["y"], domain="own")
    node.MergeFromString(fields)
    function = helper.make_function("own", "f", ["a"], ["b"],
                                    [helper.make_node("Relu", ["a"], ["b"])],
                                    [helper.make_opsetid("", 17)])
    return model([node], functions=[function])


def with_fields(fields):
    """A call of a function that has these fields, as bytes, too."""
    def field(number, value):
        size, head = len(value), b""
        while size > 127:
            size, head = size >> 7, head + bytes([size & 127 | 128])
        return bytes([number << 3 & 127 | 130, number >> 4]) + head + bytes([size]) + value

    function = helper.make_function("own", "f", ["a"], ["b"],
                                    [helper.make_node("Relu", ["a"], ["b"])],
                                    [helper.make_opsetid("", 17)])
    call = model([helper.make_node("f", ["x"], ["y"], domain="own")])
    return call.SerializeToString() + field(25, function.SerializeToString() + fields)


def with_weight(weight):
    return model([helper.make_node("MatMul", ["x", "w"], ["y"])], [weight])


def tensor(dims, kind=FLOAT, **fields):
    return TensorProto(name="w", data_type=kind, dims=dims, **fields)


def external(**keys):
    weight = tensor([4, 4], data_location=TensorProto.EXTERNAL)
    for key, value in keys.items():
        for one in value if isinstance(value, list) else [value]:
            weight.external_data.add(key=key, value=str(one))
    return weight


def calls(name, *called):
    """A function that calls others one after another."""
    nodes = [helper.make_node(c, [f"v{i}"], [f"v{i + 1}"], domain="own")
             for i, c in enumerate(called)]
    return helper.make_function("own", name, ["v0"], [f"v{len(called)}"], nodes,
                                [helper.make_opsetid("own", 1), helper.make_opsetid("", 17)])


def field(number, content):
    """A length-delimited field; Python's own Protobuf nests less deep."""
    size, length = len(content), b""
    while size > 127:
        length, size = length + bytes([size & 127 | 128]), size >> 7
    return bytes([number << 3 | 2]) + length + bytes([size]) + content


def nested(depth):
    """If in If; both names are always there."""
    node = helper.make_node("Relu", ["x"], ["y"]).SerializeToString()
    for _ in range(depth):
        graph = field(1, node) + field(12, field(1, b"y"))
        branches = [field(5, field(1, name) + b"\xa0\x01\x05" + field(6, graph))
                    for name in (b"then_branch", b"else_branch")]
        node = field(1, b"c") + field(2, b"y") + field(4, b"If") + branches[0]
    whole = model([], [C])
    return whole.SerializeToString() + field(7, field(1, node))


def with_known(op, dims, values, **attributes):
    """`op` on an input and known integers."""
    shape = TensorProto(name="s", data_type=INT64, dims=dims, int64_data=values)
    return model([helper.make_node(op, ["x", "s"], ["y"], **attributes)], [shape])


with open("w.bin", "wb") as f:
    f.write(bytes(64))
os.mkdir("sub")
os.makedirs("../outside", exist_ok=True)
with open("../outside/w.bin", "wb") as f:
    f.write(bytes(64))
os.symlink("w.bin", "link.bin")
os.symlink("../outside", "linked")
with open("hard.bin", "wb") as f:
    f.write(bytes(64))
os.link("hard.bin", "hard2.bin")
os.mkfifo("pipe")

C = helper.make_tensor("c", TensorProto.BOOL, [], [True])
MODELS = {
    "absolute": with_weight(external(location="/etc/passwd")),
    "parent": with_weight(external(location="../outside/w.bin")),
    "parent-inside": with_weight(external(location="sub/../w.bin")),
    "link": with_weight(external(location="link.bin")),
    "linked-folder": with_weight(external(location="linked/w.bin")),
    "hard-link": with_weight(external(location="hard.bin")),
    "pipe": with_weight(external(location="pipe")),
    "folder": with_weight(external(location="sub")),
    "device": with_weight(external(location="/dev/zero")),
    "no-name": with_weight(external(location="")),
    "no-location": with_weight(external(offset=0)),
    "file-as-folder": with_weight(external(location="w.bin/w.bin")),
    "offset-behind": with_weight(external(location="w.bin", offset=1)),
    "offset-huge": with_weight(external(location="w.bin", offset=2 ** 64 - 1)),
    "offset-negative": with_weight(external(location="w.bin", offset=-1)),
    "offset-too-long": with_weight(external(location="w.bin", offset=2 ** 64)),
    "length-short": with_weight(external(location="w.bin", length=63)),
    "length-huge": with_weight(external(location="w.bin", length=2 ** 63)),
    "length-text": with_weight(external(location="w.bin", length="all")),
    "unknown-key": with_weight(external(location="w.bin", url="http")),
    "two-keys": with_weight(external(location=["w.bin", "w.bin"])),
    "external-and-raw": with_weight(tensor([4, 4], data_location=TensorProto.EXTERNAL,
                                           raw_data=bytes(64),
                                           external_data=external(location="w.bin").external_data)),
    "external-as-default": with_weight(tensor(
        [4, 4], external_data=external(location="w.bin").external_data)),
    "dim-negative": with_weight(tensor([4, -4], raw_data=bytes(64))),
    "dim-huge": with_weight(tensor([2 ** 62, 4])),
    "dim-product": with_weight(tensor([2 ** 32, 2 ** 32])),
    "dim-product-wraps": with_weight(tensor([2 ** 32, 2 ** 32 + 1], raw_data=bytes(4))),
    "raw-short": with_weight(tensor([4, 4], raw_data=bytes(60))),
    "values-many": with_weight(tensor([4, 4], float_data=[0] * 17)),
    "values-of-another-type": with_weight(tensor([4, 4], int64_data=[0] * 16)),
    "type-unknown": with_weight(tensor([4, 4], kind=99, raw_data=bytes(64))),
    "segment": with_weight(tensor([4, 4], segment=TensorProto.Segment(begin=0, end=8))),
    "initializer-twice": model([helper.make_node("MatMul", ["x", "w"], ["y"])],
                               [tensor([4, 4], raw_data=bytes(64))] * 2),
    "redefined-input": model([helper.make_node("Relu", ["y"], ["x"]),
                              helper.make_node("Relu", ["x"], ["y"])]),
    "input-huge": model([helper.make_node("Relu", ["x"], ["y"])],
                        inputs=[info("x", [2 ** 40, 2 ** 40])]),
    "recursive": model([helper.make_node("f", ["x"], ["y"], domain="own")],
                       functions=[calls("f", "f", "f")]),
    "mutually-recursive": model([helper.make_node("f", ["x"], ["y"], domain="own")],
                                functions=[calls("f", "g", "g"), calls("g", "f", "f")]),
    "doubling": model([helper.make_node("f0", ["x"], ["y"], domain="own")],
                      functions=[calls(f"f{i}", f"f{i + 1}", f"f{i + 1}") for i in range(40)] +
                      [helper.make_function("own", "f40", ["a"], ["b"],
                                            [helper.make_node("Identity", ["a"], ["b"])],
                                            [helper.make_opsetid("", 17)])]),
    "deep-functions": model([helper.make_node("f0", ["x"], ["y"], domain="own")],
                            functions=[calls(f"f{i}", f"f{i + 1}") for i in range(70)] +
                            [helper.make_function("own", "f70", ["a"], ["b"],
                                                  [helper.make_node("Relu", ["a"], ["b"])],
                                                  [helper.make_opsetid("", 17)])]),
    "nested-graphs": nested(100),
    "expand-huge": with_known("Expand", [3], [2 ** 60, 2, 4]),
    "tile-huge": with_known("Tile", [2], [2 ** 40, 2 ** 40]),
    "tile-wraps": with_known("Tile", [2], [2 ** 62, 2 ** 62]),
    "reshape-wraps": with_known("Reshape", [3], [2 ** 32, 2 ** 32, 8]),
    "pad-huge": with_known("Pad", [4], [2 ** 62, 0, 2 ** 62, 0]),
    "pad-negative": with_known("Pad", [4], [-2 ** 63, 0, 0, 0]),
    "constant-huge": model([helper.make_node("ConstantOfShape", ["s"], ["y"])],
                           [TensorProto(name="s", data_type=INT64, dims=[2],
                                        int64_data=[2 ** 40, 2 ** 40])]),
    "range-huge": model([helper.make_node("Range", ["a", "b", "d"], ["y"])],
                        [TensorProto(name=n, data_type=INT64, int64_data=[v])
                         for n, v in (("a", 0), ("b", 2 ** 60), ("d", 1))]),
    "split-many": model([helper.make_node("Split", ["x"], ["y"], axis=0, num_outputs=2 ** 40)],
                        opset=18),
    "scatter-huge": model([helper.make_node("TensorScatter", ["x", "u"], ["y"])], opset=24,
                          inputs=[info("x", [2, 4, 1]), info("u", [2, 2 ** 38, 1])]),
    "past-flat": model([own("GroupQueryAttention", ["x", "x", "x", "p", "p", "n", "n"],
                            num_heads=1, kv_num_heads=1)],
                       inputs=[info("x", [1, 2, 4]), info("p", [3, 4]), info("n", [1])]),
    "skip-scalar": model([own("SkipLayerNormalization", ["x", "x", "g"])],
                         inputs=[info("x", []), info("g", [1])]),
    "sample-nothing": model([helper.make_node("GridSample", ["x", "g"], ["y"])],
                            inputs=[info("x", [1, 1, 3, 0]), info("g", [1, 2, 2, 2])]),
    "heads-none": model([helper.make_node("Attention", ["x", "x", "v"], ["y"], softcap=1.0)],
                        inputs=[info("x", [1, 2, 3, 4]), info("v", [1, 0, 3, 4])], opset=23),
    "unique-huge": model([helper.make_node("Unique", ["x"], ["y"], axis=0)],
                         inputs=[info("x", [2 ** 39, 0])]),
    "empty-huge": model([helper.make_node("GatherElements", ["x", "i"], ["y"])],
                        inputs=[info("x", [0, 2 ** 39, 2 ** 39]),
                                info("i", [0, 2 ** 39, 2 ** 39])]),
    "defaults-large": model([helper.make_node("f", ["x"], ["y"], domain="own")], functions=[
        helper.make_function("own", "f", ["a"], ["b"], [helper.make_node("Relu", ["a"], ["b"])],
                             [helper.make_opsetid("", 17)],
                             attribute_protos=[helper.make_attribute("s", "x" * 70000)])]),
    "defaults-broken": with_fields(b"\x5a\x03\xff\xff\xff"),
    "defaults-many": with_fields(b"\x78\x01" * 5000),
    "call-crowded": crowded_call(b"\x78\x01" * 5000),
    "steps-many": model([helper.make_node("GRU", ["x", "w", "w"], [f"y{i}" if i else "y"],
                                          hidden_size=3) for i in range(4)],
                        inputs=[info("x", [1000, 1, 3]), info("w", [1, 9, 3])]),
}


def limit():
    if not SANITIZERS:
        resource.setrlimit(resource.RLIMIT_DATA, (1 << 30, 1 << 30))


def show(name, path):
    try:
        run = subprocess.run(["weft-translate", "--import-onnx", path], timeout=SECONDS,
                             text=True, capture_output=True, preexec_fn=limit)
    except subprocess.TimeoutExpired:
        sys.exit(f"{name}: takes more than {SECONDS} s")
    if run.returncode != 1:
        sys.exit(f"{name}: exits with {run.returncode}, expected 1\n{run.stdout}{run.stderr}")
    lines = run.stderr.splitlines()
    print(f"{name}: {lines[0].replace(path, 'MODEL')}" + (f" +{len(lines) - 1}" if lines[1:] else ""))


for name, m in MODELS.items():
    with open("m.onnx", "wb") as f:
        f.write(m if isinstance(m, bytes) else m.SerializeToString())
    show(name, "m.onnx")
with open("large.onnx", "wb") as f:
    f.truncate(2 ** 31)
show("file-large", "large.onnx")
with open("deep.textproto", "w") as f:
    f.write("graph { " + "node { attribute { g { " * 400 + "}}}" * 400 + "}")
show("text-deep", "deep.textproto")
