//===- WaferOps.cpp - Verifiers of the wafer dialect ----------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "Wafer/WaferOps.h"
#include "NN/NNOps.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace weft::wafer;

#define GET_OP_CLASSES
#include "Wafer/WaferOps.cpp.inc"

/// The stage's results and yields, or the constant's, must agree.
static LogicalResult checkYield(Operation *op, Block &body,
                                TypeRange expected) {
  auto yield = dyn_cast<YieldOp>(body.empty() ? nullptr : &body.back());
  if (!yield)
    return op->emitOpError("body must end with wafer.yield");
  if (yield.getOperandTypes() != expected)
    return yield.emitOpError("yields types that differ from the results of '")
           << op->getName() << "'";
  return success();
}

LogicalResult ConstantOp::verifyRegions() {
  auto type = dyn_cast<RankedTensorType>(getType());
  if (!type || !type.hasStaticShape() || type.getEncoding())
    return emitOpError("has type ")
           << getType() << ", expected a tensor of static shape, no layout";
  return checkYield(*this, getBody().front(), TypeRange(getType()));
}

/// Stages with a place lie on the grid and do not overlap.
static LogicalResult checkRectangles(ProgramOp program) {
  ArrayRef<int64_t> grid = program.getGrid();
  const int64_t origin[] = {0, 0};
  SmallVector<StageOp> placed;
  for (StageOp stage : program.getBody().getOps<StageOp>()) {
    ArrayRef<int64_t> s = stage.getSize();
    ArrayRef<int64_t> p = stage.getAt().value_or(ArrayRef(origin));
    if (s[0] > grid[0] - p[0] || s[1] > grid[1] - p[1])
      return stage.emitOpError("rectangle [")
             << p[0] << ", " << p[1] << "] + [" << s[0] << ", " << s[1]
             << "] leaves the grid of [" << grid[0] << ", " << grid[1] << "]";
    if (stage.getAt())
      placed.push_back(stage);
  }
  for (auto [i, a] : llvm::enumerate(placed))
    for (StageOp b : ArrayRef(placed).drop_front(i + 1)) {
      ArrayRef<int64_t> p = *a.getAt(), s = a.getSize();
      ArrayRef<int64_t> q = *b.getAt(), t = b.getSize();
      if (p[0] < q[0] + t[0] && q[0] < p[0] + s[0] && p[1] < q[1] + t[1] &&
          q[1] < p[1] + s[1]) {
        auto diag = b.emitOpError("rectangle overlaps that of stage '")
                    << a.getSymName() << "'";
        diag.attachNote(a.getLoc()) << "stage '" << a.getSymName() << "' here";
        return diag;
      }
    }
  return success();
}

/// What may be returned: an input, a constant, or a stage's result.
static LogicalResult checkReturn(ReturnOp ret) {
  for (auto [i, v] : llvm::enumerate(ret.getOperands())) {
    auto place = v.getDefiningOp<PlaceOp>();
    if (!isa<BlockArgument>(v) && !v.getDefiningOp<StageOp>() &&
        !(place && place.getConstant()))
      return ret.emitOpError("operand #")
             << i
             << " must be a graph input, a constant that wafer.place lays "
                "out, or a result of a stage";
  }
  return success();
}

LogicalResult ProgramOp::verifyRegions() {
  Block &body = getBody().front();
  auto ret = dyn_cast<ReturnOp>(body.empty() ? nullptr : &body.back());
  if (!ret)
    return emitOpError("body must end with wafer.return");
  if (body.getNumArguments() != getInputNames().size())
    return emitOpError("has ") << body.getNumArguments() << " inputs and "
                               << getInputNames().size() << " input names";
  if (ret.getNumOperands() != getOutputNames().size())
    return emitOpError("has ") << ret.getNumOperands() << " outputs and "
                               << getOutputNames().size() << " output names";
  if (getGrid().size() != 2 || getGrid()[0] < 1 || getGrid()[1] < 1)
    return emitOpError("grid must be [width, height], both at least 1");
  if (failed(weft::nn::verifyStates(*this, getStateAttr(),
                                    body.getArgumentTypes(),
                                    SmallVector<Type>(ret.getOperandTypes()))))
    return failure();
  llvm::StringSet<> names;
  for (Operation &op : body.without_terminator()) {
    if (!isa<StageOp, StreamOp, PlaceOp>(op))
      return op.emitOpError("is not allowed between stages, allowed are "
                            "wafer.stage, wafer.stream and wafer.place");
    if (auto stage = dyn_cast<StageOp>(op))
      if (!names.insert(stage.getSymName()).second)
        return stage.emitOpError("repeats the name of an earlier stage");
  }
  if (failed(checkReturn(ret)))
    return failure();
  return checkRectangles(*this);
}

LogicalResult StageOp::verify() {
  if (getSize().size() != 2 || getSize()[0] < 1 || getSize()[1] < 1)
    return emitOpError("size must be [width, height], both at least 1");
  if (getAt() &&
      (getAt()->size() != 2 || (*getAt())[0] < 0 || (*getAt())[1] < 0))
    return emitOpError("'at' must be [x, y], both at least 0");
  for (Type t : getResultTypes()) {
    LayoutAttr layout = layoutOf(t);
    if (!layout || layout.getExtent() != getSize())
      return emitOpError("result type ")
             << t << " must have a layout on the stage's extent ["
             << getSize()[0] << ", " << getSize()[1] << "]";
  }
  return success();
}

LogicalResult StageOp::verifyRegions() {
  Block &body = getBody().front();
  if (body.getArgumentTypes() != getOperandTypes())
    return emitOpError("block arguments must have the types of the operands");
  for (Operation &op : body.without_terminator()) {
    if (!isa<PlaceOp, KernelOp, RelayoutOp, ValueOp>(op))
      return op.emitOpError(
          "is not allowed in a stage, allowed are wafer.place, "
          "wafer.kernel, wafer.relayout and wafer.value");
    for (Type t : op.getResultTypes())
      if (LayoutAttr layout = layoutOf(t))
        if (layout.getExtent() != getSize())
          return op.emitOpError("layout extent [")
                 << layout.width() << ", " << layout.height()
                 << "] differs from the stage's [" << getSize()[0] << ", "
                 << getSize()[1] << "]";
  }
  return checkYield(*this, body, getResultTypes());
}

LogicalResult PlaceOp::verify() {
  if (bool(getInput()) == bool(getConstant()))
    return emitOpError("needs either an operand or a constant's symbol");
  auto out = cast<RankedTensorType>(getResult().getType());
  if (!layoutOf(out))
    return emitOpError("result needs a layout");
  if (!out.hasStaticShape())
    return emitOpError("needs a static shape, found ") << out;
  if (!getInput())
    return success();
  auto in = dyn_cast<RankedTensorType>(getInput().getType());
  if (!in || in.getEncoding() || !isa<BlockArgument>(getInput()))
    return emitOpError("lays out a graph input, found ") << getInput();
  if (!in.hasStaticShape() || in.getNumElements() != out.getNumElements())
    return emitOpError("changes the number of elements from ")
           << in << " to " << out;
  return success();
}

LogicalResult PlaceOp::verifySymbolUses(SymbolTableCollection &symbols) {
  if (!getConstant())
    return success();
  auto module = (*this)->getParentOfType<ModuleOp>();
  auto constant =
      module ? symbols.lookupSymbolIn<ConstantOp>(module, getConstantAttr())
             : ConstantOp();
  if (!constant)
    return emitOpError("names '")
           << *getConstant() << "', which is no wafer.constant of the module";
  auto out = cast<RankedTensorType>(getResult().getType());
  auto plain = RankedTensorType::get(out.getShape(), out.getElementType());
  // A constant that is returned keeps its own element type.
  bool returned = isa<ProgramOp>((*this)->getParentOp());
  if (constant.getType() == plain ||
      (returned &&
       cast<ShapedType>(constant.getType()).getShape() == out.getShape()))
    return success();
  auto diag = emitOpError("lays out ") << plain << ", but '" << *getConstant()
                                       << "' is " << constant.getType();
  diag.attachNote(constant.getLoc()) << "constant here";
  return diag;
}

LogicalResult KernelOp::verify() {
  LayoutAttr out = layoutOf(getResult().getType());
  if (!out)
    return emitOpError("result needs a layout");
  for (auto [i, t] : llvm::enumerate(getOperandTypes()))
    if (LayoutAttr in = layoutOf(t); !in || in.getExtent() != out.getExtent())
      return emitOpError("operand #")
             << i << " needs a layout on extent [" << out.width() << ", "
             << out.height() << "], found " << t;
  return success();
}

LogicalResult RelayoutOp::verify() {
  auto in = cast<RankedTensorType>(getInput().getType()),
       out = cast<RankedTensorType>(getResult().getType());
  if (!layoutOf(in) || !layoutOf(out) ||
      layoutOf(in).getExtent() != layoutOf(out).getExtent())
    return emitOpError("needs layouts of one extent, found ")
           << in << " and " << out;
  if (in.getShape() != out.getShape() ||
      in.getElementType() != out.getElementType())
    return emitOpError("may change only the layout, found ")
           << in << " to " << out;
  return success();
}

LogicalResult ValueOp::verify() {
  Operation *from = getInput().getDefiningOp();
  LayoutAttr layout = layoutOf(getInput().getType());
  if (!isa_and_nonnull<KernelOp, RelayoutOp>(from) || !layout ||
      !layout.getPartial().empty())
    return emitOpError("names the result of a kernel or relayout, without "
                       "partial sums, found ")
           << getInput();
  auto type = dyn_cast<RankedTensorType>(getType());
  auto in = cast<RankedTensorType>(getInput().getType());
  if (!type || type.getEncoding() || type.getShape() != in.getShape())
    return emitOpError("may change only the element type, found ")
           << in << " as " << getType();
  return success();
}

LogicalResult StreamOp::verify() {
  auto in = cast<RankedTensorType>(getInput().getType()),
       out = cast<RankedTensorType>(getResult().getType());
  if (!layoutOf(in) || !layoutOf(out))
    return emitOpError("needs layouts on both sides, found ")
           << in << " and " << out;
  if (in.getShape() != out.getShape() ||
      in.getElementType() != out.getElementType())
    return emitOpError("may change only the layout, found ")
           << in << " to " << out;
  if (layoutOf(in).height() != layoutOf(out).height())
    return emitOpError("joins stages of heights ")
           << layoutOf(in).height() << " and " << layoutOf(out).height()
           << ", allowed are equal heights";
  for (LayoutAttr l : {layoutOf(in), layoutOf(out)})
    if (llvm::is_contained(l.getDims(), 1))
      return emitOpError("carries a tensor split over x, allowed are "
                         "replicated and split over y");
  if (layoutOf(in).getDims() != layoutOf(out).getDims() ||
      layoutOf(in).getRowMajor() != layoutOf(out).getRowMajor() ||
      !layoutOf(in).getPartial().empty() || !layoutOf(out).getPartial().empty())
    return emitOpError("must keep distribution over y and storage, and carry "
                       "no partial sums, found ")
           << in << " and " << out;
  return success();
}
