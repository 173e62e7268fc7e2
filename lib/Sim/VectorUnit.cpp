//===- VectorUnit.cpp - Arithmetic of vector ops --------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "VectorUnit.h"
#include "llvm/ADT/bit.h"
#include <algorithm>
#include <cmath>
#include <cstring>

using namespace weft;
using namespace weft::sim;
using isa::Op;
using llvm::bit_cast;

const FloatKernels &sim::floatKernels() {
#ifdef WEFT_SIM_AVX2
  static const bool wide = __builtin_cpu_supports("avx2") &&
                           __builtin_cpu_supports("fma") &&
                           __builtin_cpu_supports("f16c");
  if (wide)
    return floatKernelsAvx2;
#endif
  return floatKernelsBase;
}

uint32_t sim::halfToFloatBits(uint16_t h) {
  uint32_t sign = uint32_t(h & 0x8000) << 16, exp = (h >> 10) & 31,
           man = h & 0x3ff;
  if (exp == 31)
    return sign | 0x7f800000 | (man ? 0x400000 : 0) |
           man << 13; // NaNs become quiet
  if (exp)
    return sign | (exp + 112) << 23 | man << 13;
  // Subnormal: exact in f32.
  return sign | bit_cast<uint32_t>(float(man) * 0x1p-24f);
}

uint16_t sim::floatBitsToHalf(uint32_t f) {
  uint32_t sign = (f >> 16) & 0x8000, mag = f & 0x7fffffff;
  if (mag > 0x7f800000)
    return sign | 0x7e00 | ((mag >> 13) & 0x3ff);
  if (mag >= 0x477ff000) // rounds to 65536 or beyond
    return sign | 0x7c00;
  if (mag < 0x38800000) { // below 2^-14: round to a multiple of 2^-24
    float scaled = bit_cast<float>(mag) + 0.5f;
    return sign | uint16_t(bit_cast<uint32_t>(scaled) - 0x3f000000);
  }
  uint32_t odd = (mag >> 13) & 1;
  return sign | uint16_t((mag - 0x38000000 + 0xfff + odd) >> 13);
}

uint32_t sim::loadElement(const uint8_t *p, DType t, View v) {
  if (isa::dtypeBytes(t) == 4) {
    uint32_t w;
    memcpy(&w, p, 4);
    return w;
  }
  uint16_t h;
  memcpy(&h, p, 2);
  return widen(h, t, v);
}

uint32_t sim::widen(uint16_t h, DType t, View v) {
  if (v == View::Int)
    return uint32_t(int32_t(int16_t(h)));
  return t == DType::BF16 ? uint32_t(h) << 16 : halfToFloatBits(h);
}

uint16_t sim::narrow(uint32_t canonical, DType t, View v) {
  if (v == View::Int)
    return uint16_t(canonical);
  return t == DType::BF16 ? floatBitsToBrain(canonical)
                          : floatBitsToHalf(canonical);
}

uint16_t sim::floatBitsToBrain(uint32_t f) {
  if ((f & 0x7fffffff) > 0x7f800000)
    return uint16_t(f >> 16) | 0x40; // NaNs stay NaN
  return uint16_t((f + 0x7fff + ((f >> 16) & 1)) >> 16);
}

void sim::storeElement(uint8_t *p, DType t, View v, uint32_t canonical) {
  if (isa::dtypeBytes(t) == 4) {
    memcpy(p, &canonical, 4);
    return;
  }
  uint16_t h = narrow(canonical, t, v);
  memcpy(p, &h, 2);
}

// NaN if one operand is.
static float maxOf(float a, float b) { return a > b || a != a ? a : b; }
static float minOf(float a, float b) { return a < b || a != a ? a : b; }

static uint32_t toInt(float f) {
  if (f != f)
    return 0;
  if (f >= 0x1p31f)
    return 0x7fffffff;
  if (f < -0x1p31f)
    return 0x80000000;
  return uint32_t(int32_t(f));
}

static uint32_t evaluateFloat(Op op, float a, float b, float old) {
  auto bits = [](float f) { return bit_cast<uint32_t>(f); };
  switch (op) {
  case Op::VFAdd:
    return resultBits(a + b);
  case Op::VFSub:
    return resultBits(a - b);
  case Op::VFMul:
    return resultBits(a * b);
  case Op::VFMax:
    return bits(maxOf(a, b));
  case Op::VFMin:
    return bits(minOf(a, b));
  case Op::VFMac:
  case Op::VFDot:
    return resultBits(std::fma(a, b, old));
  case Op::VFNeg:
    return bits(a) ^ 0x80000000;
  case Op::VFAbs:
    return bits(a) & 0x7fffffff;
  case Op::VF2I:
    return toInt(a);
  case Op::VFLt:
    return a < b;
  case Op::VFLe:
    return a <= b;
  case Op::VFEq:
    return a == b;
  case Op::VRSum:
    return resultBits(old + a);
  default: // VRMax
    return bits(maxOf(old, a));
  }
}

static uint32_t evaluateInt(Op op, unsigned width, uint32_t a, uint32_t b,
                            uint32_t old) {
  uint32_t amount = b & (width - 1);
  int32_t sa = int32_t(a), sb = int32_t(b);
  switch (op) {
  case Op::VAdd:
    return a + b;
  case Op::VSub:
    return a - b;
  case Op::VMul:
    return a * b;
  case Op::VAnd:
    return a & b;
  case Op::VOr:
    return a | b;
  case Op::VXor:
    return a ^ b;
  case Op::VShl:
    return a << amount;
  case Op::VShr:
    return (width == 16 ? a & 0xffff : a) >> amount;
  case Op::VSar:
    return uint32_t(sa >> amount);
  case Op::VMax:
    return sa > sb ? a : b;
  case Op::VMin:
    return sa < sb ? a : b;
  case Op::VI2F:
    return bit_cast<uint32_t>(float(sa));
  case Op::VLt:
    return sa < sb;
  case Op::VEq:
    return a == b;
  case Op::VRSum:
    return old + a;
  default: // VRMax
    return sa > int32_t(old) ? a : old;
  }
}

uint32_t sim::evaluate(Op op, View srcView, unsigned width, uint32_t a,
                       uint32_t b, uint32_t old) {
  if (op == Op::VMov)
    return a;
  if (op == Op::VSel)
    return a ? b : old;
  if (srcView == View::Float)
    return evaluateFloat(op, bit_cast<float>(a), bit_cast<float>(b),
                         bit_cast<float>(old));
  return evaluateInt(op, width, a, b, old);
}

//===----------------------------------------------------------------------===//
// Runs
//===----------------------------------------------------------------------===//

/// Element by element; the only way if operands overlap.
static void applyOrdered(const Recipe &r, uint32_t n, Run d, Run a, Run b,
                         uint32_t &acc) {
  for (uint32_t i = 0; i < n; ++i) {
    uint32_t x =
        a.at ? loadElement(a.at + int64_t(i) * a.stride, a.type, r.src0) : 0;
    uint32_t y =
        b.at ? loadElement(b.at + int64_t(i) * b.stride, b.type, r.src1) : 0;
    if (r.reduces) {
      acc = evaluate(r.op, r.src0, r.width, x, y, acc);
      continue;
    }
    uint8_t *p = d.at + int64_t(i) * d.stride;
    uint32_t old = r.readsDst ? loadElement(p, d.type, r.dst) : 0;
    storeElement(p, d.type, r.dst, evaluate(r.op, r.src0, r.width, x, y, old));
  }
}

static FloatKernels::Fn floatKernel(Op op) {
  const FloatKernels &k = floatKernels();
  switch (op) {
  case Op::VFAdd:
    return k.add;
  case Op::VFSub:
    return k.sub;
  case Op::VFMul:
    return k.mul;
  case Op::VFMax:
    return k.max;
  case Op::VFMin:
    return k.min;
  case Op::VFMac:
    return k.mac;
  default:
    return nullptr;
  }
}

static bool denseF32(const Run &r) {
  return r.type == DType::F32 && r.stride == 4;
}
static bool flatF32(const Run &r) {
  return r.type == DType::F32 && (r.stride == 4 || !r.stride);
}

/// f32 in place, without a copy.
static bool applyDirect(const Recipe &r, uint32_t n, Run d, Run a, Run b,
                        uint32_t &acc) {
  auto f = [](const Run &x) { return reinterpret_cast<float *>(x.at); };
  if (r.op == Op::VFDot && a.type == DType::F32 && b.type == DType::F32) {
    acc = bit_cast<uint32_t>(floatKernels().dot(
        n, bit_cast<float>(acc), f(a), a.stride / 4, f(b), b.stride / 4));
    return true;
  }
  FloatKernels::Fn fn = floatKernel(r.op);
  if (!fn || !denseF32(d) || !flatF32(a) || !flatF32(b))
    return false;
  fn(n, f(d), f(a), a.stride != 0, f(b), b.stride != 0);
  return true;
}

/// vmov without conversion.
static void copyRun(uint32_t n, Run d, Run a) {
  unsigned size = isa::dtypeBytes(d.type);
  if (d.stride == int32_t(size) && a.stride == int32_t(size)) {
    memmove(d.at, a.at, size_t(n) * size);
    return;
  }
  if (size == 4 && d.stride == 4 && !a.stride) {
    uint32_t value;
    memcpy(&value, a.at, 4);
    std::fill_n(reinterpret_cast<uint32_t *>(d.at), n, value);
    return;
  }
  for (uint32_t i = 0; i < n; ++i)
    memcpy(d.at + int64_t(i) * d.stride, a.at + int64_t(i) * a.stride, size);
}

constexpr uint32_t Block = 256;

/// Canonical values of a block: from f16 through the kernels, else one by one.
static void gather(uint32_t n, Run r, View v, uint32_t *out) {
  if (r.type == DType::F16 && v == View::Float && r.stride == 2)
    return floatKernels().fromHalf(n, reinterpret_cast<uint16_t *>(r.at),
                                   reinterpret_cast<float *>(out));
  for (uint32_t i = 0; i < n; ++i)
    out[i] = loadElement(r.at + int64_t(i) * r.stride, r.type, v);
}

static void scatter(uint32_t n, const uint32_t *in, Run r, View v) {
  if (r.type == DType::F16 && v == View::Float && r.stride == 2)
    return floatKernels().toHalf(n, reinterpret_cast<const float *>(in),
                                 reinterpret_cast<uint16_t *>(r.at));
  for (uint32_t i = 0; i < n; ++i)
    storeElement(r.at + int64_t(i) * r.stride, r.type, v, in[i]);
}

static void evaluateBlock(const Recipe &r, uint32_t n, uint32_t *d,
                          const uint32_t *a, const uint32_t *b, uint32_t &acc) {
  auto f = [](const uint32_t *p) { return reinterpret_cast<const float *>(p); };
  if (FloatKernels::Fn fn = floatKernel(r.op))
    return fn(n, reinterpret_cast<float *>(d), f(a), 1, f(b), 1);
  if (r.reduces) {
    for (uint32_t i = 0; i < n; ++i)
      acc = evaluate(r.op, r.src0, r.width, a[i], b[i], acc);
    return;
  }
  for (uint32_t i = 0; i < n; ++i)
    d[i] = evaluate(r.op, r.src0, r.width, a[i], b[i], d[i]);
}

static Run moved(Run r, uint32_t n) {
  if (r.at)
    r.at += int64_t(n) * r.stride;
  return r;
}

void sim::applyRun(const Recipe &r, uint32_t n, Run d, Run a, Run b,
                   uint32_t &acc) {
  if (r.ordered)
    return applyOrdered(r, n, d, a, b, acc);
  if (r.raw)
    return copyRun(n, d, a);
  if (applyDirect(r, n, d, a, b, acc))
    return;
  if (n < 4)
    return applyOrdered(r, n, d, a, b, acc);
  alignas(32) uint32_t x[Block], y[Block], z[Block];
  for (uint32_t done = 0; done < n; done += Block) {
    uint32_t k = std::min(Block, n - done);
    gather(k, moved(a, done), r.src0, x);
    if (b.at)
      gather(k, moved(b, done), r.src1, y);
    if (r.readsDst)
      gather(k, moved(d, done), r.dst, z);
    evaluateBlock(r, k, z, x, b.at ? y : x, acc);
    if (!r.reduces)
      scatter(k, z, moved(d, done), r.dst);
  }
}
