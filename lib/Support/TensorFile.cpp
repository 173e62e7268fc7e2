//===- TensorFile.cpp - Tensors in files ----------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// TensorProto: elements lie in raw_data or in the typed field of their kind.
//
//===----------------------------------------------------------------------===//
#include "weft/Support/TensorFile.h"
#include "weft/Support/Input.h"
#include "weft/Support/Output.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"
#include <cstring>
#include <onnx/onnx_pb.h>

using namespace llvm;
using namespace weft;
using bin::ElemType;

Expected<uint64_t> weft::countElements(ArrayRef<uint64_t> shape) {
  constexpr uint64_t Most = uint64_t(1) << 40;
  uint64_t n = 1;
  for (uint64_t d : shape) {
    if (d == 0)
      return 0;
    if (d > Most / n)
      return createStringError("the shape has more than 2^40 elements");
    n *= d;
  }
  return n;
}

static const char *nameOf(ElemType t) {
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

std::string weft::describeTensor(ElemType type, ArrayRef<uint64_t> shape) {
  std::string s = nameOf(type);
  s += " [";
  for (size_t d = 0; d < shape.size(); ++d)
    s += (d ? ", " : "") + utostr(shape[d]);
  return s + "]";
}

//===----------------------------------------------------------------------===//
// TensorProto
//===----------------------------------------------------------------------===//

static Error bad(const Twine &what) {
  return createStringError("TensorProto: " + what);
}

/// Appends the typed field's elements; each must fit T.
template <typename T, typename Field>
static Error take(const Field &field, uint64_t n, std::vector<uint8_t> &bytes) {
  if (uint64_t(field.size()) != n)
    return bad(formatv("{0} elements, the shape has {1}", field.size(), n));
  bytes.resize(n * sizeof(T));
  for (uint64_t i = 0; i < n; ++i) {
    T v = T(field.Get(int(i)));
    if (field.Get(int(i)) != v)
      return bad(formatv("element {0} does not fit its type", i));
    memcpy(bytes.data() + i * sizeof(T), &v, sizeof(T));
  }
  return Error::success();
}

static Error takeFloats(const onnx::TensorProto &p, uint64_t n,
                        std::vector<uint8_t> &bytes) {
  if (uint64_t(p.float_data_size()) != n)
    return bad(
        formatv("{0} elements, the shape has {1}", p.float_data_size(), n));
  bytes.resize(n * 4);
  if (n)
    memcpy(bytes.data(), p.float_data().data(), n * 4);
  return Error::success();
}

static Error takeTyped(const onnx::TensorProto &p, FileTensor &t, uint64_t n) {
  switch (t.type) {
  case ElemType::F32:
    return takeFloats(p, n, t.bytes);
  case ElemType::I32:
    return take<int32_t>(p.int32_data(), n, t.bytes);
  case ElemType::I16:
    return take<int16_t>(p.int32_data(), n, t.bytes);
  case ElemType::I8:
    return take<int8_t>(p.int32_data(), n, t.bytes);
  case ElemType::U16:
  case ElemType::F16:
  case ElemType::BF16:
    return take<uint16_t>(p.int32_data(), n, t.bytes);
  case ElemType::U8:
  case ElemType::Bool:
    return take<uint8_t>(p.int32_data(), n, t.bytes);
  case ElemType::I64:
    return take<int64_t>(p.int64_data(), n, t.bytes);
  case ElemType::U32:
    return take<uint32_t>(p.uint64_data(), n, t.bytes);
  case ElemType::U64:
    return take<uint64_t>(p.uint64_data(), n, t.bytes);
  }
  return bad("unknown type");
}

static std::string typeName(int32_t type) {
  if (onnx::TensorProto_DataType_IsValid(type))
    return onnx::TensorProto_DataType_Name(onnx::TensorProto_DataType(type));
  return itostr(type);
}

Expected<FileTensor> weft::parseTensorProto(StringRef content) {
  onnx::TensorProto p;
  if (content.empty() || content.size() > INT32_MAX ||
      !p.ParseFromArray(content.data(), int(content.size())))
    return createStringError("neither a .npy file nor an ONNX TensorProto");
  if (p.data_location() == onnx::TensorProto::EXTERNAL ||
      p.external_data_size())
    return bad("its data lies in another file, which is not supported here");
  if (p.has_segment())
    return bad("segments are not supported");
  FileTensor t;
  t.name = p.name();
  t.type = ElemType(p.data_type());
  if (p.data_type() < 0 || p.data_type() > 255 || !bin::elemBytes(t.type))
    return bad("data type " + typeName(p.data_type()) + " is not supported");
  for (int64_t d : p.dims()) {
    if (d < 0)
      return bad(formatv("dimension {0}", d));
    t.shape.push_back(uint64_t(d));
  }
  Expected<uint64_t> n = countElements(t.shape);
  if (!n)
    return n.takeError();
  if (p.has_raw_data()) {
    if (p.raw_data().size() != *n * bin::elemBytes(t.type))
      return bad(formatv("{0} bytes of data, {1} are due for {2}",
                         p.raw_data().size(), *n * bin::elemBytes(t.type),
                         describeTensor(t.type, t.shape)));
    t.bytes.assign(p.raw_data().begin(), p.raw_data().end());
  } else if (Error e = takeTyped(p, t, *n)) {
    return e;
  }
  if (t.type == ElemType::Bool)
    for (uint8_t &b : t.bytes)
      b = b != 0;
  return t;
}

std::string weft::printTensorProto(const FileTensor &t) {
  onnx::TensorProto p;
  p.set_name(t.name);
  p.set_data_type(int32_t(t.type));
  for (uint64_t d : t.shape)
    p.add_dims(int64_t(d));
  p.set_raw_data(t.bytes.data(), t.bytes.size());
  return p.SerializeAsString();
}

//===----------------------------------------------------------------------===//
// Files
//===----------------------------------------------------------------------===//

Expected<FileTensor> weft::readTensor(StringRef path) {
  auto buffer = readInput(path);
  if (!buffer)
    return createStringError("cannot read '" + path +
                             "': " + toString(buffer.takeError()));
  StringRef content = (*buffer)->getBuffer();
  Expected<FileTensor> t = content.starts_with("\x93NUMPY")
                               ? parseNpy(content)
                               : parseTensorProto(content);
  if (!t)
    return createStringError(path + ": " + toString(t.takeError()));
  return t;
}

Error weft::writeTensor(StringRef path, const FileTensor &t) {
  std::string content;
  if (path.ends_with(".npy")) {
    Expected<std::string> npy = printNpy(t);
    if (!npy)
      return npy.takeError();
    content = std::move(*npy);
  } else {
    content = printTensorProto(t);
  }
  return writeOutput(path, [&](raw_ostream &os) { os << content; });
}
