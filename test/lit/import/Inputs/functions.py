# functions.py - Functions as ONNX has them since version 1.13
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# Writes a model whose functions have defaults for attributes, are overloaded, and
# are called without an optional input.

import sys

import onnx
from onnx import TensorProto, helper

OPSETS = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]


def by_reference(node, name):
    attribute = onnx.AttributeProto(name=name, ref_attr_name=name, type=onnx.AttributeProto.FLOAT)
    node.attribute.append(attribute)
    return node


def function(name, inputs, nodes, overload="", **defaults):
    return helper.make_function("own", name, inputs, ["r"], nodes, OPSETS, overload=overload,
                                attribute_protos=[helper.make_attribute(k, v)
                                                  for k, v in defaults.items()])


def call(name, inputs, output, overload="", **attributes):
    return helper.make_node(name, inputs, [output], name=output, domain="own", overload=overload,
                            **attributes)


leaky = by_reference(helper.make_node("LeakyRelu", ["a"], ["r"]), "alpha")
within = by_reference(helper.make_node("Leaky", ["a"], ["r"], domain="own"), "alpha")
clip = [helper.make_node("Clip", ["a", "low", "high"], ["r"])]
FUNCTIONS = [
    function("Leaky", ["a"], [leaky], alpha=0.25),
    function("Outer", ["a"], [within], alpha=0.75),
    function("Turn", ["a"], [helper.make_node("Relu", ["a"], ["r"])], "relu"),
    function("Turn", ["a"], [helper.make_node("Neg", ["a"], ["r"])], "neg"),
    function("Bound", ["a", "low", "high"], clip),
    function("Twice", ["a", "low", "high"], [call("Bound", ["a", "low", "high"], "r")]),
]
NODES = [
    call("Leaky", ["x"], "default"), call("Leaky", ["x"], "given", alpha=0.5),
    call("Outer", ["x"], "outer"), call("Turn", ["x"], "relu", "relu"),
    call("Turn", ["x"], "neg", "neg"), call("Bound", ["x", "", "one"], "bound"),
    call("Twice", ["x", "", "one"], "twice"),
]
graph = helper.make_graph(
    NODES, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [3])],
    [helper.make_tensor_value_info(n.output[0], TensorProto.FLOAT, [3]) for n in NODES],
    [helper.make_tensor("one", TensorProto.FLOAT, [], [1.0])])
onnx.save(helper.make_model(graph, functions=FUNCTIONS, opset_imports=OPSETS, ir_version=10),
          sys.argv[1])
