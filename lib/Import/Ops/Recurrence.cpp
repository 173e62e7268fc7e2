//===- Recurrence.cpp - What RNN, GRU and LSTM share ----------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "Recurrence.h"

using namespace mlir;
using namespace weft;
using namespace weft::nn;

using Ints = SmallVector<int64_t>;

/// More steps than this, over both directions, are refused.
constexpr int64_t MaxSteps = 1024;

static std::string typeOf(Value value) {
  std::string text;
  llvm::raw_string_ostream(text) << value.getType();
  return text;
}

//===----------------------------------------------------------------------===//
// What the node says
//===----------------------------------------------------------------------===//

bool Recurrence::readShapes() {
  Value in = n.in(0), w = n.in(1), r = n.in(2);
  if (!in || !w || !r || n.rank(in) != 3 || n.rank(w) != 3 || n.rank(r) != 3)
    return n.fail("has no input, weights and recurrent weights of rank 3");
  batchFirst = n.attrInt("layout", 0) != 0;
  if (batchFirst)
    in = n.transpose(in, {1, 0, 2});
  std::string way = n.attrString("direction", "forward");
  if (way != "forward" && way != "reverse" && way != "bidirectional")
    return n.fail("has direction '" + way +
                  "', expected forward, reverse or bidirectional");
  directions = way == "bidirectional" ? 2 : 1;
  steps = n.shape(in)[0];
  batch = n.shape(in)[1];
  hidden = n.shape(r)[2];
  if (steps < 1 || batch < 1 || steps * directions > MaxSteps)
    return n.fail("has " + Twine(steps) + " steps, supported are 1 to " +
                  Twine(MaxSteps / directions));
  int64_t inputs = n.shape(in)[2];
  if (n.shape(w) != ArrayRef<int64_t>({directions, gates * hidden, inputs}) ||
      n.shape(r) != ArrayRef<int64_t>({directions, gates * hidden, hidden}) ||
      n.attrInt("hidden_size", hidden) != hidden)
    return n.fail("has weights of types " + typeOf(w) + " and " + typeOf(r) +
                  " for " + Twine(gates) + " gates, " + Twine(inputs) +
                  " inputs and " + Twine(n.attrInt("hidden_size", hidden)) +
                  " hidden elements");
  if (n.has(4) && n.shape(n.in(4)) != ArrayRef<int64_t>(batch))
    return n.fail("has sequence_lens of type " + typeOf(n.in(4)) +
                  ", expected one for " + "each of " + Twine(batch) +
                  " batches");
  x = n.reshape(in, {steps * batch, inputs});
  clip = n.attrFloat("clip", 0);
  return x && readActivations();
}

//===----------------------------------------------------------------------===//
// Operands of one direction
//===----------------------------------------------------------------------===//

/// Weights of a gate, [from, hidden].
Value Recurrence::weight(unsigned input, int64_t gate) {
  Value w = n.sliceAxis(n.in(input), 0, direction, 1);
  w = n.sliceAxis(w, 1, gate * hidden, hidden);
  return w ? n.transpose(n.reshape(w, n.shape(w).drop_front()), {1, 0}) : w;
}

/// Part of a row of vectors, [hidden]; null if the input is absent.
Value Recurrence::vector(unsigned input, int64_t part, int64_t parts) {
  Value v = n.in(input);
  if (!v || n.failed)
    return {};
  if (n.shape(v) != ArrayRef<int64_t>({directions, parts * hidden}))
    return n.failValue("has input #" + Twine(input) + " of type " + typeOf(v) +
                       ", expected " + Twine(directions) + " x " +
                       Twine(parts * hidden));
  Value row = n.sliceAxis(v, 0, direction, 1);
  return n.reshape(n.sliceAxis(row, 1, part * hidden, hidden), {hidden});
}

/// A first state, [batch, hidden].
Value Recurrence::first(unsigned input) {
  Value v = n.in(input);
  if (!v)
    return n.splat(0, RankedTensorType::get({batch, hidden}, n.element(x)));
  Ints shape{directions, batch, hidden};
  if (batchFirst)
    std::swap(shape[0], shape[1]);
  if (n.shape(v) != ArrayRef(shape))
    return n.failValue("has input #" + Twine(input) + " of type " + typeOf(v) +
                       ", expected " + Twine(shape[0]) + " x " +
                       Twine(shape[1]) + " x " + Twine(hidden));
  return n.reshape(n.sliceAxis(v, batchFirst, direction, 1), {batch, hidden});
}

bool Recurrence::prepareDirection() {
  ofInput.clear();
  recurrent.clear();
  for (int64_t g = 0; g < gates; ++g) {
    Value y = n.make<MatMulOp>({x, weight(1, g)});
    if (Value bias = vector(3, g, 2 * gates))
      y = sum(y, addsStateBias(g) ? sum(bias, vector(3, gates + g, 2 * gates))
                                  : bias);
    ofInput.push_back(n.reshape(y, {steps, batch, hidden}));
    recurrent.push_back(weight(2, g));
  }
  return !n.failed;
}

/// [batch, 1]: is step t within the sequence? Null if it is in all.
Value Recurrence::lives(int64_t t) {
  if (!n.has(4))
    return {};
  if (auto lengths = n.knownInts(n.in(4));
      lengths && llvm::all_of(*lengths, [&](int64_t l) { return l > t; }))
    return {};
  Value length = n.reshape(n.in(4), {batch, 1});
  return n.make<GreaterOp>({length, n.scalarLike(length, double(t))});
}

//===----------------------------------------------------------------------===//
// Steps
//===----------------------------------------------------------------------===//

bool Recurrence::runDirection(SmallVectorImpl<Value> &outputs, State &last) {
  if (!prepareDirection())
    return false;
  bool backwards =
      direction == 1 || n.attrString("direction", "forward") == "reverse";
  last.hidden = first(5);
  last.cell = n.node.op_type() == "LSTM" ? first(6) : Value();
  outputs.assign(steps, Value());
  for (int64_t i = 0; i < steps && !n.failed; ++i) {
    int64_t t = backwards ? steps - 1 - i : i;
    State now = step(t, last);
    outputs[t] = now.hidden;
    if (Value live = lives(t)) {
      outputs[t] =
          n.make<WhereOp>({live, now.hidden, n.scalarLike(now.hidden, 0)});
      now.hidden = n.make<WhereOp>({live, now.hidden, last.hidden});
      if (now.cell)
        now.cell = n.make<WhereOp>({live, now.cell, last.cell});
    }
    last = now;
  }
  return !n.failed;
}

/// Y of all steps, and the last states, by direction.
bool Recurrence::emit(ArrayRef<SmallVector<Value>> outputs,
                      ArrayRef<State> last) {
  auto joined = [&](llvm::function_ref<Value(int64_t)> of) {
    SmallVector<Value> parts;
    for (int64_t d = 0; d < directions; ++d)
      parts.push_back(of(d));
    return n.concat(parts, batchFirst ? 1 : 0);
  };
  Ints one = batchFirst ? Ints{batch, 1, hidden} : Ints{1, batch, hidden};
  if (n.wants(0)) {
    Ints shape(one);
    shape.insert(shape.begin() + batchFirst, 1); // a step
    SmallVector<Value> parts;
    for (int64_t t = 0; t < steps; ++t) {
      SmallVector<Value> both;
      for (int64_t d = 0; d < directions; ++d)
        both.push_back(n.reshape(outputs[d][t], shape));
      parts.push_back(n.concat(both, batchFirst ? 2 : 1));
    }
    if (!n.out(n.concat(parts, batchFirst), 0))
      return false;
  }
  if (n.wants(1) &&
      !n.out(joined([&](int64_t d) { return n.reshape(last[d].hidden, one); }),
             1))
    return false;
  return !n.wants(2) ||
         n.out(joined([&](int64_t d) { return n.reshape(last[d].cell, one); }),
               2);
}

bool Recurrence::build() {
  if (!readShapes())
    return false;
  SmallVector<SmallVector<Value>> outputs(directions);
  SmallVector<State> last(directions);
  for (direction = 0; direction < directions; ++direction)
    if (!runDirection(outputs[direction], last[direction]))
      return false;
  return emit(outputs, last);
}
