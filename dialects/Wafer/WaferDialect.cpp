//===- WaferDialect.cpp - Dialect and attributes --------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "NN/NNDialect.h"
#include "Wafer/WaferOps.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace weft::wafer;

#include "Wafer/WaferDialect.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "Wafer/WaferAttrs.cpp.inc"

namespace {
/// The target's text is long: printed once, before the module.
struct Aliases : public OpAsmDialectInterface {
  using OpAsmDialectInterface::OpAsmDialectInterface;
  AliasResult getAlias(Attribute attr, raw_ostream &os) const override {
    if (!isa<TargetAttr>(attr))
      return AliasResult::NoAlias;
    os << "target";
    return AliasResult::FinalAlias;
  }
};
} // namespace

void WaferDialect::initialize() {
  addInterfaces<Aliases>();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "Wafer/WaferAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "Wafer/WaferOps.cpp.inc"
      >();
}

LayoutAttr weft::wafer::layoutOf(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor ? dyn_cast_or_null<LayoutAttr>(tensor.getEncoding())
                : LayoutAttr();
}

static ParseResult parseAxis(AsmParser &parser, int8_t &axis, bool allowNone) {
  if (allowNone && succeeded(parser.parseOptionalStar())) {
    axis = 0;
    return success();
  }
  StringRef word;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseKeyword(&word))
    return failure();
  if (word != "x" && word != "y")
    return parser.emitError(loc, "found axis '")
           << word << "', allowed are x, y" << (allowNone ? " and *" : "");
  axis = word == "x" ? 1 : 2;
  return success();
}

static ParseResult parseAxes(AsmParser &parser, SmallVectorImpl<int8_t> &axes,
                             bool allowNone) {
  return parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, [&] {
    return parseAxis(parser, axes.emplace_back(), allowNone);
  });
}

Attribute LayoutAttr::parse(AsmParser &parser, Type) {
  SMLoc loc = parser.getCurrentLocation();
  SmallVector<int64_t> extent;
  SmallVector<int8_t> dims, partial;
  bool rowMajor = false, padZero = false;
  auto parseInt = [&] { return parser.parseInteger(extent.emplace_back()); };
  if (parser.parseLess() ||
      parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, parseInt) ||
      parser.parseComma() || parseAxes(parser, dims, /*allowNone=*/true))
    return {};
  while (succeeded(parser.parseOptionalComma())) {
    if (succeeded(parser.parseOptionalKeyword("partial"))) {
      if (parseAxes(parser, partial, /*allowNone=*/false))
        return {};
    } else if (succeeded(parser.parseOptionalKeyword("row_major"))) {
      rowMajor = true;
    } else {
      if (parser.parseKeyword("pad") || parser.parseKeyword("zero"))
        return {};
      padZero = true;
    }
  }
  if (parser.parseGreater())
    return {};
  return parser.getChecked<LayoutAttr>(loc, parser.getContext(), extent, dims,
                                       partial, rowMajor, padZero);
}

void LayoutAttr::print(AsmPrinter &printer) const {
  auto name = [](int8_t a) { return a == 1 ? "x" : a == 2 ? "y" : "*"; };
  auto list = [&](ArrayRef<int8_t> axes) {
    printer << "[";
    llvm::interleaveComma(axes, printer, [&](int8_t a) { printer << name(a); });
    printer << "]";
  };
  printer << "<[" << width() << ", " << height() << "], ";
  list(getDims());
  if (!getPartial().empty()) {
    printer << ", partial ";
    list(getPartial());
  }
  printer << (getRowMajor() ? ", row_major" : "")
          << (getPadZero() ? ", pad zero" : "") << ">";
}

LogicalResult LayoutAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                 ArrayRef<int64_t> extent,
                                 ArrayRef<int8_t> dims,
                                 ArrayRef<int8_t> partial, bool, bool) {
  if (extent.size() != 2 || extent[0] < 1 || extent[1] < 1)
    return emitError() << "layout extent must be [width, height], both at "
                          "least 1";
  int uses[3] = {0, 0, 0};
  for (int8_t a : dims)
    ++uses[a];
  for (int8_t a : partial)
    ++uses[a];
  for (int a : {1, 2})
    if (uses[a] > 1)
      return emitError() << "layout uses axis " << (a == 1 ? "x" : "y") << " "
                         << uses[a] << " times, allowed is once";
  return success();
}

LogicalResult
LayoutAttr::verifyEncoding(ArrayRef<int64_t> shape, Type,
                           function_ref<InFlightDiagnostic()> emitError) const {
  if (shape.size() != getDims().size())
    return emitError() << "layout has " << getDims().size()
                       << " dimensions, the tensor has " << shape.size();
  return success();
}
