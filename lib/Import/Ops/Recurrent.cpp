//===- Recurrent.cpp - Rules of RNN, GRU and LSTM -------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Their cells, and the activations that they may have.
//
//===----------------------------------------------------------------------===//
#include "Recurrence.h"

using namespace mlir;
using namespace weft;
using namespace weft::nn;

//===----------------------------------------------------------------------===//
// Activations
//===----------------------------------------------------------------------===//

namespace {
/// Which parameters an activation takes, and what they are by default.
struct ActivationKind {
  const char *name;
  bool hasAlpha, hasBeta;
  double alpha, beta;
};
const ActivationKind activationKinds[] = {
    {"relu", false, false, 0, 0},        {"tanh", false, false, 0, 0},
    {"sigmoid", false, false, 0, 0},     {"affine", true, true, 1, 0},
    {"leakyrelu", true, false, 0.01, 0}, {"thresholdedrelu", true, false, 1, 0},
    {"scaledtanh", true, true, 1, 1},    {"hardsigmoid", true, true, 0.2, 0.5},
    {"elu", true, false, 1, 0},          {"softsign", false, false, 0, 0},
    {"softplus", false, false, 0, 0},
};
} // namespace

bool Recurrence::readActivations() {
  SmallVector<std::string> names;
  for (int64_t d = 0; d < directions; ++d)
    names.append(defaults.begin(), defaults.end());
  if (const onnx::AttributeProto *attr = n.attr("activations"))
    if (attr->strings_size())
      names.assign(attr->strings().begin(), attr->strings().end());
  if (names.size() < size_t(directions) * defaults.size())
    return n.fail("has " + Twine(names.size()) + " activations, expected " +
                  Twine(size_t(directions) * defaults.size()));
  // Parameters are consumed in order by the functions that take them.
  int nextAlpha = 0, nextBeta = 0;
  auto given = [&](StringRef name, bool takes, int &next, double otherwise) {
    const onnx::AttributeProto *attr = n.attr(name);
    return takes && attr && next < attr->floats_size()
               ? double(attr->floats(next++))
               : otherwise;
  };
  for (const std::string &name : names) {
    std::string lower = StringRef(name).lower();
    const auto *kind = llvm::find_if(
        activationKinds, [&](const auto &k) { return lower == k.name; });
    if (kind == std::end(activationKinds))
      return n.fail("has activation '" + name + "', which is not known");
    activations.push_back(
        {lower,
         given("activation_alpha", kind->hasAlpha, nextAlpha, kind->alpha),
         given("activation_beta", kind->hasBeta, nextBeta, kind->beta)});
  }
  return true;
}

Value Recurrence::activated(int64_t which, Value a) {
  if (clip > 0)
    a = n.make<MinOp>(
        {n.make<MaxOp>({a, n.scalarLike(a, -clip)}), n.scalarLike(a, clip)});
  return function(activations[direction * int64_t(defaults.size()) + which], a);
}

Value Recurrence::function(const Activation &f, Value a) {
  auto number = [&](double v) { return n.scalarLike(a, v); };
  auto shifted = [&](Value v, double by) {
    return by == 0 ? v : sum(v, number(by));
  };
  if (f.name == "sigmoid")
    return n.make<SigmoidOp>(a);
  if (f.name == "tanh")
    return n.make<TanhOp>(a);
  if (f.name == "relu")
    return n.make<ReluOp>(a);
  if (f.name == "affine")
    return shifted(n.scaled(a, f.alpha), f.beta);
  if (f.name == "scaledtanh")
    return n.scaled(n.make<TanhOp>(n.scaled(a, f.beta)), f.alpha);
  if (f.name == "hardsigmoid")
    return n.make<MinOp>(
        {n.make<ReluOp>(shifted(n.scaled(a, f.alpha), f.beta)), number(1)});
  if (f.name == "softsign")
    return n.make<DivOp>({a, shifted(n.make<AbsOp>(a), 1)});
  if (f.name == "softplus") { // max(a, 0) + log(1 + exp(-|a|))
    Value e = n.make<ExpOp>(n.make<NegOp>(n.make<AbsOp>(a)));
    Value rest = n.make<LogOp>(shifted(e, 1));
    return sum(n.make<ReluOp>(a), rest);
  }
  if (f.name == "thresholdedrelu")
    return n.make<WhereOp>(
        {n.make<GreaterOp>({a, number(f.alpha)}), a, number(0)});
  Value low = n.make<MinOp>({a, number(0)});
  if (f.name == "elu")
    low = shifted(n.make<ExpOp>(low), -1);
  low = n.scaled(low, f.alpha);
  return sum(n.make<ReluOp>(a), low);
}

//===----------------------------------------------------------------------===//
// The three cells
//===----------------------------------------------------------------------===//

namespace {
class Rnn final : public Recurrence {
public:
  using Recurrence::Recurrence;
  State step(int64_t t, const State &before) override {
    return {activated(0, argument(t, 0, before.hidden)), {}};
  }
};

/// Gates in the order update, reset, hidden.
class Gru final : public Recurrence {
public:
  using Recurrence::Recurrence;
  bool resetsAfter() const { return n.attrInt("linear_before_reset", 0) != 0; }
  bool addsStateBias(int64_t gate) const override {
    return gate != 2 || !resetsAfter();
  }
  State step(int64_t t, const State &before) override {
    Value h = before.hidden;
    Value update = activated(0, argument(t, 0, h));
    Value reset = activated(0, argument(t, 1, h));
    Value own;
    if (resetsAfter()) {
      own = product(h, 2);
      if (Value bias = vector(3, 5, 6))
        own = sum(own, bias);
      own = times(reset, own);
    } else {
      own = product(times(reset, h), 2);
    }
    Value fresh = activated(1, sum(inputAt(t, 2), own));
    Value kept = times(update, h);
    return {sum(times(rest(update), fresh), kept), {}};
  }
};

/// Gates in the order input, output, forget, cell; peepholes without the last.
class Lstm final : public Recurrence {
public:
  using Recurrence::Recurrence;
  Value gate(int64_t t, int64_t which, const State &before, Value cell) {
    Value a = argument(t, which, before.hidden);
    if (which < 3)
      if (Value peephole = vector(7, which, 3))
        a = sum(a, times(peephole, cell));
    return a;
  }
  State step(int64_t t, const State &before) override {
    Value in = activated(0, gate(t, 0, before, before.cell));
    Value forget = n.attrInt("input_forget", 0)
                       ? rest(in)
                       : activated(0, gate(t, 2, before, before.cell));
    Value fresh = activated(1, gate(t, 3, before, {}));
    Value taken = times(in, fresh);
    Value cell = sum(times(forget, before.cell), taken);
    Value out = activated(0, gate(t, 1, before, cell));
    return {times(out, activatedCell(cell)), cell};
  }
  /// The cell is not clipped.
  Value activatedCell(Value cell) {
    return function(activations[direction * 3 + 2], cell);
  }
};
} // namespace

const StringRef defaultActivations[] = {"Sigmoid", "Tanh", "Tanh"};

static bool rnn(NodeCtx &n) {
  return Rnn(n, 1, ArrayRef(defaultActivations).slice(1, 1)).build();
}
static bool gru(NodeCtx &n) {
  return Gru(n, 3, ArrayRef(defaultActivations).take_front(2)).build();
}
static bool lstm(NodeCtx &n) { return Lstm(n, 4, defaultActivations).build(); }

void weft::addRecurrentRules(llvm::StringMap<Rule> &rules) {
  std::vector<StringRef> attrs = {
      "activations", "activation_alpha", "activation_beta", "clip",
      "direction",   "hidden_size",      "layout"};
  rules["RNN"] = {rnn, attrs};
  attrs.push_back("linear_before_reset");
  rules["GRU"] = {gru, attrs};
  attrs.back() = "input_forget";
  rules["LSTM"] = {lstm, attrs};
}
