//===- VectorUnit.h - Arithmetic of vector ops ----------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// What a vector op computes, apart from when: walks over operands in memory,
// and the arithmetic on runs of elements. One set of kernels is compiled for
// any processor and one for those with fused multiply-add; both give the same
// bits.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_SIM_VECTORUNIT_H
#define WEFT_LIB_SIM_VECTORUNIT_H

#include "Code.h"
#include <bit>

namespace weft::sim {

/// A position on a walk; `addr` is that of the next element.
struct Cursor {
  const Shape *shape = nullptr;
  int64_t addr = 0;
  uint32_t index[isa::MaxDsdDims] = {0, 0, 0, 0};

  void start(const Shape *s, int64_t base) {
    shape = s;
    addr = base;
    index[0] = index[1] = index[2] = index[3] = 0;
  }
  /// Elements to the end of the innermost run.
  uint32_t run() const {
    return shape->length[shape->ndims - 1] - index[shape->ndims - 1];
  }
  int32_t step() const { return shape->stride[shape->ndims - 1]; }
  void advance(uint32_t n) { // n <= run()
    int d = shape->ndims - 1;
    addr += int64_t(n) * shape->stride[d];
    index[d] += n;
    while (index[d] == shape->length[d]) {
      addr -= int64_t(shape->length[d]) * shape->stride[d];
      index[d] = 0;
      if (--d < 0)
        return;
      addr += shape->stride[d];
      ++index[d];
    }
  }
};

/// How an op reads an operand and writes its destination: which view of the
/// bits.
enum class View : uint8_t { Float, Int };

/// An operand of an op in memory (or a register: stride 0 on its value).
struct Run {
  uint8_t *at = nullptr;
  int32_t stride = 0; // bytes
  DType type = DType::F32;
};

/// The semantics of one element on 32-bit canonical values: the bits of an f32
/// for float views, a sign-extended i32 for integer views. `old` is the
/// destination's (or reduction register's) value. `width`: bits of integers.
uint32_t evaluate(isa::Op op, View srcView, unsigned width, uint32_t a,
                  uint32_t b, uint32_t old);

/// The bits that arithmetic gives: there is one NaN, whatever the host makes of
/// its operands' order. Not for code of other instruction sets.
static inline uint32_t resultBits(float f) {
  return f == f ? std::bit_cast<uint32_t>(f) : 0x7fc00000;
}

/// Canonical value of the element at `p`, and back.
uint32_t loadElement(const uint8_t *p, DType t, View v);
void storeElement(uint8_t *p, DType t, View v, uint32_t canonical);
/// The same for the bits of a 2-byte element.
uint32_t widen(uint16_t h, DType t, View v);
uint16_t narrow(uint32_t canonical, DType t, View v);
uint32_t halfToFloatBits(uint16_t h);
uint16_t floatBitsToHalf(uint32_t f);
uint16_t floatBitsToBrain(uint32_t f); // to nearest even

/// What is the same for all runs of one op.
struct Recipe {
  isa::Op op;
  View dst = View::Float, src0 = View::Float, src1 = View::Float;
  unsigned width = 32; // of integer arithmetic
  bool raw = false;    // vmov without conversion
  bool readsDst = false;
  bool reduces = false;
  bool ordered = false; // operands overlap: element by element
};

/// Applies `r` to `n` elements. `acc` is the register of a reduction.
void applyRun(const Recipe &r, uint32_t n, Run dst, Run a, Run b,
              uint32_t &acc);

/// f32 kernels; strides in elements, 0 or 1 for sources, 1 for the destination.
struct FloatKernels {
  using Fn = void (*)(uint32_t n, float *d, const float *a, int sa,
                      const float *b, int sb);
  Fn add, sub, mul, max, min, mac;
  void (*fromHalf)(uint32_t n, const uint16_t *h, float *f);
  void (*toHalf)(uint32_t n, const float *f, uint16_t *h);
  float (*dot)(uint32_t n, float acc, const float *a, int sa, const float *b,
               int sb);
};
extern const FloatKernels floatKernelsBase, floatKernelsAvx2;
const FloatKernels &floatKernels();

} // namespace weft::sim
#endif
