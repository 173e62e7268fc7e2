//===- Legal.cpp - Is a kernel legal as it stands? ------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Wafer text can be written by hand, so what partition decided is asked again
// before kernels are expanded: the nn op's own verifier judges the shapes, the
// kernel's options() the layouts.
//
//===----------------------------------------------------------------------===//
#include "Legal.h"
#include "PatchProduct.h"
#include "mlir/IR/Verifier.h"

using namespace mlir;
using namespace weft;
using kernels::Option;
using kernels::Problem;
using kernels::Rect;

static RankedTensorType plain(RankedTensorType t) {
  return RankedTensorType::get(t.getShape(), t.getElementType());
}

std::pair<Problem, Option> weft::describe(Operation *op) {
  Problem p;
  Option o;
  auto kernel = dyn_cast<wafer::KernelOp>(op);
  p.op = kernel ? kernel.getOp().str() : "wafer.relayout";
  p.config =
      kernel ? kernel.getConfig() : DictionaryAttr::get(op->getContext());
  o.algorithm = kernel ? kernel.getAlgorithm().str() : "relayout";
  o.validOnes = p.integer("valid_ones");
  for (Value v : op->getOperands()) {
    auto type = cast<RankedTensorType>(v.getType());
    o.ins.push_back(type);
    p.ins.push_back(plain(type));
    auto place = v.getDefiningOp<wafer::PlaceOp>();
    p.constant.push_back(place && place.getConstant());
  }
  if (o.validOnes && !p.ins.empty()) {
    p.ins.pop_back();
    p.constant.pop_back();
  }
  o.out = cast<RankedTensorType>(op->getResult(0).getType());
  p.out = plain(o.out);
  return {p, o};
}

/// Bools are stored as i32; the nn op is to be judged on bools.
static void restoreBools(const Problem &p, SmallVectorImpl<Type> &ins,
                         Type &out) {
  auto asBool = [](Type t) -> Type {
    auto type = cast<RankedTensorType>(t);
    return RankedTensorType::get(type.getShape(),
                                 IntegerType::get(t.getContext(), 1));
  };
  StringRef op = p.op;
  bool logic = op == "nn.and" || op == "nn.or" || op == "nn.not";
  bool compares = op == "nn.equal" || op.starts_with("nn.less") ||
                  op.starts_with("nn.greater");
  if (logic || (op == "nn.where" && !ins.empty()) ||
      (op == "nn.cast" && p.text("from") == "i1"))
    for (Type &t : MutableArrayRef(ins).take_front(logic ? ins.size() : 1))
      t = asBool(t);
  if (logic || compares || (op == "nn.cast" && p.text("to") == "i1"))
    out = asBool(out);
}

/// Builds the nn op on its own and asks its verifier.
static LogicalResult checkProblem(Operation *op, const Problem &p) {
  MLIRContext *ctx = op->getContext();
  // Powers of a constant exponent have one operand; any unary op stands in.
  bool power = p.op == "nn.square" ||
               (p.op == "nn.pow" &&
                isa_and_nonnull<FloatAttr>(p.config.get("exponent")));
  StringRef nnName = power                   ? StringRef("nn.abs")
                     : p.op == "nn.bit_cast" ? StringRef("nn.cast")
                                             : StringRef(p.op);
  auto name = RegisteredOperationName::lookup(nnName, ctx);
  if (!name || !StringRef(p.op).starts_with("nn."))
    return op->emitOpError("computes '") << p.op << "', which is no nn op";
  SmallVector<Type> ins(p.ins.begin(), p.ins.end());
  Type out = p.out;
  restoreBools(p, ins, out);
  // A bias is [1, N] on the wafer, so that one axis holds it once.
  if (p.op == "nn.linear" && ins.size() == 3 && p.ins[2].getRank() == 2 &&
      p.ins[2].getDimSize(0) == 1)
    ins[2] = RankedTensorType::get({p.ins[2].getDimSize(1)},
                                   p.ins[2].getElementType());
  Block block;
  OperationState state(op->getLoc(), *name);
  state.addOperands(ValueRange(block.addArguments(
      ins, SmallVector<Location>(ins.size(), op->getLoc()))));
  state.addTypes(out);
  state.addAttributes(p.config.getValue());
  Operation *judged = Operation::create(state);
  block.push_back(judged);
  return verify(judged);
}

/// Every step of a chain is an elementwise op on operands of the kernel and the
/// value so far, and has the kernel's shape.
static LogicalResult checkChain(Operation *op, const Problem &p) {
  auto steps = p.config.getAs<ArrayAttr>("steps");
  if (!steps || steps.empty())
    return op->emitOpError("is a chain without 'steps'");
  RankedTensorType soFar;
  for (auto [n, a] : llvm::enumerate(steps)) {
    auto step = dyn_cast<DictionaryAttr>(a);
    auto name = step ? step.getAs<StringAttr>("op") : StringAttr();
    auto args = step ? step.getAs<DenseI64ArrayAttr>("args") : nullptr;
    auto out = step ? step.getAs<TypeAttr>("out") : TypeAttr();
    if (!name || !args || !out || !out.getValue().isIntOrFloat())
      return op->emitOpError("step #")
             << n << " of the chain needs 'op', 'args' and an element type "
             << "'out'";
    Problem one;
    one.op = name.str();
    one.config = step;
    one.out = RankedTensorType::get(p.out.getShape(), out.getValue());
    for (int64_t arg : args.asArrayRef()) {
      if (arg >= int64_t(p.ins.size()) || arg < (soFar ? -1 : 0))
        return op->emitOpError("step #") << n << " of the chain uses operand "
                                         << arg << " of " << p.ins.size();
      one.ins.push_back(arg < 0 ? soFar : p.ins[arg]);
      one.constant.push_back(arg >= 0 && p.constant[arg]);
    }
    if (failed(checkProblem(op, one)))
      return failure();
    if (!kernels::isElementwise(one))
      return op->emitOpError("step #")
             << n << " of the chain, " << one.op << ", is not elementwise";
    soFar = one.out;
  }
  if (soFar == p.out)
    return success();
  return op->emitOpError("is a chain that ends with ")
         << soFar << ", its result is " << p.out;
}

/// The operand and result types of an option, as a note says them.
static std::string typesOf(const Option &o) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "(";
  llvm::interleaveComma(o.ins, os);
  os << ") -> " << o.out;
  return text;
}

LogicalResult weft::checkLegal(Operation *op, const Rect &r) {
  auto [p, o] = describe(op);
  const kernels::Kernel *kernel = kernels::findKernel(o.algorithm);
  if (!kernel)
    return op->emitOpError("names kernel '")
           << o.algorithm << "', which is not in the registry";
  if (isa<wafer::KernelOp>(op) &&
      failed(p.op == "wafer.chain"     ? checkChain(op, p)
             : p.op == "wafer.patches" ? checkPatchProduct(op, p)
                                       : checkProblem(op, p)))
    return failure();
  std::vector<Option> options;
  std::string why;
  kernel->options(p, r, options, why);
  options.erase(std::remove_if(options.begin(), options.end(),
                               [&](const Option &k) {
                                 return k.algorithm != o.algorithm;
                               }),
                options.end());
  if (options.empty())
    return op->emitOpError("cannot be computed by '")
           << o.algorithm << "'" << (why.empty() ? "" : ": ") << why;
  for (const Option &k : options)
    if (k.ins == o.ins && k.out == o.out && k.validOnes == o.validOnes)
      return success();
  auto diag = op->emitOpError("has layouts that kernel '")
              << o.algorithm << "' is not legal for";
  for (const Option &k : options)
    diag.attachNote() << "legal: " << typesOf(k);
  return diag;
}
