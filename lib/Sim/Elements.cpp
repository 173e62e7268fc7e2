//===- Elements.cpp - Element types at the host border --------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "weft/Sim/Elements.h"
#include "VectorUnit.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/FormatVariadic.h"
#include <cstring>
#include <limits>

using namespace llvm;
using namespace weft;
using namespace weft::sim;
using bin::ElemType;

bool sim::isFloat(ElemType t) {
  return t == ElemType::F32 || t == ElemType::F16 || t == ElemType::BF16;
}

const char *sim::elemName(ElemType t) {
  switch (t) {
  case ElemType::F32:
    return "float32";
  case ElemType::U8:
    return "uint8";
  case ElemType::I8:
    return "int8";
  case ElemType::U16:
    return "uint16";
  case ElemType::I16:
    return "int16";
  case ElemType::I32:
    return "int32";
  case ElemType::I64:
    return "int64";
  case ElemType::Bool:
    return "bool";
  case ElemType::F16:
    return "float16";
  case ElemType::U32:
    return "uint32";
  case ElemType::U64:
    return "uint64";
  case ElemType::BF16:
    return "bfloat16";
  }
  return "unknown";
}

template <typename T> static T read(const uint8_t *p) {
  T v;
  memcpy(&v, p, sizeof v);
  return v;
}

static float elemAsFloat(const uint8_t *p, ElemType t) {
  if (t == ElemType::F32)
    return read<float>(p);
  uint16_t h = read<uint16_t>(p);
  return bit_cast<float>(t == ElemType::F16 ? halfToFloatBits(h)
                                            : uint32_t(h) << 16);
}

int64_t sim::elemAsInt(const uint8_t *p, ElemType t) {
  switch (t) {
  case ElemType::Bool:
    return read<uint8_t>(p) != 0;
  case ElemType::U8:
    return read<uint8_t>(p);
  case ElemType::I8:
    return read<int8_t>(p);
  case ElemType::U16:
    return read<uint16_t>(p);
  case ElemType::I16:
    return read<int16_t>(p);
  case ElemType::I32:
    return read<int32_t>(p);
  case ElemType::U32:
    return read<uint32_t>(p);
  case ElemType::U64:
    return int64_t(std::min<uint64_t>(read<uint64_t>(p),
                                      std::numeric_limits<int64_t>::max()));
  default:
    return read<int64_t>(p);
  }
}

double sim::elemAsDouble(const uint8_t *p, ElemType t) {
  return isFloat(t) ? double(elemAsFloat(p, t)) : double(elemAsInt(p, t));
}

static void writeFloat(uint8_t *p, ElemType t, float f) {
  uint32_t bits = bit_cast<uint32_t>(f);
  if (t == ElemType::F32) {
    memcpy(p, &bits, 4);
    return;
  }
  uint16_t h =
      t == ElemType::BF16 ? floatBitsToBrain(bits) : floatBitsToHalf(bits);
  memcpy(p, &h, 2);
}

static bool fits(int64_t v, ElemType t) {
  switch (t) {
  case ElemType::U8:
    return v >= 0 && v <= 255;
  case ElemType::I8:
    return v >= -128 && v <= 127;
  case ElemType::U16:
    return v >= 0 && v <= 65535;
  case ElemType::I16:
    return v >= -32768 && v <= 32767;
  case ElemType::I32:
    return v >= std::numeric_limits<int32_t>::min() &&
           v <= std::numeric_limits<int32_t>::max();
  case ElemType::U32:
    return v >= 0 && v <= std::numeric_limits<uint32_t>::max();
  case ElemType::U64:
    return v >= 0;
  default:
    return true;
  }
}

Expected<std::vector<uint8_t>>
sim::convertElements(ArrayRef<uint8_t> bytes, ElemType from, ElemType to) {
  unsigned in = bin::elemBytes(from), out = bin::elemBytes(to);
  if (!in || !out || isFloat(from) != isFloat(to) || bytes.size() % in)
    return createStringError(
        formatv("{0} cannot be stored as {1}", elemName(from), elemName(to)));
  if (from == to)
    return bytes.vec();
  size_t n = bytes.size() / in;
  std::vector<uint8_t> result(n * out);
  for (size_t i = 0; i < n; ++i) {
    const uint8_t *p = bytes.data() + i * in;
    uint8_t *q = result.data() + i * out;
    if (isFloat(from)) {
      writeFloat(q, to, elemAsFloat(p, from));
      continue;
    }
    int64_t v = elemAsInt(p, from);
    if (to == ElemType::Bool)
      v = v != 0;
    // uint32 keeps its bits in an int32.
    if (from == ElemType::U32 && to == ElemType::I32)
      v = int32_t(v);
    if (from == ElemType::I32 && to == ElemType::U32)
      v = uint32_t(v);
    if (!fits(v, to))
      return createStringError(formatv(
          "element {0} is {1}, which does not fit {2}", i, v, elemName(to)));
    memcpy(q, &v, out); // little-endian
  }
  return result;
}

Expected<std::vector<uint8_t>> sim::toStorage(ArrayRef<uint8_t> bytes,
                                              ElemType from, ElemType storage) {
  return convertElements(bytes, from, storage);
}

Expected<std::vector<uint8_t>> sim::fromStorage(ArrayRef<uint8_t> bytes,
                                                ElemType storage, ElemType to) {
  return convertElements(bytes, storage, to);
}
