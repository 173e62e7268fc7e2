//===- Control.cpp - Rules of control flow --------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// If, Loop and Scan leave nothing behind: the branch that is taken is inlined,
// and bodies are inlined once for each step. So conditions and numbers of steps
// must be known at compile time, or follow from what is; the importer bounds
// the number of inlined nodes.
//
//===----------------------------------------------------------------------===//
#include "Body.h"

using namespace mlir;
using namespace weft;
using namespace weft::nn;

using Ints = SmallVector<int64_t>;
using Values = SmallVector<Value>;

/// What to do where the condition is an input, as in decoders that hold the
/// first step and the later ones.
static StringRef bindingAdvice(NodeCtx &n) {
  Value value = n.has(0) ? n.in(0) : Value();
  while (value && value.getDefiningOp() &&
         value.getDefiningOp()->getNumOperands() == 1)
    value = value.getDefiningOp()->getOperand(0);
  return isa_and_nonnull<BlockArgument>(value)
             ? ", but an input that --const NAME=FILE can bind"
             : "";
}

static bool ifThenElse(NodeCtx &n) {
  const HostTensor *condition = n.has(0) ? n.known(n.in(0)) : nullptr;
  if (!condition || condition->size() != 1)
    return n.fail("has a condition that is not known at compile time" +
                  bindingAdvice(n));
  Body branch(n, condition->getInt(0) ? "then_branch" : "else_branch");
  std::optional<Values> results = branch.inlined({});
  if (!results)
    return false;
  for (auto [i, value] : llvm::enumerate(*results))
    n.out(value, i);
  return true;
}

/// The values of all steps, one after the other along a new dimension.
static Value stacked(NodeCtx &n, ArrayRef<Value> steps, int64_t axis,
                     bool reversed) {
  Values parts;
  for (Value step : steps) {
    if (!isa<RankedTensorType>(step.getType()))
      return n.failValue("stacks sequences");
    if (n.type(step) != n.type(steps.front()))
      return n.failValue("has results of different shapes from step to step");
    Ints shape(n.shape(step));
    shape.insert(shape.begin() + axis, 1);
    parts.push_back(n.reshape(step, shape));
  }
  if (reversed)
    std::reverse(parts.begin(), parts.end());
  return n.concat(parts, axis);
}

//===----------------------------------------------------------------------===//
// Loop
//===----------------------------------------------------------------------===//

/// The one element of an optional input that has to be known.
static std::optional<int64_t> knownScalar(NodeCtx &n, Value value,
                                          int64_t absent, StringRef what) {
  if (!value)
    return absent;
  auto known = n.knownInts(value);
  if (known && known->size() == 1)
    return known->front();
  n.fail("has " + what +
         " that is not known at compile time, so the number "
         "of its steps depends on data");
  return std::nullopt;
}

static Value truth(NodeCtx &n, bool value) {
  return n.scalar(value, n.builder().getI1Type());
}

static bool loop(NodeCtx &n) {
  Body body(n, "body");
  auto count = knownScalar(n, n.in(0), INT64_MAX, "a trip count");
  auto go = knownScalar(n, n.in(1), 1, "a condition");
  int carried = int(n.numInputs()) - 2, scans = body.outputs() - 1 - carried;
  if (n.failed || !count || !go)
    return false;
  if (carried < 0 || scans < 0 || body.inputs() != carried + 2)
    return n.fail("has " + Twine(std::max(carried, 0)) +
                  " carried values and a body of " + Twine(body.inputs()) +
                  " inputs and " + Twine(body.outputs()) + " outputs");
  Values state(n.inputs.begin() + 2, n.inputs.end());
  if (llvm::is_contained(state, Value()))
    return n.fail("has a carried value without a first one");
  SmallVector<Values> steps(scans);
  Value condition = n.in(1) ? n.reshape(n.in(1), {}) : truth(n, true);
  for (int64_t i = 0; i < *count && *go; ++i) {
    Values args = {n.reshape(n.ints({i}), {}), condition};
    args.append(state);
    std::optional<Values> results = body.inlined(args);
    if (!results)
      return false;
    condition = results->front();
    go = knownScalar(n, condition, 1, "a condition computed by its body");
    if (!go)
      return false;
    state.assign(results->begin() + 1, results->begin() + 1 + carried);
    for (int k = 0; k < scans; ++k)
      steps[k].push_back((*results)[1 + carried + k]);
  }
  for (int k = 0; k < carried; ++k)
    n.out(state[k], k);
  for (int k = 0; k < scans && !n.failed; ++k) {
    Value all;
    if (!steps[k].empty()) {
      all = stacked(n, steps[k], 0, false);
    } else if (RankedTensorType type = body.outputType(1 + carried + k)) {
      Ints shape(type.getShape());
      shape.insert(shape.begin(), 0);
      all = n.splat(0, RankedTensorType::get(shape, type.getElementType()));
    } else if (n.wants(carried + k)) {
      return n.fail("makes no step, and its body does not declare the shape "
                    "of output #" +
                    Twine(1 + carried + k));
    }
    n.out(all, carried + k);
  }
  return !n.failed;
}

//===----------------------------------------------------------------------===//
// Scan
//===----------------------------------------------------------------------===//

namespace {
/// What the attributes of a Scan say, checked.
struct ScanShape {
  int64_t scanned = 0, states = 0, results = 0; // inputs, values, outputs
  Ints inAxes, outAxes, inReversed, outReversed;
};
} // namespace

/// An optional list of one number for each of `count`.
static bool listOf(NodeCtx &n, StringRef name, int64_t count, Ints &list) {
  list = n.attrInts(name).value_or(Ints(count, 0));
  return int64_t(list.size()) == count ||
         n.fail("has " + Twine(list.size()) + " " + name + ", expected " +
                Twine(count));
}

/// Before opset 9 there are no axes, and directions have another name.
static std::optional<ScanShape> scanShape(NodeCtx &n, const Body &body,
                                          unsigned firstInput) {
  ScanShape s;
  s.scanned = n.attrInt("num_scan_inputs", 0);
  int64_t inputs = int64_t(n.numInputs()) - firstInput;
  bool fits = s.scanned >= 1 && s.scanned <= inputs;
  s.states = fits ? inputs - s.scanned : 0;
  s.results = body.outputs() - s.states;
  if (!fits || s.results < 0 || body.inputs() != inputs) {
    n.fail("has " + Twine(s.scanned) + " scan inputs of " + Twine(inputs) +
           ", and a body of " + Twine(body.inputs()) + " inputs and " +
           Twine(body.outputs()) + " outputs");
    return std::nullopt;
  }
  bool old = n.opset() < 9;
  if (!listOf(n, "scan_input_axes", s.scanned, s.inAxes) ||
      !listOf(n, "scan_output_axes", s.results, s.outAxes) ||
      !listOf(n, old ? "directions" : "scan_input_directions", s.scanned,
              s.inReversed) ||
      !listOf(n, "scan_output_directions", s.results, s.outReversed))
    return std::nullopt;
  return s;
}

/// One pass over the scan inputs; `inputs` are states, then scan inputs.
/// Returns states, then stacked results.
static std::optional<Values>
scanOnce(NodeCtx &n, Body &body, const ScanShape &s, ArrayRef<Value> inputs) {
  Values state(inputs.take_front(s.states));
  Ints axes;
  int64_t count = -1;
  for (auto [k, value] : llvm::enumerate(inputs.drop_front(s.states))) {
    auto axis = n.axis(s.inAxes[k], n.rank(value));
    if (!axis)
      return std::nullopt;
    axes.push_back(*axis);
    int64_t extent = n.shape(value)[*axis];
    if (count >= 0 && extent != count) {
      n.fail("scans inputs of " + Twine(count) + " and " + Twine(extent) +
             " steps");
      return std::nullopt;
    }
    count = extent;
  }
  SmallVector<Values> steps(s.results);
  for (int64_t i = 0; i < count; ++i) {
    Values args(state);
    for (auto [k, value] : llvm::enumerate(inputs.drop_front(s.states))) {
      int64_t at = s.inReversed[k] ? count - 1 - i : i;
      Ints shape(n.shape(value));
      shape.erase(shape.begin() + axes[k]);
      args.push_back(n.reshape(n.sliceAxis(value, axes[k], at, 1), shape));
    }
    std::optional<Values> results = body.inlined(args);
    if (!results)
      return std::nullopt;
    state.assign(results->begin(), results->begin() + s.states);
    for (int64_t k = 0; k < s.results; ++k)
      steps[k].push_back((*results)[s.states + k]);
  }
  for (int64_t k = 0; k < s.results; ++k) {
    if (steps[k].empty()) {
      n.fail("scans no steps");
      return std::nullopt;
    }
    auto axis = n.axis(s.outAxes[k], n.rank(steps[k].front()) + 1);
    Value all =
        axis ? stacked(n, steps[k], *axis, s.outReversed[k] != 0) : Value();
    if (!all)
      return std::nullopt;
    state.push_back(all);
  }
  return state;
}

/// Opset 8: every input has a batch as its first dimension, each of which is
/// scanned by itself.
static bool scanBatches(NodeCtx &n, Body &body, const ScanShape &s,
                        ArrayRef<Value> inputs) {
  int64_t batch = n.rank(inputs.back()) ? n.shape(inputs.back())[0] : 0;
  SmallVector<Values> results;
  for (int64_t b = 0; b < batch; ++b) {
    Values own;
    for (Value value : inputs) {
      if (n.rank(value) < 1 || n.shape(value)[0] != batch)
        return n.fail("has inputs that do not share a batch dimension of " +
                      Twine(batch));
      own.push_back(
          n.reshape(n.sliceAxis(value, 0, b, 1), n.shape(value).drop_front()));
    }
    std::optional<Values> one = scanOnce(n, body, s, own);
    if (!one)
      return false;
    results.resize(one->size());
    for (auto [k, value] : llvm::enumerate(*one))
      results[k].push_back(value);
  }
  for (auto [k, values] : llvm::enumerate(results))
    if (!n.out(stacked(n, values, 0, false), k))
      return false;
  return batch > 0 || n.fail("has no batch");
}

static bool scan(NodeCtx &n) {
  Body body(n, "body");
  bool old = n.opset() < 9;
  if (n.failed)
    return false;
  if (old && n.has(0))
    return n.fail("has sequence_lens, which is not supported");
  std::optional<ScanShape> s = scanShape(n, body, old);
  Values inputs(ArrayRef(n.inputs).drop_front(old));
  if (!s || llvm::is_contained(inputs, Value()))
    return n.fail("lacks an input");
  if (old)
    return scanBatches(n, body, *s, inputs);
  std::optional<Values> results = scanOnce(n, body, *s, inputs);
  if (!results)
    return false;
  for (auto [k, value] : llvm::enumerate(*results))
    n.out(value, k);
  return true;
}

void weft::addControlRules(llvm::StringMap<Rule> &rules) {
  rules["If"] = {ifThenElse, {"then_branch", "else_branch"}};
  rules["Loop"] = {loop, {"body"}};
  rules["Scan"] = {scan,
                   {"body", "num_scan_inputs", "directions", "scan_input_axes",
                    "scan_output_axes", "scan_input_directions",
                    "scan_output_directions"}};
}
