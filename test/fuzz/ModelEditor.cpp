//===- ModelEditor.cpp - Changes to an ONNX model -------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// By reflection, so that every field of every message is changed, those that
// the importer does not know yet too.
//
//===----------------------------------------------------------------------===//
#include "ModelEditor.h"
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

using namespace weft::fuzz;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using Field = const FieldDescriptor *;

namespace {

/// All messages of a model and all its names.
class Survey {
public:
  explicit Survey(Message &root) { visit(root, 0); }

  std::vector<Message *> messages;
  std::vector<std::string> names, ops;

private:
  void visit(Message &m, unsigned depth) {
    messages.push_back(&m);
    const Reflection *r = m.GetReflection();
    std::vector<Field> fields;
    r->ListFields(m, &fields);
    for (Field f : fields) {
      if (f->cpp_type() == FieldDescriptor::CPPTYPE_STRING)
        collect(m, r, f);
      if (f->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE || depth > 32)
        continue;
      if (!f->is_repeated())
        visit(*r->MutableMessage(&m, f), depth + 1);
      else
        for (int i = 0; i < r->FieldSize(m, f); ++i)
          visit(*r->MutableRepeatedMessage(&m, f, i), depth + 1);
    }
  }

  void collect(const Message &m, const Reflection *r, Field f) {
    if (f->type() == FieldDescriptor::TYPE_BYTES)
      return;
    std::vector<std::string> &list = f->name() == "op_type" ? ops : names;
    if (!f->is_repeated())
      list.push_back(r->GetString(m, f));
    else
      for (int i = 0; i < r->FieldSize(m, f); ++i)
        list.push_back(r->GetRepeatedString(m, f, i));
  }
};

class Editor {
public:
  Editor(onnx::ModelProto &model, Random &random)
      : survey(model), random(random) {}

  void run() {
    // Mostly where the graph is: nodes, attributes, types, tensors.
    Message &m = *pick(survey.messages);
    std::vector<Field> fields;
    m.GetReflection()->ListFields(m, &fields);
    if (fields.empty() || random.oneIn(16)) {
      const auto *d = m.GetDescriptor();
      add(m, d->field(int(random.below(d->field_count()))));
      return;
    }
    Field f = pick(fields);
    if (f->is_repeated())
      editList(m, f);
    else if (random.oneIn(12))
      m.GetReflection()->ClearField(&m, f);
    else if (f->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE)
      set(m, f, -1);
  }

private:
  template <typename T> T &pick(std::vector<T> &list) {
    return list[random.below(list.size())];
  }

  std::string text(Field f, std::string old) {
    static const char *const others[] = {"", "ai.onnx", "com.microsoft", "-1",
                                         "18446744073709551615"};
    if (f->name() == "op_type" && !survey.ops.empty() && !random.oneIn(8))
      return pick(survey.ops);
    if (f->type() != FieldDescriptor::TYPE_BYTES && !survey.names.empty() &&
        !random.oneIn(8))
      return pick(survey.names);
    if (random.oneIn(4))
      return others[random.below(std::size(others))];
    if (old.empty() || random.oneIn(8))
      old.resize(random.below(old.size() + 9), char(random.below(256)));
    if (!old.empty())
      old[random.below(old.size())] = char(random.next());
    return old;
  }

  double real(double old) {
    static const double values[] = {0, -0.0, 1, -1, 0.5, 1e-5, 1e38, 1e300};
    switch (random.below(4)) {
    case 0:
      return values[random.below(std::size(values))];
    case 1:
      return random.oneIn(2) ? 1 / 0.0 * (random.oneIn(2) ? 1 : -1) : 0.0 / 0.0;
    default:
      return old * (random.oneIn(2) ? 2 : -0.5) + double(random.below(3));
    }
  }

  /// A new value for field `f`, or for element `i` of the list that it is.
  void set(Message &m, Field f, int i) {
    const Reflection *r = m.GetReflection();
    bool one = i < 0;
    switch (f->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32: {
      int32_t v = one ? r->GetInt32(m, f) : r->GetRepeatedInt32(m, f, i);
      v = f->name() == "data_type" || f->name() == "elem_type"
              ? int32_t(random.below(20))
              : random.changed(v);
      one ? r->SetInt32(&m, f, v) : r->SetRepeatedInt32(&m, f, i, v);
      return;
    }
    case FieldDescriptor::CPPTYPE_INT64: {
      int64_t v = one ? r->GetInt64(m, f) : r->GetRepeatedInt64(m, f, i);
      v = random.changed(v);
      one ? r->SetInt64(&m, f, v) : r->SetRepeatedInt64(&m, f, i, v);
      return;
    }
    case FieldDescriptor::CPPTYPE_UINT64: {
      uint64_t v = one ? r->GetUInt64(m, f) : r->GetRepeatedUInt64(m, f, i);
      v = random.changed(v);
      one ? r->SetUInt64(&m, f, v) : r->SetRepeatedUInt64(&m, f, i, v);
      return;
    }
    case FieldDescriptor::CPPTYPE_FLOAT: {
      float v = one ? r->GetFloat(m, f) : r->GetRepeatedFloat(m, f, i);
      double d = real(v);
      v = d > 3e38 || d < -3e38 ? float(1 / 0.0) : float(d);
      one ? r->SetFloat(&m, f, v) : r->SetRepeatedFloat(&m, f, i, v);
      return;
    }
    case FieldDescriptor::CPPTYPE_DOUBLE: {
      double v = one ? r->GetDouble(m, f) : r->GetRepeatedDouble(m, f, i);
      one ? r->SetDouble(&m, f, real(v))
          : r->SetRepeatedDouble(&m, f, i, real(v));
      return;
    }
    case FieldDescriptor::CPPTYPE_STRING: {
      std::string v = one ? r->GetString(m, f) : r->GetRepeatedString(m, f, i);
      v = text(f, std::move(v));
      one ? r->SetString(&m, f, v) : r->SetRepeatedString(&m, f, i, v);
      return;
    }
    case FieldDescriptor::CPPTYPE_ENUM:
      if (one)
        r->SetEnumValue(&m, f, int(random.below(16)));
      return;
    default:
      return;
    }
  }

  /// One element changed, removed, moved, doubled or made anew.
  void editList(Message &m, Field f) {
    const Reflection *r = m.GetReflection();
    int size = r->FieldSize(m, f), i = int(random.below(size));
    bool isMessage = f->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    switch (random.below(isMessage ? 4 : 8)) {
    case 0:
      r->SwapElements(&m, f, i, size - 1);
      r->RemoveLast(&m, f);
      return;
    case 1:
      r->SwapElements(&m, f, i, int(random.below(size)));
      return;
    case 2:
      add(m, f);
      return;
    case 3:
      if (isMessage) {
        Message *copy = r->AddMessage(&m, f);
        copy->CopyFrom(r->GetRepeatedMessage(m, f, i));
        return;
      }
      [[fallthrough]];
    default:
      set(m, f, i);
    }
  }

  /// A field that is not set gets a value, a list one more.
  void add(Message &m, Field f) {
    const Reflection *r = m.GetReflection();
    if (!f->is_repeated()) {
      if (f->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE)
        r->MutableMessage(&m, f);
      return set(m, f, -1);
    }
    switch (f->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return r->AddInt32(&m, f, int32_t(random.below(8)));
    case FieldDescriptor::CPPTYPE_INT64:
      return r->AddInt64(&m, f, int64_t(random.below(8)) - 2);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return r->AddFloat(&m, f, float(random.below(8)));
    case FieldDescriptor::CPPTYPE_STRING:
      return r->AddString(&m, f, text(f, ""));
    case FieldDescriptor::CPPTYPE_MESSAGE:
      r->AddMessage(&m, f);
      return;
    default:
      return;
    }
  }

  Survey survey;
  Random &random;
};

} // namespace

void weft::fuzz::editModel(onnx::ModelProto &model, Random &random) {
  Editor(model, random).run();
}

void weft::fuzz::mixModels(onnx::ModelProto &model,
                           const onnx::ModelProto &other, Random &random) {
  onnx::ModelProto source = other;
  Survey to(model), from(source);
  for (unsigned tries = 0; tries < 16; ++tries) {
    Message *target = to.messages[random.below(to.messages.size())];
    Message *given = from.messages[random.below(from.messages.size())];
    if (target->GetDescriptor() != given->GetDescriptor() ||
        target == to.messages.front())
      continue;
    target->CopyFrom(*given);
    return;
  }
}
