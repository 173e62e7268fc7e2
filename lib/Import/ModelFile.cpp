//===- ModelFile.cpp - A model file, parsed -------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Reading `.onnx` and `.textproto` by libprotobuf.
//
//===----------------------------------------------------------------------===//
#include "ModelFile.h"
#include "weft/Support/Input.h"
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

/// Messages within each other; a graph in a graph takes three.
constexpr int MaxRecursion = 200;

/// Protobuf logs to stderr by itself; the messages here say it better.
class Silence : google::protobuf::LogSilencer {};
} // namespace

static bool parseText(const MemoryBuffer &buffer, ModelFile &file,
                      std::vector<std::string> &errors) {
  Collector collector(file.path, errors);
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&collector);
  parser.SetRecursionLimit(MaxRecursion);
  google::protobuf::io::ArrayInputStream stream(buffer.getBufferStart(),
                                                int(buffer.getBufferSize()));
  return parser.Parse(&stream, &file.model);
}

static bool parseBinary(StringRef buffer, ModelFile &file,
                        std::vector<std::string> &errors) {
  using namespace google::protobuf::io;
  ArrayInputStream stream(buffer.data(), int(buffer.size()));
  CodedInputStream coded(&stream);
  coded.SetTotalBytesLimit(INT_MAX);
  coded.SetRecursionLimit(MaxRecursion);
  if (file.model.ParseFromCodedStream(&coded) && coded.ConsumedEntireMessage())
    return true;
  errors.push_back(file.path +
                   ": error: is no ONNX model: the Protobuf ends "
                   "early or is malformed at byte " +
                   std::to_string(coded.CurrentPosition()) +
                   ", or nests deeper than " + std::to_string(MaxRecursion));
  return false;
}

bool weft::readModel(StringRef path, const MemoryBuffer *input, ModelFile &file,
                     std::vector<std::string> &errors) {
  Silence silence;
  file.path = path.str();
  file.fromStdin = path == "-";
  Expected<std::unique_ptr<MemoryBuffer>> buffer =
      input ? MemoryBuffer::getMemBuffer(input->getMemBufferRef(),
                                         /*RequiresNullTerminator=*/false)
            : readInput(path);
  if (!buffer) {
    errors.push_back(
        file.path + ": error: cannot be read: " + toString(buffer.takeError()));
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
  StringRef bytes = (*buffer)->getBuffer();
  file.spans = findInitializers(arrayRefFromStringRef(bytes));
  // What was read from standard input is in memory already.
  std::string cut;
  if (!file.fromStdin)
    cut = cutInitializers(arrayRefFromStringRef(bytes), file.spans);
  if (!parseBinary(cut.empty() ? bytes : cut, file, errors))
    return false;
  if (file.spans.size() != size_t(file.model.graph().initializer_size())) {
    file.spans.clear(); // the walk saw another graph than Protobuf
    if (!cut.empty() && !parseBinary(bytes, file, errors))
      return false;
  }
  if (!file.fromStdin) {
    file.fileName = sys::path::filename(path).str();
    file.store->addFile(file.fileName, std::move(*buffer));
  }
  return true;
}
