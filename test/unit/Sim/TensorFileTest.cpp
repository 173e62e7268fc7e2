//===- TensorFileTest.cpp - Tensors in files ------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Both formats round-trip, and whatever is done to a file gives a tensor or an
// error.
//
//===----------------------------------------------------------------------===//
#include "weft/Support/TensorFile.h"
#include "weft/Sim/Elements.h"
#include <gtest/gtest.h>
#include <random>

using namespace llvm;
using namespace weft;
using bin::ElemType;

static const ElemType AllTypes[] = {
    ElemType::F32, ElemType::F16, ElemType::BF16, ElemType::I8,
    ElemType::I16, ElemType::I32, ElemType::I64,  ElemType::U8,
    ElemType::U16, ElemType::U32, ElemType::U64,  ElemType::Bool};

static FileTensor make(ElemType type, std::vector<uint64_t> shape) {
  FileTensor t;
  t.type = type;
  t.shape = shape;
  t.bytes.resize(cantFail(countElements(shape)) * bin::elemBytes(type));
  for (size_t i = 0; i < t.bytes.size(); ++i)
    t.bytes[i] = type == ElemType::Bool ? i % 2 : uint8_t(37 * i + 5);
  return t;
}

static void expectSame(const FileTensor &a, const FileTensor &b) {
  EXPECT_EQ(a.type, b.type);
  EXPECT_EQ(a.shape, b.shape);
  EXPECT_EQ(a.bytes, b.bytes);
}

static const std::vector<std::vector<uint64_t>> Shapes = {
    {}, {7}, {2, 3, 4}, {0, 5}};

TEST(TensorFile, RoundTrip) {
  for (ElemType type : AllTypes)
    for (const auto &shape : Shapes) {
      FileTensor t = make(type, shape);
      expectSame(cantFail(parseTensorProto(printTensorProto(t))), t);
      if (type == ElemType::BF16)
        continue;
      std::string npy = cantFail(printNpy(t));
      EXPECT_EQ((npy.size() - t.bytes.size()) % 64, 0u);
      expectSame(cantFail(parseNpy(npy)), t);
    }
}

static std::string errorOf(Expected<FileTensor> t) {
  return t ? "no error" : toString(t.takeError());
}

static std::string npy(const std::string &header, const std::string &data) {
  std::string s("\x93NUMPY\x01\x00", 8);
  s += char(header.size());
  s += char(0);
  return s + header + data;
}

TEST(TensorFile, NpyErrors) {
  auto with = [](const std::string &header, const std::string &data = "") {
    return errorOf(parseNpy(npy(header, data)));
  };
  EXPECT_EQ(
      with("{'descr': '>f4', 'fortran_order': False, 'shape': (1,)}", "abcd"),
      "npy header: big-endian data ('>f4') is not supported");
  EXPECT_EQ(
      with("{'descr': '<f4', 'fortran_order': True, 'shape': (1,)}", "abcd"),
      "npy header: Fortran order is not supported");
  EXPECT_EQ(with("{'descr': '<f8', 'fortran_order': False, 'shape': (1,)}"),
            "npy header: type '<f8' is not supported; f2, f4, i1 to i8, u1 to "
            "u8 and b1 are");
  EXPECT_EQ(
      with("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", "abcd"),
      "npy: 4 bytes of data, 8 are due for float32 [2]");
  EXPECT_EQ(with("{'descr': '<f4', 'shape': (99999999999, 99999999999)}"),
            "the shape has more than 2^40 elements");
  EXPECT_EQ(with("{'descr': '<f4'}"), "npy header: shape is missing");
  EXPECT_EQ(errorOf(parseNpy(StringRef("\x93NUMPY\x09\x00\x00\x00", 10))),
            "npy: version 9.0 is not supported; 1.0 and 2.0 are");
}

/// One field of a message: its number and wire type, then its content.
static std::string field(unsigned number, unsigned wire, std::string content) {
  std::string s(1, char(number << 3 | wire));
  if (wire == 2)
    s += char(content.size());
  return s + content;
}

TEST(TensorFile, ProtoTypedFieldsAndErrors) {
  std::string one = field(1, 0, "\x01"), two = field(1, 0, "\x02");
  auto type = [](char t) { return field(2, 0, std::string(1, t)); };
  // f16 1.0 = 0x3c00 = 15360 in int32_data, as a varint.
  FileTensor half = cantFail(parseTensorProto(
      one + type(10) + field(5, 2, std::string("\x80\x78", 2))));
  EXPECT_EQ(half.bytes, (std::vector<uint8_t>{0x00, 0x3c}));
  FileTensor flags =
      cantFail(parseTensorProto(two + type(9) + field(5, 2, "\x05\x01")));
  EXPECT_EQ(flags.bytes, (std::vector<uint8_t>{1, 1}));
  EXPECT_EQ(errorOf(parseTensorProto(two + type(9) + field(5, 2, "\x05"))),
            "TensorProto: 1 elements, the shape has 2");
  EXPECT_EQ(errorOf(parseTensorProto(one + type(3) + field(5, 2, "\x80\x78"))),
            "TensorProto: element 0 does not fit its type");
  EXPECT_EQ(errorOf(parseTensorProto(one + type(11) + field(9, 2, "12345678"))),
            "TensorProto: data type DOUBLE is not supported");
  EXPECT_EQ(errorOf(parseTensorProto(one + type(8))),
            "TensorProto: data type STRING is not supported");
  EXPECT_EQ(errorOf(parseTensorProto(one + type(1) + field(9, 2, "12345"))),
            "TensorProto: 5 bytes of data, 4 are due for float32 [1]");
  EXPECT_EQ(errorOf(parseTensorProto(one + type(1) + field(14, 0, "\x01"))),
            "TensorProto: its data lies in another file, which is not "
            "supported here");
  EXPECT_EQ(errorOf(parseTensorProto("")),
            "neither a .npy file nor an ONNX TensorProto");
}

TEST(TensorFile, MutatedFilesNeverCrash) {
  std::mt19937 rng(1);
  FileTensor t = make(ElemType::F32, {2, 3});
  std::string files[] = {cantFail(printNpy(t)), printTensorProto(t)};
  for (unsigned round = 0; round < 20000; ++round) {
    std::string s = files[round % 2];
    for (unsigned n = rng() % 4 + 1; n--;)
      s[rng() % s.size()] = char(rng());
    if (rng() % 4 == 0)
      s.resize(rng() % s.size());
    auto read = round % 2 ? parseTensorProto(s) : parseNpy(s);
    if (read)
      EXPECT_EQ(read->bytes.size(), cantFail(countElements(read->shape)) *
                                        bin::elemBytes(read->type));
    else
      consumeError(read.takeError());
  }
}

TEST(Elements, Conversions) {
  auto convert = [](std::vector<int64_t> v, ElemType to) {
    ArrayRef<uint8_t> bytes(reinterpret_cast<uint8_t *>(v.data()),
                            v.size() * 8);
    return sim::convertElements(bytes, ElemType::I64, to);
  };
  EXPECT_EQ(cantFail(convert({1, -1}, ElemType::I16)),
            (std::vector<uint8_t>{1, 0, 0xff, 0xff}));
  auto tooBig = convert({5, int64_t(1) << 31}, ElemType::I32);
  ASSERT_FALSE(tooBig);
  EXPECT_EQ(toString(tooBig.takeError()),
            "element 1 is 2147483648, which does not fit int32");
  EXPECT_EQ(cantFail(convert({2, 0}, ElemType::Bool)),
            (std::vector<uint8_t>{1, 0}));
  std::vector<uint8_t> bf = {0x80, 0x3f};
  EXPECT_EQ(cantFail(sim::toStorage(bf, ElemType::BF16, ElemType::F32)),
            (std::vector<uint8_t>{0, 0, 0x80, 0x3f}));
  auto mixed = sim::toStorage(bf, ElemType::BF16, ElemType::I32);
  ASSERT_FALSE(mixed);
  EXPECT_EQ(toString(mixed.takeError()), "bfloat16 cannot be stored as int32");
}
