//===- WireWalk.cpp - Where the bytes of tensors lie in a model -----------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// A walk over Protobuf's wire format, over what lies on the way to the
// initializers only.
//
//===----------------------------------------------------------------------===//
#include "ModelFile.h"
#include "llvm/Support/LEB128.h"

using namespace llvm;
using namespace weft;

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

  /// The end of the last field.
  uint64_t position() const { return pos; }

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
// Cutting
//===----------------------------------------------------------------------===//

/// Raw data of initializers from this size on is cut.
constexpr uint64_t LargeTensor = 65536;

namespace {
/// Copies a model, but not the raw data of large initializers.
class Cutter {
public:
  Cutter(ArrayRef<uint8_t> model, std::vector<std::optional<TensorSpan>> &spans)
      : model(model), spans(spans) {}

  std::string run() {
    std::string out;
    Field all{0, 2, 0, model.size()};
    each(all, out, [&](const Field &field, std::string &out) {
      return field.number == ModelGraph && cutGraph(field, out);
    });
    return out;
  }

private:
  using Cut = function_ref<bool(const Field &, std::string &)>;

  void raw(std::string &out, uint64_t begin, uint64_t end) {
    out.append(reinterpret_cast<const char *>(model.data()) + begin,
               end - begin);
  }

  /// Each field of message `in`: as `cut` writes it, or as it is. What is
  /// malformed is copied, for Protobuf to refuse.
  void each(const Field &in, std::string &out, Cut cut) {
    uint64_t at = in.offset, end = in.offset + in.bytes;
    WireReader reader(model, at, end);
    for (Field field; reader.next(field); at = reader.position())
      if (field.wire != 2 || !cut(field, out))
        raw(out, at, reader.position());
    raw(out, at, end);
  }

  static void put(std::string &out, uint64_t number, const std::string &bytes) {
    uint8_t text[20];
    unsigned n = encodeULEB128(number << 3 | 2, text);
    n += encodeULEB128(bytes.size(), text + n);
    out.append(reinterpret_cast<const char *>(text), n);
    out += bytes;
  }

  bool cutGraph(const Field &graph, std::string &out) {
    std::string inner;
    each(graph, inner, [&](const Field &field, std::string &out) {
      return field.number == GraphInitializer && cutTensor(field, out);
    });
    put(out, graph.number, inner);
    return true;
  }

  bool cutTensor(const Field &tensor, std::string &out) {
    std::optional<TensorSpan> &span = spans[next++];
    if (!span || span->bytes < LargeTensor)
      return false;
    std::string inner;
    each(tensor, inner, [&](const Field &field, std::string &) {
      span->cut |= field.number == TensorRawData;
      return field.number == TensorRawData;
    });
    if (span->cut)
      put(out, tensor.number, inner);
    return span->cut;
  }

  ArrayRef<uint8_t> model;
  std::vector<std::optional<TensorSpan>> &spans;
  size_t next = 0;
};
} // namespace

std::string
weft::cutInitializers(ArrayRef<uint8_t> model,
                      std::vector<std::optional<TensorSpan>> &spans) {
  bool large = any_of(spans, [](const std::optional<TensorSpan> &span) {
    return span && span->bytes >= LargeTensor;
  });
  return large ? Cutter(model, spans).run() : std::string();
}
