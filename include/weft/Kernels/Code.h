//===- Code.h - Builder of a kernel's code --------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// A thin layer over OpBuilder that reads like the pseudo code of a kernel: one
// PE's view, flat buffers, strided views, counted loops, vector ops and
// collectives.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_KERNELS_CODE_H
#define WEFT_KERNELS_CODE_H

#include "PE/PEOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "weft/Kernels/Kernel.h"

namespace weft::kernels {

using V = pe::VecOpcode;
using Ints = llvm::ArrayRef<int64_t>;

/// An index expression: a constant, or a value plus a constant.
class Idx {
public:
  Idx(int64_t c = 0) : c(c) {}
  Idx(Value v, int64_t c = 0) : v(v), c(c) {}
  Value v;
  int64_t c;
};

class Code {
public:
  Code(mlir::OpBuilder &b, mlir::Location loc, const Rect &r)
      : b(b), loc(loc), rect(r) {}

  mlir::OpBuilder &b;
  mlir::Location loc;
  Rect rect;
  mlir::SmallVector<Value> ins; // one flat memref per operand
  Value out;
  mlir::Block *entry = nullptr;
  mlir::SmallVector<mlir::MemRefType> scratchTypes;

  /// A flat scratch buffer, live during this kernel only.
  Value scratch(int64_t elems, mlir::Type type = {});
  /// Begins a step: what scratch() gave since the first step is free for it.
  void beginStep();
  void endSteps();
  /// The only element of `buffer`, loaded once for all steps. Nothing may have
  /// written it since.
  Value onlyElement(Value buffer);

  // Index arithmetic; folds constants.
  Value index(Idx i);
  Idx add(Idx a, Idx b);
  Idx mul(Idx a, int64_t k);
  Idx sub(Idx a, Idx b);
  Idx min(Idx a, int64_t k);
  Idx max(Idx a, int64_t k);
  /// floor(a / k) for 0 <= a <= limit, by shift or by multiply and shift.
  Idx div(Idx a, int64_t k, int64_t limit);
  /// 0 <= a < k, as i1.
  Value inRange(Idx a, int64_t k);
  Value less(Idx a, int64_t k);
  /// This PE's coordinate in the rectangle.
  Idx coord(int8_t axis);

  // Scalars.
  Value f32(double x);
  Value i32(uint32_t x);
  /// c ? a : b
  Value select(Value c, Value a, Value b);
  Value toI32(Value i1);
  /// Narrow floats become f32 when loaded and are rounded when stored.
  Value load(Value buffer, Idx at);
  void store(Value x, Value buffer, Idx at);

  /// A view: the DSD of a vector op. Sizes of 1 are dropped.
  Value view(Value buffer, Idx offset, Ints sizes, Ints strides);
  Value view(Value buffer, Idx offset, int64_t size) {
    return view(buffer, offset, {size}, {1});
  }
  void vec(V op, Value dst, mlir::ValueRange srcs);
  Value sum(Value src);        // from 0
  Value maximum(Value src);    // from -inf
  Value dot(Value a, Value b); // from 0
  void fill(Value dst, double x) { vec(V::VMov, dst, f32(x)); }

  /// for (i = 0; i < n; ++i) body(i); no loop if n is 1.
  void loop(int64_t n, llvm::function_ref<void(Idx)> body);
  /// op over an iteration space of any rank: dims that fit are merged, more
  /// than four become loops. strides[k][d] is operand k's stride in dim d.
  struct Operand {
    Value buffer; // memref, or a scalar (strides ignored)
    Idx offset;
    mlir::SmallVector<int64_t> strides;
  };
  void strided(V op, Ints sizes, const Operand &dst,
               llvm::ArrayRef<Operand> srcs);

  /// Sum over the axis, then copy to all; nothing if the axis has one PE.
  void allReduce(Value buffer, int8_t axis);
  /// The same from view `sum` to view `result`, which may have narrower
  /// elements: the sum is rounded once, at the root, and travels rounded.
  void allReduce(Value result, Value sum, int8_t axis);
  /// `body` with `out` of f32 if its elements, of type `result`, are narrower;
  /// the result is rounded once, at the end.
  void inWide(mlir::RankedTensorType result, llvm::function_ref<void()> body);

  // Vector math on contiguous views of one length; the last operands are
  // scratch views of that length. Accuracy in docs/kernels.md.
  void exp(Value x, Value tmp0, Value tmp1, double high = 89.4); // x = exp(x)
  void reciprocal(Value dst, Value x, Value tmp); // dst = 1/x, dst != x
  /// 1/x = dst scale for all x: dst between 1/4 and 1, 0 or inf; scale a power
  /// of two. Their product may overflow where a quotient does not.
  void reciprocalParts(Value dst, Value scale, Value x, Value tmp);
  /// dst = 1/x for all x.
  void reciprocalOfAny(Value dst, Value x, Value tmp0, Value tmp1);
  /// dst = 1/sqrt(x), x >= 0; dst may be x or tmp0, and lie as either.
  void rsqrt(Value dst, Value x, Value tmp0, Value tmp1);
  void sigmoid(Value x, Value tmp0, Value tmp1, // x = 1/(1+exp(-x))
               Value tmp2);
  void tanh(Value x, Value tmp0, Value tmp1);
  void erf(Value x, Value tmp0, Value tmp1);
  void log(Value x, Value tmp0, Value tmp1); // x normal and positive
  void sinCos(Value x, bool cosine, Value tmp0, Value tmp1, Value tmp2,
              Value tmp3);

private:
  bool inSteps = false;
  mlir::SmallVector<Value> stepScratch, idle;
  mlir::SmallVector<std::pair<Value, Value>> elements; // buffer, loaded
};

} // namespace weft::kernels
#endif
