//===- Layouts.cpp - Tiles and storage of laid-out tensors ----------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "weft/Kernels/Kernel.h"

using namespace mlir;
using namespace weft;
using namespace weft::kernels;

RankedTensorType kernels::laidOut(RankedTensorType type, const Rect &r,
                                  ArrayRef<int8_t> axes, bool rowMajor) {
  auto layout = wafer::LayoutAttr::get(
      type.getContext(), ArrayRef<int64_t>{r.w, r.h}, axes, ArrayRef<int8_t>{},
      rowMajor, /*padZero=*/false);
  return RankedTensorType::get(type.getShape(), type.getElementType(), layout);
}

RankedTensorType kernels::laidOut(RankedTensorType type, const Rect &r,
                                  int8_t axis) {
  SmallVector<int8_t> axes(type.getRank(), None);
  if (!axes.empty())
    axes.back() = axis;
  return laidOut(type, r, axes);
}

int8_t kernels::axisOf(RankedTensorType type) {
  wafer::LayoutAttr layout = wafer::layoutOf(type);
  return layout && !layout.getDims().empty() ? layout.getDims().back()
                                             : int8_t(None);
}

int64_t kernels::tileDim(RankedTensorType type, unsigned d) {
  wafer::LayoutAttr layout = wafer::layoutOf(type);
  int64_t n = type.getDimSize(d);
  return layout ? layout.tile(d, n) : n;
}

int64_t kernels::tileElems(RankedTensorType type) {
  int64_t n = 1;
  for (unsigned d = 0; d < type.getRank(); ++d)
    n *= tileDim(type, d);
  return n;
}

std::vector<bin::DimMap> kernels::dimMaps(RankedTensorType type) {
  wafer::LayoutAttr layout = wafer::layoutOf(type);
  std::vector<bin::DimMap> maps(type.getRank());
  for (unsigned d = 0; d < maps.size(); ++d) {
    maps[d].axis = bin::Axis(layout ? layout.getDims()[d] : 0);
    maps[d].extent = uint32_t(type.getDimSize(d));
    maps[d].tile = uint32_t(tileDim(type, d));
  }
  uint32_t stride = 1;
  int last = int(maps.size()) - 1;
  bool rowMajor = layout && layout.getRowMajor();
  if (rowMajor && last >= 0) {
    maps[last].stride = 1;
    stride = maps[last].tile;
  }
  for (int d = last - 1; d >= 0; --d) {
    maps[d].stride = stride;
    stride *= maps[d].tile;
  }
  if (!rowMajor && last >= 0)
    maps[last].stride = stride;
  return maps;
}

int64_t kernels::rowsOf(ShapedType type) {
  int64_t rows = 1;
  for (int64_t n : type.getShape().drop_back(type.getRank() ? 1 : 0))
    rows *= n;
  return rows;
}

Type kernels::storageType(Type type) {
  if (type.isInteger())
    return IntegerType::get(type.getContext(), 32);
  return type;
}

bool kernels::isNarrow(Type type) { return type.isF16() || type.isBF16(); }

Type kernels::accumulatorType(const Problem &p) {
  Type own = p.out.getElementType();
  return isNarrow(own) && p.text("weft.acc") == "f16"
             ? own
             : Float32Type::get(p.ctx());
}

bool kernels::isPadded(RankedTensorType type) {
  wafer::LayoutAttr layout = wafer::layoutOf(type);
  if (!layout || type.getRank() == 0)
    return false;
  unsigned last = type.getRank() - 1;
  return tileDim(type, last) * layout.axisLength(layout.getDims()[last]) !=
         type.getDimSize(last);
}

//===----------------------------------------------------------------------===//
// Problem
//===----------------------------------------------------------------------===//

int64_t Problem::integer(StringRef name, int64_t fallback) const {
  auto a = config.getAs<IntegerAttr>(name);
  return a ? a.getInt() : fallback;
}

double Problem::real(StringRef name, double fallback) const {
  auto a = config.getAs<FloatAttr>(name);
  return a ? a.getValueAsDouble() : fallback;
}

bool Problem::flag(StringRef name) const {
  Attribute a = config.get(name);
  if (auto b = dyn_cast_or_null<BoolAttr>(a))
    return b.getValue();
  return bool(dyn_cast_or_null<UnitAttr>(a));
}

std::string Problem::text(StringRef name) const {
  auto a = config.getAs<StringAttr>(name);
  return a ? a.str() : "";
}

SmallVector<int64_t> Problem::list(StringRef name) const {
  SmallVector<int64_t> values;
  Attribute a = config.get(name);
  if (auto dense = dyn_cast_or_null<DenseI64ArrayAttr>(a))
    values.assign(dense.asArrayRef().begin(), dense.asArrayRef().end());
  else if (auto array = dyn_cast_or_null<ArrayAttr>(a))
    for (Attribute e : array)
      values.push_back(cast<IntegerAttr>(e).getInt());
  return values;
}
