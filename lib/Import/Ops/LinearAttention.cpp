//===- LinearAttention.cpp - Rules of other forms of attention ------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// LinearAttention of opset 27, whose state is as large for a long past as for a
// short one, and FlexAttention, whose scores a graph of the model changes.
//
//===----------------------------------------------------------------------===//
#include "Body.h"
#include <cmath>

using namespace mlir;
using namespace weft;
using namespace weft::nn;

using Ints = SmallVector<int64_t>;

//===----------------------------------------------------------------------===//
// LinearAttention
//===----------------------------------------------------------------------===//

/// More steps than this are refused: each is written out.
constexpr int64_t MaxSteps = 1024;

namespace {
/// Heads of state [batch, heads, keys, values]; `group` queries share each.
class LinearAttention {
public:
  explicit LinearAttention(NodeCtx &n) : n(n) {}
  bool build();

private:
  NodeCtx &n;
  int64_t batch = 0, steps = 0, heads = 0, group = 0, keys = 0, values = 0;
  bool decays = false, corrects = false;
  // [batch, steps, heads, ...] in f32; decay and beta end with 1 or all keys.
  Value query, key, value, decay, beta, state;
  double scale = 0;

  bool readShapes();
  bool readGates();
  Value split(unsigned input, ArrayRef<int64_t> last);
  Value at(Value x, int64_t t, ArrayRef<int64_t> last);
  Value step(int64_t t);
};
} // namespace

/// An input [batch, steps, n] as [batch, steps, heads, last...], in f32.
Value LinearAttention::split(unsigned input, ArrayRef<int64_t> last) {
  Ints shape{batch, steps, heads};
  llvm::append_range(shape, last);
  Value x = n.in(input);
  if (n.type(x).getNumElements() != llvm::product_of(shape) ||
      n.shape(x).take_front(2) != ArrayRef<int64_t>({batch, steps}))
    return n.failValue("has input #" + Twine(input) + " with " +
                       Twine(n.type(x).getNumElements()) +
                       " elements, expected " + Twine(llvm::product_of(shape)));
  return n.reshape(n.cast(x, n.builder().getF32Type()), shape);
}

bool LinearAttention::readShapes() {
  for (unsigned i : {0u, 1u, 2u})
    if (!n.has(i) || n.rank(n.in(i)) != 3)
      return n.fail("has no query, key and value of rank 3");
  int64_t queryHeads = n.attrInt("q_num_heads", 0);
  heads = n.attrInt("kv_num_heads", 0);
  batch = n.shape(n.in(0))[0];
  steps = n.shape(n.in(0))[1];
  if (heads < 1 || queryHeads < 1 || queryHeads % heads)
    return n.fail("has " + Twine(queryHeads) + " heads of queries for " +
                  Twine(heads) + " of keys, expected a multiple");
  if (steps < 1 || steps > MaxSteps)
    return n.fail("has " + Twine(steps) + " steps, supported are 1 to " +
                  Twine(MaxSteps));
  group = queryHeads / heads;
  keys = n.shape(n.in(1))[2] / heads;
  values = n.shape(n.in(2))[2] / heads;
  scale = n.attrFloat("scale", 0);
  if (scale == 0)
    scale = 1 / std::sqrt(double(std::max<int64_t>(keys, 1)));
  query = split(0, {group, keys});
  key = split(1, {keys});
  value = split(2, {values});
  auto type = RankedTensorType::get({batch, heads, keys, values},
                                    n.builder().getF32Type());
  if (n.has(3) && n.shape(n.in(3)) != type.getShape())
    return n.fail("has a past_state that is not " + Twine(batch) + " x " +
                  Twine(heads) + " x " + Twine(keys) + " x " + Twine(values));
  state = n.has(3) ? n.cast(n.in(3), type.getElementType()) : n.splat(0, type);
  return !n.failed;
}

bool LinearAttention::readGates() {
  std::string rule = n.attrString("update_rule", "gated_delta");
  if (rule != "linear" && rule != "gated" && rule != "delta" &&
      rule != "gated_delta")
    return n.fail("has update_rule '" + rule +
                  "', expected linear, gated, delta or gated_delta");
  decays = rule == "gated" || rule == "gated_delta";
  corrects = rule == "delta" || rule == "gated_delta";
  if ((decays && !n.has(4)) || (corrects && !n.has(5)))
    return n.fail("has update_rule '" + rule + "' without " +
                  (decays && !n.has(4) ? "decay" : "beta"));
  if (decays) {
    bool perKey = n.rank(n.in(4)) == 3 && n.shape(n.in(4))[2] == heads * keys;
    decay = n.make<ExpOp>(split(4, {perKey ? keys : 1}));
  }
  if (corrects && n.rank(n.in(5)) == 3 && n.shape(n.in(5))[2] == 1)
    beta = n.reshape(n.cast(n.in(5), n.builder().getF32Type()),
                     {batch, steps, 1, 1});
  else if (corrects)
    beta = split(5, {1});
  return !n.failed;
}

/// Step t of an operand, [batch, heads, last...].
Value LinearAttention::at(Value x, int64_t t, ArrayRef<int64_t> last) {
  Value row = n.sliceAxis(x, 1, t, 1);
  if (!row)
    return {};
  Ints shape{batch, n.shape(x)[2]};
  llvm::append_range(shape, last);
  return n.reshape(row, shape);
}

/// The new state, and what the queries read from it:
/// S = decay S + k (beta (v - k^T decay S)), o = q^T S.
Value LinearAttention::step(int64_t t) {
  Value write = at(value, t, {1, values});
  if (decays)
    state = n.make<MulOp>({state, at(decay, t, {n.shape(decay)[3], 1})});
  if (corrects) {
    Value found = n.make<MatMulOp>({at(key, t, {1, keys}), state});
    write = n.make<MulOp>({at(beta, t, {1, 1}), n.make<SubOp>({write, found})});
  }
  Value outer = n.make<MulOp>({at(key, t, {keys, 1}), write});
  state = n.make<AddOp>({state, outer});
  Value read = n.make<MatMulOp>({at(query, t, {group, keys}), state});
  return n.reshape(read, {batch, 1, heads * group * values});
}

bool LinearAttention::build() {
  if (!readShapes() || !readGates())
    return false;
  query = n.scaled(query, scale);
  SmallVector<Value> rows;
  for (int64_t t = 0; t < steps; ++t) {
    rows.push_back(step(t));
    if (!rows.back())
      return false;
  }
  Type element = n.element(n.in(0));
  return n.out(n.cast(n.concat(rows, 1), element)) &&
         n.out(n.cast(state, element), 1);
}

static bool linearAttention(NodeCtx &n) { return LinearAttention(n).build(); }

//===----------------------------------------------------------------------===//
// FlexAttention
//===----------------------------------------------------------------------===//

/// The scores or probabilities as a graph of the node changes them, if any.
static Value modified(NodeCtx &n, StringRef attribute, Value x) {
  if (!x || !n.attr(attribute))
    return x;
  Body body(n, attribute);
  std::optional<SmallVector<Value>> results = body.inlined({x});
  if (!results || results->size() != 1)
    return n.failValue("has a graph '" + attribute +
                       "' that does not compute one result");
  if (results->front().getType() != x.getType())
    return n.failValue("has a graph '" + attribute +
                       "' whose result has another type than its input");
  return results->front();
}

/// [batch, heads, rows, width] as [batch, rows, heads * width].
static Value merged(NodeCtx &n, Value x) {
  ArrayRef<int64_t> s = n.shape(x);
  Ints shape{s[0], s[2], s[1] * s[3]};
  return n.reshape(n.transpose(x, {0, 2, 1, 3}), shape);
}

static bool flexAttention(NodeCtx &n) {
  Value q = n.in(0), k = n.in(1), v = n.in(2);
  for (Value x : {q, k, v})
    if (!x || n.rank(x) != 4)
      return n.fail("has no query, key and value of rank 4");
  int64_t batch = n.shape(q)[0], heads = n.shape(q)[1], rows = n.shape(q)[2],
          width = n.shape(q)[3], kvHeads = n.shape(k)[1],
          columns = n.shape(k)[2], wide = n.shape(v)[3];
  if (kvHeads < 1 || heads % kvHeads || n.shape(v)[1] != kvHeads)
    return n.fail("has " + Twine(heads) + " heads of queries for " +
                  Twine(kvHeads) + " of keys and " + Twine(n.shape(v)[1]) +
                  " of values");
  double scale = n.attr("scale")
                     ? n.attrFloat("scale", 1)
                     : 1 / std::sqrt(double(std::max<int64_t>(width, 1)));
  int64_t precision = n.attrInt("softmax_precision", 1);
  Type element = elementType(n.loc.getContext(), int32_t(precision));
  if (!element || !isa<FloatType>(element) || element.isF64())
    return n.fail("has softmax_precision " + Twine(precision) +
                  ", supported are float, float16 and bfloat16");
  if (!n.attr("score_mod") && !n.attr("prob_mod")) {
    Value y = n.attention({merged(n, q), merged(n, k), merged(n, v)}, heads,
                          kvHeads, scale, /*causal=*/false);
    return n.out(
        n.transpose(n.reshape(y, {batch, rows, heads, wide}), {0, 2, 1, 3}));
  }
  // The queries that share a head of keys are one matrix.
  int64_t shared = heads / kvHeads * rows;
  Value scores =
      n.make<MatMulOp>({n.reshape(q, {batch, kvHeads, shared, width}),
                        n.transpose(k, {0, 1, 3, 2})});
  scores = n.reshape(n.scaled(scores, scale), {batch, heads, rows, columns});
  scores = modified(n, "score_mod", n.cast(scores, element));
  Value probs = scores ? n.softmax(scores, 3) : Value();
  probs = modified(n, "prob_mod", probs);
  probs = n.cast(probs, n.element(v));
  Value y = n.make<MatMulOp>(
      {n.reshape(probs, {batch, kvHeads, shared, columns}), v});
  return n.out(n.reshape(y, {batch, heads, rows, wide}));
}

void weft::addLinearAttentionRules(llvm::StringMap<Rule> &rules) {
  rules["LinearAttention"] = {
      linearAttention,
      {"chunk_size", "kv_num_heads", "q_num_heads", "scale", "update_rule"}};
  rules["ai.onnx.preview/FlexAttention"] = {
      flexAttention, {"prob_mod", "score_mod", "softmax_precision", "scale"}};
}
