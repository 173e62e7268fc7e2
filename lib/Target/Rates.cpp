//===- Rates.cpp - How fast vector ops are --------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// The one place where SIMD widths and memory ports become cycles. The simulator
// and the cost model classify ops on their own and ask here.
//
//===----------------------------------------------------------------------===//
#include "weft/Target/Banks.h"
#include <cstdlib>

using namespace weft;

static uint32_t widthOf(const SimdWidths &s, VectorClass c, bool wide) {
  switch (c) {
  case VectorClass::Mov:
    return wide ? s.mov32 : s.mov16;
  case VectorClass::Convert:
    return s.convert;
  case VectorClass::FAdd:
    return wide ? s.fadd32 : s.fadd16;
  case VectorClass::FMul:
    return wide ? s.fmul32 : s.fmul16;
  case VectorClass::FMac:
    return wide ? s.fmac32 : s.fmac16;
  case VectorClass::FMacMixed:
    return s.fmacMixed;
  case VectorClass::FMax:
    return wide ? s.fmax32 : s.fmax16;
  case VectorClass::Shift:
    return wide ? s.int32 : s.shift16;
  case VectorClass::IntMul:
    return wide ? s.int32 : s.mul16;
  default:
    return wide ? s.int32 : s.int16;
  }
}

static uint32_t perThousand(uint32_t amount, uint32_t perCycle) {
  return (1000 * amount + perCycle - 1) / perCycle;
}

uint32_t Target::rateOf(const VectorForm &f) const {
  if (f.cls == VectorClass::Reduce)
    return rates.reduce;
  if (f.cls == VectorClass::Dot)
    return rates.dot;
  uint32_t width = std::min(widthOf(simd, f.cls, f.wide), f.simdLimit);
  return std::max({perThousand(1, width), perThousand(f.readBytes, readBytes),
                   perThousand(f.writeBytes, writeBytes)});
}

uint32_t Target::paced(const VectorForm &f, uint32_t rate) const {
  if (!f.fabric || rates.fabric <= 1000) // wavelets are no faster than that
    return rate;
  return std::max(rate, perThousand(rates.fabric, f.wide ? 1000 : 2000));
}

uint32_t Target::setupOf(const VectorForm &f) const {
  if (f.fabric)
    return setup.fabric;
  switch (f.cls) {
  case VectorClass::Mov:
    return f.readBytes ? setup.copy : setup.fill;
  case VectorClass::FMac:
    return f.wide ? setup.mac32 : setup.mac16;
  case VectorClass::FMacMixed:
    return setup.mac16;
  case VectorClass::Reduce:
    return setup.reduce;
  case VectorClass::Dot:
    return setup.dot;
  default:
    return setup.elementwise;
  }
}

unsigned Target::simdLimit(unsigned elementBytes, int64_t stride) const {
  if (elementBytes != 2 || stride == 0 || stride == 1)
    return ~0u;
  size_t n = strideWidth.value.size();
  return strideWidth.value[size_t(std::llabs(stride)) % n];
}

/// Half cycles of two reads: 2 together, 4 one after the other, 3 if half of
/// the elements are in each other's way.
static unsigned ofReads(uint32_t word, uint32_t line, const MemWalk &a,
                        const MemWalk &b) {
  if ((a.stride - b.stride) % int64_t(line))
    return 3;
  return (a.base / word - b.base / word) % (line / word) ? 2 : 4;
}

unsigned Target::halfCycles(const MemWalk walks[3]) const {
  const uint32_t word = bankWord(*this);
  unsigned most = 2;
  for (int j = 0; j < 3; ++j)
    for (int k = j + 1; k < 3; ++k)
      if (readLine >= word && walks[j].read && walks[k].read)
        most = std::max(most, ofReads(word, readLine, walks[j], walks[k]));
  const int64_t row = int64_t(banks) * word;
  auto stays = [&](const MemWalk &w) {
    return row && (w.read || w.written) && w.stride && w.stride % row == 0;
  };
  for (int j = 0; j < 3; ++j) {
    unsigned accesses = 0;
    for (int k = 0; k < 3; ++k)
      if (stays(walks[j]) && stays(walks[k]) &&
          walks[j].base % row / word == walks[k].base % row / word)
        accesses += walks[k].read + walks[k].written;
    most = std::max(most, 2 * accesses);
  }
  return most;
}
