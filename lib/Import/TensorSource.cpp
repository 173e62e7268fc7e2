//===- TensorSource.cpp - Tensors of a model ------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// TensorProto spells a tensor in seven ways; this file brings each to dense
// bytes and, where a file holds exactly those bytes, to a reference.
//
//===----------------------------------------------------------------------===//
#include "ModelFile.h"
#include "Ops/Quantization.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace weft;
using llvm::Expected;
using llvm::formatv;
using onnx::TensorProto;

Type weft::elementType(MLIRContext *context, int32_t onnxType) {
  Builder b(context);
  auto isUnsigned = IntegerType::Unsigned;
  switch (onnxType) {
  case TensorProto::FLOAT:
    return b.getF32Type();
  case TensorProto::FLOAT16:
    return b.getF16Type();
  case TensorProto::BFLOAT16:
    return b.getBF16Type();
  case TensorProto::DOUBLE:
    return b.getF64Type();
  case TensorProto::INT8:
    return b.getIntegerType(8);
  case TensorProto::INT16:
    return b.getIntegerType(16);
  case TensorProto::INT32:
    return b.getIntegerType(32);
  case TensorProto::INT64:
    return b.getIntegerType(64);
  case TensorProto::UINT8:
    return IntegerType::get(context, 8, isUnsigned);
  case TensorProto::UINT16:
    return IntegerType::get(context, 16, isUnsigned);
  case TensorProto::UINT32:
    return IntegerType::get(context, 32, isUnsigned);
  case TensorProto::UINT64:
    return IntegerType::get(context, 64, isUnsigned);
  case TensorProto::BOOL:
    return b.getI1Type();
  default:
    return {};
  }
}

std::string weft::elementName(int32_t onnxType) {
  static const char *const names[] = {
      "undefined",      "float",        "uint8",          "int8",
      "uint16",         "int16",        "int32",          "int64",
      "string",         "bool",         "float16",        "double",
      "uint32",         "uint64",       "complex64",      "complex128",
      "bfloat16",       "float8e4m3fn", "float8e4m3fnuz", "float8e5m2",
      "float8e5m2fnuz", "uint4",        "int4",           "float4e2m1"};
  if (onnxType >= 0 && onnxType < int32_t(std::size(names)))
    return names[onnxType];
  return std::to_string(onnxType);
}

unsigned weft::elementBits(int32_t onnxType) {
  //                     undefined, float, uint8, int8, ... as in elementName
  static const uint8_t bits[] = {0,  32, 8,  8,   16, 16, 32, 64, 0, 8, 16, 64,
                                 32, 64, 64, 128, 16, 8,  8,  8,  8, 4, 4,  4};
  return onnxType >= 0 && onnxType < int32_t(std::size(bits)) ? bits[onnxType]
                                                              : 0;
}

static Expected<RankedTensorType> typeOf(MLIRContext *context,
                                         const TensorProto &tensor) {
  unsigned packed = packedBits(tensor.data_type());
  Type element = packed ? IntegerType::get(context, 8, IntegerType::Unsigned)
                        : elementType(context, tensor.data_type());
  if (!element)
    return llvm::createStringError("has element type " +
                                   elementName(tensor.data_type()) +
                                   ", which is not supported");
  int64_t most = 1;
  for (int64_t dim : tensor.dims())
    if (!addExtent(most, dim))
      return llvm::createStringError(
          formatv("has dimension {0}, which is negative or too large", dim));
  SmallVector<int64_t> shape(tensor.dims().begin(), tensor.dims().end());
  int64_t count = llvm::is_contained(shape, 0) ? 0 : most;
  if (packed) // the bytes; unpackedInitializer() makes the tensor of them
    shape.assign(1, (count * packed + 7) / 8);
  return RankedTensorType::get(shape, element);
}

static uint64_t speltSize(const TensorProto &tensor) {
  return uint64_t(tensor.float_data_size()) + tensor.int32_data_size() +
         tensor.int64_data_size() + tensor.double_data_size() +
         tensor.uint64_data_size() + tensor.string_data_size();
}

/// Values that are spelt one by one, as integers or floats of another width.
template <typename Field, typename Set>
static bool spell(const Field &values, SourceTensor &out, Set set) {
  HostTensor host = HostTensor::zeros(out.type);
  if (values.size() != host.size())
    return false;
  for (int64_t i = 0; i < host.size(); ++i)
    set(host, i, values[int(i)]);
  out.owned = std::move(host.bytes);
  out.bytes = out.owned;
  return true;
}

/// The bits of f16 and bf16 stand in the low half of int32_data.
static void setBits(HostTensor &host, int64_t i, int32_t value) {
  if (isa<FloatType>(host.type.getElementType())) {
    uint16_t bits = uint16_t(value);
    std::memcpy(host.bytes.data() + 2 * i, &bits, 2);
  } else {
    host.setInt(i, value);
  }
}

static bool spellTyped(const TensorProto &tensor, SourceTensor &out) {
  auto setInt = [](HostTensor &host, int64_t i, auto value) {
    host.setInt(i, int64_t(value));
  };
  auto setFloat = [](HostTensor &host, int64_t i, auto value) {
    host.setFloat(i, value);
  };
  switch (tensor.data_type()) {
  case TensorProto::FLOAT:
    return spell(tensor.float_data(), out, setFloat);
  case TensorProto::DOUBLE:
    return spell(tensor.double_data(), out, setFloat);
  case TensorProto::INT64:
    return spell(tensor.int64_data(), out, setInt);
  case TensorProto::UINT32:
  case TensorProto::UINT64:
    return spell(tensor.uint64_data(), out, setInt);
  default:
    return spell(tensor.int32_data(), out, setBits);
  }
}

namespace {
/// What `external_data` says.
struct External {
  std::string location;
  uint64_t offset = 0;
  std::optional<uint64_t> length;
};
} // namespace

/// `checksum` is what ONNX calls SHA-1 of the file; nobody writes it, nobody
/// checks it.
static Expected<External> parseExternal(const TensorProto &tensor) {
  External out;
  llvm::StringSet<> seen;
  for (const auto &entry : tensor.external_data()) {
    StringRef key = entry.key(), value = entry.value();
    if (!seen.insert(key).second)
      return llvm::createStringError("has external data with two keys '" + key +
                                     "'");
    uint64_t number = 0;
    bool isNumber = key == "offset" || key == "length";
    if (isNumber && value.getAsInteger(10, number))
      return llvm::createStringError("has external data of " + key + " '" +
                                     value + "', expected a number");
    if (key == "location")
      out.location = value.str();
    else if (key == "offset")
      out.offset = number;
    else if (key == "length")
      out.length = number;
    else if (key != "checksum")
      return llvm::createStringError(
          "has external data with key '" + key +
          "', expected location, offset, length or checksum");
  }
  if (!seen.contains("location"))
    return llvm::createStringError("has external data without a location");
  return out;
}

/// A file that is not there may be a model's that was stripped of its weights;
/// any other reason not to read it is an error.
static llvm::Error openExternal(const ModelFile &file, SourceTensor &out,
                                ArrayRef<uint8_t> &whole) {
  auto bytes = file.store->file(out.file);
  if (bytes) {
    whole = *bytes;
    return llvm::Error::success();
  }
  return llvm::handleErrors(
      bytes.takeError(), [&](const llvm::StringError &e) -> llvm::Error {
        if (e.convertToErrorCode() != std::errc::no_such_file_or_directory)
          return llvm::createStringError(e.getMessage());
        out.absent = "has no data: " + e.getMessage();
        return llvm::Error::success();
      });
}

static llvm::Error readExternal(const TensorProto &tensor,
                                const ModelFile &file, bool hasRaw,
                                SourceTensor &out) {
  Expected<External> external = parseExternal(tensor);
  if (!external)
    return external.takeError();
  if (file.fromStdin)
    return llvm::createStringError("has external data, which is refused for a "
                                   "model on standard input");
  if (hasRaw || speltSize(tensor))
    return llvm::createStringError("has external data and data in the model");
  out.file = external->location;
  out.offset = external->offset;
  uint64_t want = uint64_t(out.type.getNumElements()) *
                  hostElementBytes(out.type.getElementType());
  if (external->length && *external->length != want)
    return llvm::createStringError(
        formatv("has external data of {0} bytes, expected {1}",
                *external->length, want));
  ArrayRef<uint8_t> whole;
  if (llvm::Error e = openExternal(file, out, whole))
    return e;
  if (!out.absent.empty())
    return llvm::Error::success();
  if (out.offset > whole.size() || want > whole.size() - out.offset)
    return llvm::createStringError(
        formatv("reads {0} bytes at offset {1} of external file '{2}', which "
                "has {3}",
                want, out.offset, out.file, whole.size()));
  out.bytes = whole.slice(out.offset, want);
  return llvm::Error::success();
}

/// The bytes that were not parsed.
static llvm::Error readCut(const TensorSpan &span, const ModelFile &file,
                           uint64_t want, SourceTensor &out) {
  if (span.bytes != want)
    return llvm::createStringError(
        formatv("has {0} bytes of raw data, expected {1}", span.bytes, want));
  auto whole = file.store->file(file.fileName);
  if (!whole)
    return whole.takeError();
  out.bytes = whole->slice(span.offset, span.bytes);
  out.file = file.fileName;
  out.offset = span.offset;
  return llvm::Error::success();
}

/// Whether the file really holds `out.bytes` at `span`.
static bool spanMatches(const ModelFile &file,
                        const std::optional<TensorSpan> &span,
                        const SourceTensor &out) {
  if (!span || file.fileName.empty() || span->bytes != out.bytes.size())
    return false;
  auto whole = file.store->file(file.fileName);
  if (!whole) {
    llvm::consumeError(whole.takeError());
    return false;
  }
  return span->offset + span->bytes <= whole->size() &&
         whole->slice(span->offset, span->bytes) == out.bytes;
}

static llvm::Error fill(const TensorProto &tensor, const ModelFile &file,
                        const std::optional<TensorSpan> &span,
                        SourceTensor &out) {
  uint64_t want = uint64_t(out.type.getNumElements()) *
                  hostElementBytes(out.type.getElementType());
  if (tensor.data_location() == TensorProto::EXTERNAL)
    return readExternal(tensor, file,
                        tensor.has_raw_data() || (span && span->cut), out);
  if (tensor.external_data_size())
    return llvm::createStringError("has external data, but its location is not "
                                   "EXTERNAL");
  if (tensor.has_segment())
    return llvm::createStringError("is stored in segments, which is not "
                                   "supported");
  if (tensor.has_raw_data()) {
    StringRef raw = tensor.raw_data();
    if (raw.size() != want)
      return llvm::createStringError(
          formatv("has {0} bytes of raw data, expected {1}", raw.size(), want));
    out.bytes = llvm::arrayRefFromStringRef(raw);
    return llvm::Error::success();
  }
  if (span && span->cut)
    return readCut(*span, file, want, out);
  // Checked before spellTyped allocates what the dimensions ask for.
  uint64_t spelt = speltSize(tensor);
  if (!spelt && want) {
    out.absent = "is declared without data";
    return llvm::Error::success();
  }
  if (spelt == uint64_t(out.type.getNumElements()) && !spellTyped(tensor, out))
    return llvm::createStringError("holds its values in a field that is for "
                                   "another element type");
  if (spelt != uint64_t(out.type.getNumElements()))
    return llvm::createStringError(formatv("holds {0} values, expected {1}",
                                           spelt, out.type.getNumElements()));
  return llvm::Error::success();
}

Expected<std::unique_ptr<SourceTensor>>
weft::readTensor(MLIRContext *context, const TensorProto &tensor,
                 const ModelFile &file, const std::optional<TensorSpan> &span) {
  auto out = std::make_unique<SourceTensor>();
  Expected<RankedTensorType> type = typeOf(context, tensor);
  if (!type)
    return type.takeError();
  out->type = *type;
  if (llvm::Error error = fill(tensor, file, span, *out))
    return error;
  if (out->absent.empty() && out->file.empty() &&
      spanMatches(file, span, *out)) {
    out->file = file.fileName;
    out->offset = span->offset;
  }
  return out;
}
