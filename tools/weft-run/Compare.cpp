//===- Compare.cpp - Outputs against expected values ----------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "Compare.h"
#include "weft/Sim/Elements.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"
#include <algorithm>
#include <cmath>
#include <limits>

using namespace llvm;
using namespace weft;
using namespace weft::run;

static double errorOf(double got, double want) {
  if (got == want || (std::isnan(got) && std::isnan(want)))
    return 0;
  if (!std::isfinite(got) || !std::isfinite(want))
    return std::numeric_limits<double>::infinity();
  return std::abs(got - want);
}

Comparison run::compareTensors(const FileTensor &got, const FileTensor &want,
                               double rtol, double atol) {
  Comparison c;
  bool real = sim::isFloat(want.type);
  unsigned size = bin::elemBytes(want.type);
  uint64_t n = want.bytes.size() / size;
  double largest = 0;
  for (uint64_t i = 0; real && i < n; ++i) {
    double w =
        std::abs(sim::elemAsDouble(want.bytes.data() + i * size, want.type));
    if (std::isfinite(w))
      largest = std::max(largest, w);
  }
  c.allowed = real ? atol + rtol * largest : 0;
  for (uint64_t i = 0; i < n; ++i) {
    const uint8_t *p = got.bytes.data() + i * size,
                  *q = want.bytes.data() + i * size;
    double g = sim::elemAsDouble(p, got.type),
           w = sim::elemAsDouble(q, want.type);
    double error = errorOf(g, w);
    if (!real && !error && !std::equal(p, p + size, q))
      error = 1; // beyond 2^53 doubles do not tell them apart
    c.wrong += error > c.allowed;
    if (i == 0 || error > c.maxError) {
      c.maxError = error;
      c.worst = i;
      c.got = g;
      c.want = w;
    }
  }
  c.differs = c.wrong;
  return c;
}

std::string run::describe(const Comparison &c, ArrayRef<uint64_t> shape) {
  std::string text;
  raw_string_ostream os(text);
  os << "max error " << format("%.3g", c.maxError) << " (allowed "
     << format("%.3g", c.allowed) << ")";
  if (shape.empty() || !is_contained(shape, 0u)) {
    os << " at [";
    uint64_t rest = c.worst, step = 1;
    for (uint64_t d : shape)
      step *= d;
    for (size_t d = 0; d < shape.size(); ++d) {
      step /= shape[d];
      os << (d ? ", " : "") << rest / step;
      rest %= step;
    }
    os << "]: got " << format("%.9g", c.got) << ", want "
       << format("%.9g", c.want);
  }
  if (c.wrong)
    os << "; " << c.wrong
       << (c.wrong == 1 ? " element differs" : " elements differ");
  return text;
}
