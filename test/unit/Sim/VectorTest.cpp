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
