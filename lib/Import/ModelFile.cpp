//===- ModelFile.cpp - A model file, parsed -------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Reading `.onnx` and `.textproto` by libprotobuf, and the wire walk.
//
//===----------------------------------------------------------------------===//
#include "ModelFile.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include <climits>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/text_format.h>

using namespace llvm;
using namespace weft;

//===----------------------------------------------------------------------===//
// Wire walk
//===----------------------------------------------------------------------===//

namespace {
/// One field of a message: number, wire type, and where its payload lies.
struct Field {
  uint64_t number = 0;
  unsigned wire = 0;
  uint64_t offset = 0, bytes = 0; // payload of length-delimited fields
};

class WireReader {
public:
  WireReader(ArrayRef<uint8_t> data, uint64_t begin, uint64_t end)
      : data(data), pos(begin), end(end) {}

  /// False at the end and at malformed input.
  bool next(Field &field) {
    uint64_t tag;
    if (pos >= end || !varint(tag))
      return false;
    field.number = tag >> 3;
    field.wire = tag & 7;
    field.offset = pos;
    field.bytes = 0;
    switch (field.wire) {
    case 0:
      return varint(tag);
    case 1:
      return skip(8);
    case 2:
      if (!varint(field.bytes))
        return false;
      field.offset = pos;
      return skip(field.bytes);
    case 5:
      return skip(4);
    default:
      return false; // groups do not occur in ONNX
    }
  }

private:
  bool varint(uint64_t &value) {
    value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (pos >= end)
        return false;
      uint8_t byte = data[pos++];
      value |= uint64_t(byte & 127) << shift;
      if (!(byte & 128))
        return true;
    }
    return false;
  }
  bool skip(uint64_t bytes) {
    if (bytes > end - pos)
      return false;
    pos += bytes;
    return true;
  }

  ArrayRef<uint8_t> data;
  uint64_t pos, end;
};
} // namespace

// Field numbers of onnx.proto.
enum : uint64_t {
  ModelGraph = 7,
  GraphInitializer = 5,
  TensorFloatData = 4,
  TensorRawData = 9
};

static std::optional<TensorSpan> findTensor(ArrayRef<uint8_t> model,
                                            const Field &tensor) {
  std::optional<TensorSpan> span;
  unsigned pieces = 0;
  WireReader reader(model, tensor.offset, tensor.offset + tensor.bytes);
  for (Field field; reader.next(field);) {
    if (field.number != TensorRawData && field.number != TensorFloatData)
      continue;
    ++pieces;
    if (field.wire == 2)
      span = TensorSpan{field.offset, field.bytes};
  }
  return pieces == 1 ? span : std::nullopt;
}

std::vector<std::optional<TensorSpan>>
weft::findInitializers(ArrayRef<uint8_t> model) {
  std::vector<std::optional<TensorSpan>> spans;
  WireReader top(model, 0, model.size());
  for (Field graph; top.next(graph);) {
    if (graph.number != ModelGraph || graph.wire != 2)
      continue;
    WireReader inner(model, graph.offset, graph.offset + graph.bytes);
    for (Field field; inner.next(field);)
      if (field.number == GraphInitializer && field.wire == 2)
        spans.push_back(findTensor(model, field));
  }
  return spans;
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

namespace {
/// Turns protobuf's text errors into ours.
class Collector : public google::protobuf::io::ErrorCollector {
public:
  Collector(StringRef path, std::vector<std::string> &errors)
      : path(path), errors(errors) {}
  void AddError(int line, int column, const std::string &message) override {
    std::string text = message;
    while (!text.empty() && text.back() == '.')
      text.pop_back();
    if (!text.empty())
      text[0] = toLower(text[0]);
    errors.push_back((path + ":" + Twine(line + 1) + ": error: " + text).str());
  }

private:
  StringRef path;
  std::vector<std::string> &errors;
};

/// Protobuf logs to stderr by itself; the messages here say it better.
class Silence : google::protobuf::LogSilencer {};
} // namespace

static bool parseText(const MemoryBuffer &buffer, ModelFile &file,
                      std::vector<std::string> &errors) {
  Collector collector(file.path, errors);
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&collector);
  google::protobuf::io::ArrayInputStream stream(buffer.getBufferStart(),
                                                int(buffer.getBufferSize()));
  return parser.Parse(&stream, &file.model);
}

static bool parseBinary(const MemoryBuffer &buffer, ModelFile &file,
                        std::vector<std::string> &errors) {
  using namespace google::protobuf::io;
  ArrayInputStream stream(buffer.getBufferStart(), int(buffer.getBufferSize()));
  CodedInputStream coded(&stream);
  coded.SetTotalBytesLimit(INT_MAX);
  coded.SetRecursionLimit(200);
  if (file.model.ParseFromCodedStream(&coded) && coded.ConsumedEntireMessage())
    return true;
  errors.push_back(file.path +
                   ": error: is no ONNX model: the Protobuf ends "
                   "early or is malformed at byte " +
                   std::to_string(coded.CurrentPosition()));
  return false;
}

bool weft::readModel(StringRef path, const MemoryBuffer *input, ModelFile &file,
                     std::vector<std::string> &errors) {
  Silence silence;
  file.path = path.str();
  file.fromStdin = path == "-";
  ErrorOr<std::unique_ptr<MemoryBuffer>> buffer(
      input ? MemoryBuffer::getMemBuffer(input->getMemBufferRef(),
                                         /*RequiresNullTerminator=*/false)
            : nullptr);
  if (!input)
    buffer = MemoryBuffer::getFileOrSTDIN(path, /*IsText=*/false,
                                          /*RequiresNullTerminator=*/false);
  if (!buffer) {
    errors.push_back(file.path +
                     ": error: cannot be read: " + buffer.getError().message());
    return false;
  }
  if ((*buffer)->getBufferSize() > INT_MAX) {
    errors.push_back(file.path +
                     ": error: is larger than 2 GiB, which Protobuf does not "
                     "read; keep the weights as external data");
    return false;
  }
  file.store =
      std::make_shared<WeightStore>(sys::path::parent_path(path).str());
  if (path.ends_with(".textproto"))
    return parseText(**buffer, file, errors);
  if (!parseBinary(**buffer, file, errors))
    return false;
  file.spans = findInitializers(arrayRefFromStringRef((*buffer)->getBuffer()));
  if (!file.fromStdin) {
    file.fileName = sys::path::filename(path).str();
    file.store->addFile(file.fileName, std::move(*buffer));
  }
  return true;
}
