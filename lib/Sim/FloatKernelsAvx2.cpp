//===- FloatKernelsAvx2.cpp - Loops over f32 with AVX2, FMA and F16C ------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Compiled with -mavx2 -mfma -mf16c and chosen at run time.
//
//===----------------------------------------------------------------------===//
#include "VectorUnit.h"
#include <immintrin.h>

static void fromHalf(uint32_t n, const uint16_t *h, float *f) {
  uint32_t i = 0;
  for (; i + 8 <= n; i += 8)
    _mm256_storeu_ps(
        f + i, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(h + i))));
  for (; i < n; ++i)
    f[i] = _cvtsh_ss(h[i]);
}

static void toHalf(uint32_t n, const float *f, uint16_t *h) {
  uint32_t i = 0;
  for (; i + 8 <= n; i += 8)
    _mm_storeu_si128(
        (__m128i *)(h + i),
        _mm256_cvtps_ph(_mm256_loadu_ps(f + i), _MM_FROUND_TO_NEAREST_INT));
  for (; i < n; ++i)
    h[i] = _cvtss_sh(f[i], _MM_FROUND_TO_NEAREST_INT);
}

#define WEFT_KERNELS floatKernelsAvx2
#include "FloatKernels.inc"
