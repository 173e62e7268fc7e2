//===- FloatKernelsBase.cpp - Loops over f32 for any processor ------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "VectorUnit.h"
#include <cstring>

using namespace weft::sim;

static void fromHalf(uint32_t n, const uint16_t *h, float *f) {
  for (uint32_t i = 0; i < n; ++i) {
    uint32_t bits = halfToFloatBits(h[i]);
    memcpy(f + i, &bits, 4);
  }
}

static void toHalf(uint32_t n, const float *f, uint16_t *h) {
  for (uint32_t i = 0; i < n; ++i) {
    uint32_t bits;
    memcpy(&bits, f + i, 4);
    h[i] = floatBitsToHalf(bits);
  }
}

#define WEFT_KERNELS floatKernelsBase
#include "FloatKernels.inc"
