//===- HostTensor.cpp - Elements of constant tensors ----------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Access to elements of every type ONNX's arithmetic may pass through, with
// the roundings of IEEE: to nearest even, once.
//
//===----------------------------------------------------------------------===//
#include "weft/Import/Constant.h"
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

using namespace mlir;
using namespace weft;

unsigned weft::hostElementBytes(Type type) {
  if (type.isF64())
    return 8;
  if (type.isF32())
    return 4;
  if (type.isF16() || type.isBF16())
    return 2;
  auto integer = dyn_cast<IntegerType>(type);
  if (!integer || integer.isSigned())
    return 0;
  unsigned width = integer.getWidth();
  if (width == 1)
    return integer.isUnsigned() ? 0 : 1;
  return width == 8 || width == 16 || width == 32 || width == 64 ? width / 8
                                                                 : 0;
}

template <typename T> static T readAs(const uint8_t *p) {
  T value;
  std::memcpy(&value, p, sizeof value);
  return value;
}

template <typename T> static void writeAs(uint8_t *p, T value) {
  std::memcpy(p, &value, sizeof value);
}

static double halfToDouble(uint16_t bits) {
  int exponent = bits >> 10 & 31;
  double fraction = bits & 1023, value;
  if (exponent == 31)
    value = fraction ? std::numeric_limits<double>::quiet_NaN()
                     : std::numeric_limits<double>::infinity();
  else if (exponent == 0)
    value = std::ldexp(fraction, -24);
  else
    value = std::ldexp(fraction + 1024, exponent - 25);
  return bits & 0x8000 ? -value : value;
}

static uint16_t doubleToHalf(double value) {
  uint16_t sign = std::signbit(value) ? 0x8000 : 0;
  double magnitude = std::fabs(value);
  if (std::isnan(value))
    return sign | 0x7e00;
  if (magnitude == 0)
    return sign;
  if (magnitude >= 65520) // half-way to the value after the largest
    return sign | 0x7c00;
  int exponent = 0;
  std::frexp(magnitude, &exponent); // magnitude in [2^(e-1), 2^e)
  int unit = std::max(exponent - 11, -24);
  double scaled = std::nearbyint(std::ldexp(magnitude, -unit));
  return sign |
         uint16_t(unit == -24 ? scaled : scaled - 1024 + ((unit + 25) << 10));
}

static double bfloatToDouble(uint16_t bits) {
  return double(std::bit_cast<float>(uint32_t(bits) << 16));
}

static uint16_t doubleToBfloat(double value) {
  if (std::isnan(value))
    return 0x7fc0;
  // Truncate to f32 keeping a sticky bit, so that the second rounding is right.
  float narrow = float(value);
  uint32_t bits = std::bit_cast<uint32_t>(narrow);
  if (double(narrow) != value && !std::isinf(narrow)) {
    if (std::fabs(double(narrow)) > std::fabs(value))
      --bits;
    bits |= 1;
  }
  uint32_t rounded = bits + 0x7fff + (bits >> 16 & 1);
  return uint16_t(rounded >> 16);
}

static double readFloat(Type type, const uint8_t *p) {
  if (type.isF64())
    return readAs<double>(p);
  if (type.isF32())
    return readAs<float>(p);
  if (type.isF16())
    return halfToDouble(readAs<uint16_t>(p));
  return bfloatToDouble(readAs<uint16_t>(p));
}

static void writeFloat(Type type, uint8_t *p, double value) {
  if (type.isF64())
    writeAs<double>(p, value);
  else if (type.isF32())
    writeAs<float>(p, float(value));
  else if (type.isF16())
    writeAs<uint16_t>(p, doubleToHalf(value));
  else
    writeAs<uint16_t>(p, doubleToBfloat(value));
}

static int64_t readInt(IntegerType type, const uint8_t *p) {
  bool isUnsigned = type.isUnsigned();
  switch (type.getWidth()) {
  case 1:
    return *p != 0;
  case 8:
    return isUnsigned ? int64_t(*p) : int64_t(int8_t(*p));
  case 16:
    return isUnsigned ? int64_t(readAs<uint16_t>(p)) : readAs<int16_t>(p);
  case 32:
    return isUnsigned ? int64_t(readAs<uint32_t>(p)) : readAs<int32_t>(p);
  default:
    return readAs<int64_t>(p);
  }
}

static void writeInt(IntegerType type, uint8_t *p, int64_t value) {
  switch (type.getWidth()) {
  case 1:
    *p = value != 0;
    break;
  case 8:
    *p = uint8_t(value);
    break;
  case 16:
    writeAs<uint16_t>(p, uint16_t(value));
    break;
  case 32:
    writeAs<uint32_t>(p, uint32_t(value));
    break;
  default:
    writeAs<int64_t>(p, value);
  }
}

static int64_t truncated(double value) {
  if (std::isnan(value))
    return 0;
  if (value >= 0x1p63)
    return INT64_MAX;
  if (value <= -0x1p63)
    return INT64_MIN;
  return int64_t(value);
}

double HostTensor::getFloat(int64_t i) const {
  Type element = type.getElementType();
  const uint8_t *p = bytes.data() + i * hostElementBytes(element);
  if (auto integer = dyn_cast<IntegerType>(element))
    return double(readInt(integer, p));
  return readFloat(element, p);
}

int64_t HostTensor::getInt(int64_t i) const {
  Type element = type.getElementType();
  const uint8_t *p = bytes.data() + i * hostElementBytes(element);
  if (auto integer = dyn_cast<IntegerType>(element))
    return readInt(integer, p);
  return truncated(readFloat(element, p));
}

void HostTensor::setFloat(int64_t i, double value) {
  Type element = type.getElementType();
  uint8_t *p = bytes.data() + i * hostElementBytes(element);
  if (auto integer = dyn_cast<IntegerType>(element))
    writeInt(integer, p,
             integer.getWidth() == 1 ? value != 0 : truncated(value));
  else
    writeFloat(element, p, value);
}

void HostTensor::setInt(int64_t i, int64_t value) {
  Type element = type.getElementType();
  uint8_t *p = bytes.data() + i * hostElementBytes(element);
  if (auto integer = dyn_cast<IntegerType>(element))
    writeInt(integer, p, value);
  else
    writeFloat(element, p, double(value));
}

HostTensor HostTensor::zeros(RankedTensorType type) {
  HostTensor tensor;
  tensor.type = type;
  tensor.bytes.resize(size_t(type.getNumElements()) *
                      hostElementBytes(type.getElementType()));
  return tensor;
}
