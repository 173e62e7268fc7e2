//===- VectorTest.cpp - Arithmetic of vector ops --------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "../../../lib/Sim/VectorUnit.h"
#include "Build.h"
#include "llvm/ADT/APFloat.h"
#include <cmath>
#include <random>

using namespace weft;
using namespace weft::sim;

// All halves, and floats around every rounding case, against LLVM's soft float.
TEST(SimVector, HalfConversions) {
  for (uint32_t h = 0; h < 65536; ++h) {
    llvm::APFloat f(llvm::APFloat::IEEEhalf(), llvm::APInt(16, h));
    bool lost;
    f.convert(llvm::APFloat::IEEEsingle(), llvm::APFloat::rmNearestTiesToEven,
              &lost);
    uint32_t got = halfToFloatBits(h);
    if (!f.isNaN()) {
      ASSERT_EQ(got, f.bitcastToAPInt().getZExtValue()) << h;
    }
    for (int32_t d : {-4097, -4096, -4095, -1, 0, 1, 4095, 4096, 4097}) {
      uint32_t bits = got + d;
      llvm::APFloat g(llvm::APFloat::IEEEsingle(), llvm::APInt(32, bits));
      if (g.isNaN())
        continue;
      g.convert(llvm::APFloat::IEEEhalf(), llvm::APFloat::rmNearestTiesToEven,
                &lost);
      ASSERT_EQ(floatBitsToHalf(bits), g.bitcastToAPInt().getZExtValue())
          << bits;
    }
  }
}

#ifdef __x86_64__
// The kernels of this processor give the bits of the portable ones.
TEST(SimVector, KernelsAgree) {
  const FloatKernels &a = floatKernelsBase, &b = floatKernels();
  std::mt19937 rng(7);
  for (uint32_t n : {1u, 7u, 8u, 33u, 256u}) {
    std::vector<float> x(n), y(n), z(n), z2(n), z0(n);
    auto fill = [&](std::vector<float> &v) {
      for (float &f : v) {
        uint32_t bits = rng();
        memcpy(&f, &bits, 4);
        if (f != f)
          f = 1.5f;
      }
    };
    for (auto fn : {&FloatKernels::add, &FloatKernels::sub, &FloatKernels::mul,
                    &FloatKernels::max, &FloatKernels::min, &FloatKernels::mac})
      for (int s = 0; s < 4; ++s) {
        fill(x), fill(y), fill(z0);
        z = z2 = z0;
        (a.*fn)(n, z.data(), x.data(), s & 1, y.data(), s >> 1);
        (b.*fn)(n, z2.data(), x.data(), s & 1, y.data(), s >> 1);
        ASSERT_EQ(memcmp(z.data(), z2.data(), n * 4), 0);
      }
    std::vector<uint16_t> h(n), h2(n);
    a.toHalf(n, x.data(), h.data());
    b.toHalf(n, x.data(), h2.data());
    ASSERT_EQ(h, h2);
    a.fromHalf(n, h.data(), z.data());
    b.fromHalf(n, h.data(), z2.data());
    ASSERT_EQ(memcmp(z.data(), z2.data(), n * 4), 0);
  }
}
#endif

static std::vector<float> runBody(const std::string &text,
                                  const std::vector<float> &in,
                                  uint32_t outAddr, uint32_t outCount) {
  Builder b;
  b.cls("one", {}, text + "halt\n");
  b.p.inputs = {Builder::tensor("in", {}, DataAddr, in.size())};
  b.p.outputs = {Builder::tensor("out", {}, outAddr, outCount)};
  Ran r = runIt(b, {in});
  EXPECT_EQ(r.error, "");
  return r.outputs.empty() ? std::vector<float>(outCount) : r.outputs[0];
}

// y[j] += sum_k x[k] W[k][j] as one op: the destination is walked again per k.
TEST(SimVector, GemvInOneOp) {
  constexpr uint32_t K = 5, N = 12;
  std::vector<float> in(K * N + K + N);
  for (size_t i = 0; i < in.size(); ++i)
    in[i] = float(i % 11) - 5;
  std::vector<float> y =
      runBody("dsd d0, r0+16644, f32, [5:0, 12:1]\n" // y, after W (240 bytes)
                                                     // and x (20)
              "dsd d1, r0+16384, f32, [5:12, 12:1]\n"
              "dsd d2, r0+16624, f32, [5:1, 12:0]\n"
              "vfmac d0, d1, d2\n",
              in, DataAddr + 260, N);
  for (uint32_t j = 0; j < N; ++j) {
    float want = in[K * N + K + j];
    for (uint32_t k = 0; k < K; ++k)
      want = std::fma(in[k * N + j], in[K * N + k], want);
    EXPECT_EQ(y[j], want);
  }
}

TEST(SimVector, ReductionsAndStrideZero) {
  std::vector<float> in = {1, -2, 3.5f, 8, 100, 0.25f};
  std::vector<float> o = runBody(
      "dsd d0, r0+16384, f32, [6:1]\n"
      "vrsum r1, d0\nst r1, r0+20480\n"
      "li r2, 0xff800000\nvrmax r2, d0\nst r2, r0+20484\n"
      "vfdot r3, d0, d0\nst r3, r0+20488\n"
      "st r0, r0+20492\ndsd d1, r0+20492, f32, [6:0]\nvfadd d1, d1, d0\n"
      "dsd d2, r0+16404, f32, [6:-1]\ndsd d3, r0+20496, f32, [6:2]\nvfneg d3, "
      "d2\n"
      "dsd d4, r0+20500, f32, [5:2]\nvmov d4, r0\n",
      in, 20480, 15);
  EXPECT_EQ(o[0], 110.75f);
  EXPECT_EQ(o[1], 100.f);
  EXPECT_EQ(o[2], 1 + 4 + 12.25f + 64 + 10000 + 0.0625f);
  EXPECT_EQ(o[3], 110.75f);
  EXPECT_EQ(o[4], -0.25f);
  EXPECT_EQ(o[14], -1.f);
}

// Vector, scalar and reducing maxima and minima: NaN on either side stays.
TEST(SimVector, MaximumKeepsNaN) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  std::vector<float> in = {nan, 1, 2, -3, 5, 4, nan, -2, 3, 5};
  std::vector<float> o =
      runBody("dsd d0, r0+16384, f32, [5:1]\ndsd d1, r0+16404, f32, [5:1]\n"
              "dsd d2, r0+20480, f32, [5:1]\ndsd d3, r0+20500, f32, [5:1]\n"
              "vfmax d2, d0, d1\nvfmin d3, d0, d1\n"
              "li r2, 0xff800000\nvrmax r2, d0\nst r2, r0+20520\n"
              "ld r1, r0+16384\nli r2, 0x40000000\n"
              "fmax r3, r1, r2\nst r3, r0+20524\n"
              "fmax r3, r2, r1\nst r3, r0+20528\n"
              "fmin r3, r1, r2\nst r3, r0+20532\n"
              "fmin r3, r2, r1\nst r3, r0+20536\n",
              in, 20480, 15);
  for (unsigned i : {0u, 1u, 5u, 6u, 10u, 11u, 12u, 13u, 14u})
    EXPECT_TRUE(std::isnan(o[i])) << i;
  EXPECT_EQ(o[2], 2.f);
  EXPECT_EQ(o[3], 3.f);
  EXPECT_EQ(o[7], -2.f);
  EXPECT_EQ(o[8], -3.f);
}

TEST(SimVector, HalfAccumulatesInF32) {
  std::vector<float> in = {1.5f, 2.25f, -3, 0.1f, 65504, 1e-7f, 7, 9};
  std::vector<float> o =
      runBody("dsd d0, r0+16384, f32, [8:1]\n"
              "dsd d1, r0+20480, f16, [8:1]\nvmov d1, d0\n"
              "dsd d2, r0+20512, f32, [8:1]\nvmov d2, r0\n"
              "vfmac d2, d1, d1\n"
              "dsd d3, r0+20544, f16, [8:1]\nvfadd d3, d1, d1\n"
              "dsd d4, r0+20576, f32, [8:1]\nvmov d4, d3\n",
              in, 20512, 8);
  uint16_t tenth = floatBitsToHalf(llvm::bit_cast<uint32_t>(0.1f));
  float t = llvm::bit_cast<float>(halfToFloatBits(tenth));
  EXPECT_EQ(o[3], t * t);
  EXPECT_EQ(o[4], 65504.f * 65504.f);
}

TEST(SimVector, IntegersComparesAndSelect) {
  std::vector<float> in = {1, 5, NAN, -3, 2};
  std::vector<float> o =
      runBody("dsd d0, r0+16384, f32, [5:1]\n"
              "dsd d1, r0+20480, i32, [5:1]\n"
              "li r1, 0x40000000\n" // 2.0
              "vfle d1, d0, r1\n"
              "dsd d2, r0+20500, f32, [5:1]\nvmov d2, r1\nvsel d2, d1, d0\n"
              "dsd d3, r0+20520, i32, [5:1]\nvf2i d3, d0\n"
              "li r2, 3\nvshl d3, d3, r2\n"
              "dsd d4, r0+20540, f32, [5:1]\nvi2f d4, d3\n",
              in, 20500, 15);
  std::vector<float> selected(o.begin(), o.begin() + 5),
      shifted(o.begin() + 10, o.end());
  EXPECT_EQ(selected, (std::vector<float>{1, 2, 2, -3, 2}));
  EXPECT_EQ(shifted, (std::vector<float>{8, 40, 0, -24, 16}));
}

// The name of an op says how it reads bits, the type only how many there are.
TEST(SimVector, NamesDecideHowBitsAreRead) {
  std::vector<float> in = {1.5f, -2.5f};
  std::vector<float> o =
      runBody("dsd d0, r0+16384, f32, [2:1]\ndsd d1, r0+16384, i32, [2:1]\n"
              "dsd d2, r0+20480, f32, [2:1]\ndsd d3, r0+20488, i32, [2:1]\n"
              "li r1, 0x7fffffff\nvand d2, d0, r1\nvfadd d3, d1, d1\n"
              "vrsum r2, d1\nst r2, r0+20496\n",
              in, 20480, 5);
  EXPECT_EQ(o, (std::vector<float>{1.5f, 2.5f, 3, -5, -1}));
}

namespace {

/// A random walk over the 512 bytes from `base`.
struct Walk {
  DType type = DType::F32;
  std::vector<isa::DsdDim> dims;
  uint32_t addr = 0;
};

Walk randomWalk(std::mt19937 &rng, std::vector<uint16_t> lengths, DType type) {
  Walk w;
  w.type = type;
  int size = int(isa::dtypeBytes(type)), lo = 0, hi = 0;
  do {
    w.dims.clear();
    lo = hi = 0;
    for (size_t d = 0; d < lengths.size(); ++d) {
      int stride = rng() % 3 ? int(rng() % 5) - 1 : (d + 1 == lengths.size());
      if (d + 1 < lengths.size() && rng() % 2)
        stride = int(rng() % 3) * lengths.back();
      w.dims.push_back({lengths[d], int16_t(stride)});
      int reach = (lengths[d] - 1) * stride * size;
      (reach < 0 ? lo : hi) += reach;
    }
  } while (hi - lo + size > 512);
  int room = (512 - (hi - lo + size)) / size;
  w.addr =
      DataAddr + uint32_t(-lo) + uint32_t(size) * (rng() % uint32_t(room + 1));
  return w;
}

std::string textOf(const char *name, const Walk &w) {
  const char *types[] = {"f32", "f16", "i32", "i16"};
  std::string s = std::string("dsd ") + name + ", r0+" +
                  std::to_string(w.addr) + ", " + types[int(w.type)] + ", [";
  for (size_t d = 0; d < w.dims.size(); ++d)
    s += (d ? ", " : "") + std::to_string(w.dims[d].length) + ":" +
         std::to_string(w.dims[d].stride);
  return s + "]\n";
}

/// The bytes of element `i`, by plain division.
uint32_t addressOf(const Walk &w, uint32_t i) {
  int64_t at = w.addr;
  for (size_t d = w.dims.size(); d-- > 0;) {
    at += int64_t(i % w.dims[d].length) * w.dims[d].stride *
          isa::dtypeBytes(w.type);
    i /= w.dims[d].length;
  }
  return uint32_t(at - DataAddr);
}

uint32_t lengthOf(const std::vector<uint16_t> &lengths) {
  uint32_t n = 1;
  for (uint16_t l : lengths)
    n *= l;
  return n;
}

} // namespace

// One op on overlapping walks gives what one element after the other gives.
TEST(SimVector, RandomWalks) {
  const isa::Op ops[] = {isa::Op::VFAdd, isa::Op::VFSub, isa::Op::VFMul,
                         isa::Op::VFMac, isa::Op::VFMax, isa::Op::VAdd,
                         isa::Op::VMax,  isa::Op::VFLt};
  std::mt19937 rng(11);
  for (unsigned round = 0; round < 4000; ++round) {
    isa::Op op = ops[rng() % 8];
    std::vector<uint16_t> flat = {uint16_t(1 + rng() % 40)},
                          deep = {uint16_t(1 + rng() % 4),
                                  uint16_t(1 + rng() % 9)};
    std::vector<uint16_t> same = {uint16_t(lengthOf(deep))};
    std::vector<uint16_t> shapes[3] = {flat, flat, flat};
    if (rng() % 2)
      for (auto &s : shapes)
        s = rng() % 2 ? deep : same;
    DType type = rng() % 2 ? DType::F32 : DType::F16;
    Walk d = randomWalk(rng, shapes[0], type),
         a = randomWalk(rng, shapes[1], type),
         b = randomWalk(rng, shapes[2], type);
    if (rng() % 4 == 0)
      a = d;
    std::vector<float> in(128);
    for (float &f : in)
      f = float(int(rng() % 17) - 8) * 0.5f;
    if (type == DType::F16)
      for (float &f : in) {
        uint32_t two = floatBitsToHalf(llvm::bit_cast<uint32_t>(f));
        two |= two << 16;
        memcpy(&f, &two, 4);
      }
    std::vector<uint8_t> want = bytesOf(in);
    View src =
        op == isa::Op::VAdd || op == isa::Op::VMax ? View::Int : View::Float;
    View dst = op == isa::Op::VFLt ? View::Int : src;
    for (uint32_t i = 0; i < lengthOf(shapes[0]); ++i) {
      uint8_t *p = want.data() + addressOf(d, i);
      storeElement(
          p, type, dst,
          evaluate(op, src, isa::dtypeBytes(type) * 8,
                   loadElement(want.data() + addressOf(a, i), type, src),
                   loadElement(want.data() + addressOf(b, i), type, src),
                   loadElement(p, type, dst)));
    }
    std::vector<float> got =
        runBody(textOf("d0", d) + textOf("d1", a) + textOf("d2", b) +
                    isa::mnemonic(uint8_t(op)) + " d0, d1, d2\n",
                in, DataAddr, 128);
    ASSERT_EQ(bytesOf(got), want)
        << "round " << round << "\n"
        << textOf("d0", d) << textOf("d1", a) << textOf("d2", b)
        << isa::mnemonic(uint8_t(op));
  }
}
