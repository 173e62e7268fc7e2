//===- Code.cpp - Builder of a kernel's code ------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "weft/Kernels/Code.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include <limits>

using namespace mlir;
using namespace weft;
using namespace weft::kernels;

Value Code::scratch(int64_t elems, Type type) {
  auto memref = MemRefType::get({elems}, type ? type : b.getF32Type());
  auto fits = [&](Value v) {
    auto have = cast<MemRefType>(v.getType());
    return have.getNumElements() == elems &&
           have.getElementTypeBitWidth() == memref.getElementTypeBitWidth();
  };
  if (auto *it = llvm::find_if(idle, fits); it != idle.end()) {
    Value buffer = *it;
    idle.erase(it);
    return buffer.getType() == memref
               ? buffer
               : Value(pe::RetypeOp::create(b, loc, memref, buffer));
  }
  scratchTypes.push_back(memref);
  Value buffer = entry->addArgument(memref, loc);
  if (inSteps)
    stepScratch.push_back(buffer);
  return buffer;
}

void Code::beginStep() {
  inSteps = true;
  idle = stepScratch;
}

void Code::endSteps() {
  inSteps = false;
  stepScratch.clear();
  idle.clear();
  elements.clear();
}

Value Code::onlyElement(Value buffer) {
  for (auto [of, element] : elements)
    if (of == buffer)
      return element;
  Value element = load(buffer, 0);
  if (inSteps)
    elements.push_back({buffer, element});
  return element;
}

//===----------------------------------------------------------------------===//
// Index arithmetic
//===----------------------------------------------------------------------===//

Value Code::index(Idx i) {
  Value c;
  if (!i.v || i.c)
    c = arith::ConstantIndexOp::create(b, loc, i.c);
  if (!i.v)
    return c;
  return i.c ? Value(arith::AddIOp::create(b, loc, i.v, c)) : i.v;
}

Idx Code::add(Idx x, Idx y) {
  if (!x.v || !y.v)
    return Idx(x.v ? x.v : y.v, x.c + y.c);
  return Idx(arith::AddIOp::create(b, loc, x.v, y.v), x.c + y.c);
}

Idx Code::mul(Idx x, int64_t k) {
  if (!x.v || k == 1)
    return Idx(x.v, x.c * k);
  Value kv = arith::ConstantIndexOp::create(b, loc, k);
  return Idx(arith::MulIOp::create(b, loc, x.v, kv), x.c * k);
}

Idx Code::sub(Idx x, Idx y) {
  if (!y.v)
    return Idx(x.v, x.c - y.c);
  return Idx(arith::SubIOp::create(b, loc, index(Idx(x.v, 0)), y.v), x.c - y.c);
}

Idx Code::min(Idx x, int64_t k) {
  if (!x.v)
    return std::min(x.c, k);
  Value kv = arith::ConstantIndexOp::create(b, loc, k);
  return Idx(arith::MinSIOp::create(b, loc, index(x), kv));
}

Idx Code::max(Idx x, int64_t k) {
  if (!x.v)
    return std::max(x.c, k);
  Value kv = arith::ConstantIndexOp::create(b, loc, k);
  return Idx(arith::MaxSIOp::create(b, loc, index(x), kv));
}

Idx Code::div(Idx x, int64_t k, int64_t limit) {
  if (!x.v)
    return x.c / k;
  if (k == 1)
    return x;
  // floor(a / k) = (a * m) >> s with m = ceil(2^s / k) is exact for all
  // a <= limit if the excess e = m * k - 2^s obeys limit * e < 2^s
  // (Granlund and Montgomery 1994); a * m has to stay below 2^32.
  for (int s = 0; s < 31; ++s) {
    int64_t m = ((int64_t(1) << s) + k - 1) / k, e = m * k - (int64_t(1) << s);
    if (e * limit + k * e >= (int64_t(1) << s) && e != 0)
      continue;
    if (m * limit >= (int64_t(1) << 31))
      break;
    Idx scaled = mul(Idx(index(x)), m);
    Value sv = arith::ConstantIndexOp::create(b, loc, s);
    return Idx(arith::ShRUIOp::create(b, loc, index(scaled), sv));
  }
  llvm::report_fatal_error("internal: no exact multiply-shift division");
}

Value Code::less(Idx x, int64_t k) {
  Value kv = arith::ConstantIndexOp::create(b, loc, k);
  return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, index(x), kv);
}

Value Code::inRange(Idx x, int64_t k) {
  Value zero = arith::ConstantIndexOp::create(b, loc, 0);
  Value v = index(x);
  Value low = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sge, v, zero);
  return arith::AndIOp::create(b, loc, low, less(Idx(v), k));
}

Idx Code::coord(int8_t axis) {
  if (rect.length(axis) == 1)
    return 0;
  Value c = pe::CoordOp::create(b, loc, b.getIndexType(),
                                axis == X ? pe::Axis::X : pe::Axis::Y);
  return Idx(c, -(axis == X ? rect.x : rect.y));
}

//===----------------------------------------------------------------------===//
// Scalars and views
//===----------------------------------------------------------------------===//

Value Code::f32(double x) {
  return arith::ConstantOp::create(b, loc, b.getF32FloatAttr(float(x)));
}

Value Code::i32(uint32_t x) {
  return arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(int32_t(x)));
}

Value Code::select(Value c, Value x, Value y) {
  return arith::SelectOp::create(b, loc, c, x, y);
}

Value Code::toI32(Value i1) {
  Value zero = i32(0), one = i32(1);
  return select(i1, one, zero);
}

Value Code::load(Value buffer, Idx at) {
  Value x = memref::LoadOp::create(b, loc, buffer, index(at));
  return isNarrow(x.getType())
             ? arith::ExtFOp::create(b, loc, b.getF32Type(), x)
             : x;
}

void Code::store(Value x, Value buffer, Idx at) {
  Type element = cast<MemRefType>(buffer.getType()).getElementType();
  if (isNarrow(element))
    x = arith::TruncFOp::create(b, loc, element, x);
  memref::StoreOp::create(b, loc, x, buffer, index(at));
}

Value Code::view(Value buffer, Idx offset, Ints sizes, Ints strides) {
  SmallVector<int64_t> keptSizes, keptStrides;
  for (auto [size, stride] : llvm::zip_equal(sizes, strides))
    if (size != 1) {
      keptSizes.push_back(size);
      keptStrides.push_back(stride);
    }
  if (keptSizes.empty()) {
    keptSizes = {1};
    keptStrides = {1};
  }
  auto from = cast<MemRefType>(buffer.getType());
  OpFoldResult off = b.getIndexAttr(offset.c);
  if (offset.v)
    off = index(offset);
  auto layout = StridedLayoutAttr::get(
      b.getContext(), offset.v ? ShapedType::kDynamic : offset.c, keptStrides);
  auto type = MemRefType::get(keptSizes, from.getElementType(), layout);
  SmallVector<OpFoldResult> sz, st;
  for (int64_t s : keptSizes)
    sz.push_back(b.getIndexAttr(s));
  for (int64_t s : keptStrides)
    st.push_back(b.getIndexAttr(s));
  return memref::ReinterpretCastOp::create(b, loc, type, buffer, off, sz, st);
}

void Code::vec(V op, Value dst, ValueRange srcs) {
  pe::VecOp::create(b, loc, op, dst, srcs);
}

Value Code::sum(Value src) {
  return pe::ReduceOp::create(b, loc, pe::ReduceOpcode::VRSum, f32(0), src);
}

Value Code::maximum(Value src) {
  return pe::ReduceOp::create(b, loc, pe::ReduceOpcode::VRMax,
                              f32(-std::numeric_limits<float>::infinity()),
                              src);
}

Value Code::dot(Value x, Value y) {
  return pe::ReduceOp::create(b, loc, pe::ReduceOpcode::VFDot, f32(0),
                              ValueRange{x, y});
}

void Code::loop(int64_t n, llvm::function_ref<void(Idx)> body) {
  if (n == 1)
    return body(0);
  Value zero = arith::ConstantIndexOp::create(b, loc, 0);
  Value one = arith::ConstantIndexOp::create(b, loc, 1);
  Value end = arith::ConstantIndexOp::create(b, loc, n);
  auto forOp = scf::ForOp::create(b, loc, zero, end, one);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(forOp.getBody());
  body(forOp.getInductionVar());
}

//===----------------------------------------------------------------------===//
// Strided iteration
//===----------------------------------------------------------------------===//

namespace {
/// Sizes with one row of strides per operand (destination first).
struct Space {
  SmallVector<int64_t> sizes;
  SmallVector<SmallVector<int64_t>> strides;

  /// Drops dims of size 1 and merges neighbours that are one run for all.
  void simplify() {
    SmallVector<int64_t> newSizes;
    SmallVector<SmallVector<int64_t>> newStrides(strides.size());
    for (size_t d = 0; d < sizes.size(); ++d) {
      if (sizes[d] == 1)
        continue;
      bool merge = !newSizes.empty();
      for (size_t k = 0; merge && k < strides.size(); ++k)
        merge = strides[k].empty() ||
                newStrides[k].back() == strides[k][d] * sizes[d];
      // A DSD extent is a u16; leave room for any element count below.
      if (merge && newSizes.back() * sizes[d] > 65535)
        merge = false;
      if (!merge)
        newSizes.push_back(1);
      newSizes.back() *= sizes[d];
      for (size_t k = 0; k < strides.size(); ++k)
        if (!strides[k].empty()) {
          if (!merge)
            newStrides[k].push_back(0);
          newStrides[k].back() = strides[k][d];
        }
    }
    sizes = newSizes;
    strides = newStrides;
  }
};
} // namespace

void Code::strided(V op, Ints sizes, const Operand &dst,
                   ArrayRef<Operand> srcs) {
  auto isMemory = [](Value v) { return isa<MemRefType>(v.getType()); };
  Space space{SmallVector<int64_t>(sizes), {dst.strides}};
  for (const Operand &s : srcs)
    space.strides.push_back(isMemory(s.buffer) ? s.strides
                                               : SmallVector<int64_t>());
  space.simplify();
  SmallVector<Idx> offsets{dst.offset};
  for (const Operand &s : srcs)
    offsets.push_back(s.offset);

  std::function<void(size_t)> emit = [&](size_t d) {
    if (space.sizes.size() - d > 4)
      return loop(space.sizes[d], [&](Idx i) {
        SmallVector<Idx> saved = offsets;
        for (size_t k = 0; k < offsets.size(); ++k)
          if (!space.strides[k].empty())
            offsets[k] = add(offsets[k], mul(i, space.strides[k][d]));
        emit(d + 1);
        offsets = saved;
      });
    auto viewOf = [&](Value buffer, size_t k) {
      if (!isMemory(buffer))
        return buffer;
      return view(buffer, offsets[k], ArrayRef(space.sizes).drop_front(d),
                  ArrayRef(space.strides[k]).drop_front(d));
    };
    SmallVector<Value> values;
    for (auto [k, s] : llvm::enumerate(srcs))
      values.push_back(viewOf(s.buffer, k + 1));
    vec(op, viewOf(dst.buffer, 0), values);
  };
  emit(0);
}

void Code::allReduce(Value buffer, int8_t axis) {
  if (rect.length(axis) == 1)
    return;
  fabric::Axis a = axis == X ? fabric::Axis::X : fabric::Axis::Y;
  fabric::ReduceOp::create(b, loc, buffer, a);
  fabric::MulticastOp::create(b, loc, buffer, a);
}

void Code::allReduce(Value result, Value sum, int8_t axis) {
  if (result.getType() == sum.getType())
    return allReduce(result, axis);
  fabric::Axis a = axis == X ? fabric::Axis::X : fabric::Axis::Y;
  bool alone = rect.length(axis) == 1;
  if (!alone)
    fabric::ReduceOp::create(b, loc, sum, a);
  vec(V::VMov, result, {sum});
  if (!alone)
    fabric::MulticastOp::create(b, loc, result, a);
}

void Code::inWide(RankedTensorType type, llvm::function_ref<void()> body) {
  if (!isNarrow(type.getElementType()))
    return body();
  int64_t n = tileElems(type);
  Value result = out;
  out = scratch(n);
  body();
  Value wide = view(out, 0, n);
  vec(V::VMov, view(result, 0, n), wide);
  out = result;
}
