//===- Fused.cpp - Rules of products with an activation -------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// com.microsoft FusedGemm and FusedConv, which ONNX Runtime's optimiser writes
// for a Gemm or Conv before an activation.
//
//===----------------------------------------------------------------------===//
#include "Composed.h"

using namespace mlir;
using namespace weft;
using namespace weft::nn;

static Value hardSigmoid(NodeCtx &n, Value x, double alpha, double beta) {
  Value line = n.make<AddOp>({n.scaled(x, alpha), n.scalarLike(x, beta)});
  return n.make<MinOp>({n.make<ReluOp>(line), n.scalarLike(x, 1)});
}

static Value leakyRelu(NodeCtx &n, Value x, double alpha) {
  Value low = n.scaled(n.make<MinOp>({x, n.scalarLike(x, 0)}), alpha);
  return n.make<AddOp>({n.make<ReluOp>(x), low});
}

static Value elu(NodeCtx &n, Value x, double alpha) {
  Value e = n.make<ExpOp>(n.make<MinOp>({x, n.scalarLike(x, 0)}));
  Value low = n.scaled(n.make<SubOp>({e, n.scalarLike(x, 1)}), alpha);
  return n.make<AddOp>({n.make<ReluOp>(x), low});
}

static Value clip(NodeCtx &n, Value x, double low, double high) {
  Value bounded = n.make<MaxOp>({x, n.scalarLike(x, low)});
  return n.make<MinOp>({bounded, n.scalarLike(x, high)});
}

/// The activation that the node names, with up to two numbers; none given are
/// those of the op of that name.
static Value activated(NodeCtx &n, Value x, std::optional<double> first,
                       std::optional<double> second) {
  std::string name = n.attrString("activation", "");
  if (!x || name.empty())
    return x;
  if (name == "Relu")
    return n.make<ReluOp>(x);
  if (name == "Tanh")
    return n.make<TanhOp>(x);
  if (name == "Sigmoid")
    return n.make<SigmoidOp>(x);
  if (name == "LeakyRelu")
    return leakyRelu(n, x, first.value_or(0.01f));
  if (name == "Elu")
    return elu(n, x, first.value_or(1));
  if (name == "HardSigmoid")
    return hardSigmoid(n, x, first.value_or(0.2f), second.value_or(0.5f));
  if (name == "Clip" && first && second)
    return clip(n, x, *first, *second);
  return n.failValue("has activation '" + name +
                     "', expected Relu, Tanh, Sigmoid, LeakyRelu, Elu, "
                     "HardSigmoid or Clip with its bounds");
}

static bool fusedGemm(NodeCtx &n) {
  auto number = [&](StringRef name) -> std::optional<double> {
    return n.attr(name) ? std::optional(n.attrFloat(name, 0)) : std::nullopt;
  };
  return n.out(activated(n, gemmOf(n), number("activation_alpha"),
                         number("activation_beta")));
}

/// With a fourth input that is added before the activation.
static bool fusedConv(NodeCtx &n) {
  Value y = convOf(n), z = n.in(3);
  if (y && z) {
    if (n.shape(z) != n.shape(y))
      return n.fail("adds a Z that has not the shape of the result");
    y = n.make<AddOp>({y, z});
  }
  const onnx::AttributeProto *params = n.attr("activation_params");
  auto number = [&](int i) -> std::optional<double> {
    return params && i < params->floats_size()
               ? std::optional<double>(params->floats(i))
               : std::nullopt;
  };
  return n.out(activated(n, y, number(0), number(1)));
}

void weft::addFusedRules(llvm::StringMap<Rule> &rules) {
  rules["com.microsoft/FusedGemm"] = {fusedGemm,
                                      {"alpha", "beta", "transA", "transB",
                                       "activation", "activation_alpha",
                                       "activation_beta", "activation_gamma"}};
  rules["com.microsoft/FusedConv"] = {fusedConv,
                                      {"auto_pad", "dilations", "group",
                                       "kernel_shape", "pads", "strides",
                                       "activation", "activation_params"}};
}
