//===- PEDialect.cpp - Dialect, types and attributes of pe ----------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Registration, and the syntax of regions of PEs, which TableGen cannot say
// (`4x8` is one token to the lexer).
//
//===----------------------------------------------------------------------===//
#include "PE/PEOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace weft::pe;

#include "PE/PEDialect.cpp.inc"
#include "PE/PEEnums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "PE/PEAttrs.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "PE/PETypes.cpp.inc"

void PEDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "PE/PEOps.cpp.inc"
      >();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "PE/PEAttrs.cpp.inc"
      >();
  addTypes<
#define GET_TYPEDEF_LIST
#include "PE/PETypes.cpp.inc"
      >();
}

/// `(a, b)`
static ParseResult parsePair(AsmParser &p, uint32_t &a, uint32_t &b) {
  return failure(p.parseLParen() || p.parseInteger(a) || p.parseComma() ||
                 p.parseInteger(b) || p.parseRParen());
}

Attribute PatternAttr::parse(AsmParser &p, Type) {
  uint32_t x0 = 0, y0 = 0, dx = 1, dy = 1;
  SmallVector<int64_t> size;
  SMLoc loc = p.getCurrentLocation();
  if (p.parseLess() || parsePair(p, x0, y0) || p.parseComma() ||
      p.parseDimensionList(size, /*allowDynamic=*/false,
                           /*withTrailingX=*/false))
    return {};
  if (succeeded(p.parseOptionalComma()) &&
      (p.parseKeyword("step") || parsePair(p, dx, dy)))
    return {};
  if (p.parseGreater())
    return {};
  if (size.size() != 2 || size[0] > UINT32_MAX || size[1] > UINT32_MAX) {
    p.emitError(loc, "a region of PEs has two extents, as in '4 x 8'");
    return {};
  }
  return p.getChecked<PatternAttr>(loc, p.getContext(), x0, y0,
                                   uint32_t(size[0]), uint32_t(size[1]), dx,
                                   dy);
}

void PatternAttr::print(AsmPrinter &p) const {
  p << "<(" << getX0() << ", " << getY0() << "), " << getW() << " x " << getH();
  if (getDx() != 1 || getDy() != 1)
    p << ", step (" << getDx() << ", " << getDy() << ")";
  p << ">";
}

LogicalResult PatternAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                  uint32_t x0, uint32_t y0, uint32_t w,
                                  uint32_t h, uint32_t dx, uint32_t dy) {
  if (w == 0 || h == 0)
    return emitError() << "a region of " << w << " x " << h
                       << " PEs is empty, both extents must be at least 1";
  if (dx == 0 || dy == 0)
    return emitError() << "step (" << dx << ", " << dy
                       << ") does not advance, both must be at least 1";
  constexpr uint64_t limit = 1u << 20;
  if (x0 + uint64_t(w) * dx > limit || y0 + uint64_t(h) * dy > limit)
    return emitError() << "region reaches beyond " << limit << " PEs";
  return success();
}

LogicalResult DimAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                              Axis axis, uint32_t extent, uint32_t tile,
                              uint32_t stride) {
  if (extent == 0 || tile == 0)
    return emitError() << "extent " << extent << " and tile " << tile
                       << " must both be at least 1";
  return success();
}
