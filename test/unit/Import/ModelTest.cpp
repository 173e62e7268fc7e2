//===- ModelTest.cpp - Models from bytes, good and hostile ----------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// The wire walk finds the bytes that Protobuf found, and no damaged model makes
// the importer crash: each one is imported or refused with a message.
//
//===----------------------------------------------------------------------===//
#include "ModelFile.h"
#include "NN/NNOps.h"
#include "weft/Import/Import.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"
#include <gtest/gtest.h>
#include <random>

using namespace llvm;
using namespace weft;

namespace {

void addValue(google::protobuf::RepeatedPtrField<onnx::ValueInfoProto> *list,
              const char *name, std::initializer_list<int64_t> shape) {
  onnx::ValueInfoProto *info = list->Add();
  info->set_name(name);
  auto *type = info->mutable_type()->mutable_tensor_type();
  type->set_elem_type(onnx::TensorProto::FLOAT);
  for (int64_t dim : shape)
    type->mutable_shape()->add_dim()->set_dim_value(dim);
}

onnx::TensorProto *addTensor(onnx::GraphProto *graph, const char *name,
                             std::initializer_list<int64_t> shape) {
  onnx::TensorProto *tensor = graph->add_initializer();
  tensor->set_name(name);
  tensor->set_data_type(onnx::TensorProto::FLOAT);
  for (int64_t dim : shape)
    tensor->add_dims(dim);
  return tensor;
}

onnx::NodeProto *addNode(onnx::GraphProto *graph, const char *op,
                         std::initializer_list<const char *> inputs,
                         const char *output) {
  onnx::NodeProto *node = graph->add_node();
  node->set_op_type(op);
  for (const char *name : inputs)
    node->add_input(name);
  node->add_output(output);
  return node;
}

/// relu(x w + b), w as raw data of 64 KiB and more, b as floats, a reshape.
onnx::ModelProto makeModel() {
  onnx::ModelProto model;
  model.set_ir_version(8);
  model.add_opset_import()->set_version(13);
  onnx::GraphProto *graph = model.mutable_graph();
  addValue(graph->mutable_input(), "x", {4, 128});
  addValue(graph->mutable_output(), "y", {2, 2, 160});
  std::vector<float> values(128 * 160, 0.5f);
  addTensor(graph, "w", {128, 160})
      ->set_raw_data(values.data(), values.size() * sizeof(float));
  onnx::TensorProto *bias = addTensor(graph, "b", {160});
  for (int i = 0; i < 160; ++i)
    bias->add_float_data(float(i));
  onnx::TensorProto *shape = addTensor(graph, "s", {3});
  shape->set_data_type(onnx::TensorProto::INT64);
  for (int64_t dim : {2, 2, -1})
    shape->add_int64_data(dim);
  addNode(graph, "MatMul", {"x", "w"}, "m");
  addNode(graph, "Add", {"m", "b"}, "a");
  addNode(graph, "Softmax", {"a"}, "r");
  addNode(graph, "Reshape", {"r", "s"}, "y");
  return model;
}

class ModelTest : public testing::Test {
protected:
  void SetUp() override {
    SmallString<128> folder;
    ASSERT_FALSE(sys::fs::createUniqueDirectory("weft-model", folder));
    root = folder.str().str();
  }
  void TearDown() override { sys::fs::remove_directories(root); }

  std::string write(StringRef bytes) {
    std::error_code code;
    std::string path = root + "/model.onnx";
    raw_fd_ostream os(path, code);
    os << bytes;
    return path;
  }
  std::string root;
};

TEST_F(ModelTest, FindsInitializers) {
  std::string bytes = makeModel().SerializeAsString();
  auto spans = findInitializers(arrayRefFromStringRef(bytes));
  ASSERT_EQ(spans.size(), 3u);
  ASSERT_TRUE(spans[0] && spans[1]);
  EXPECT_EQ(spans[0]->bytes, 128u * 160 * 4);
  EXPECT_EQ(spans[1]->bytes, 160u * 4);
  EXPECT_FALSE(spans[2]); // varints
  float value;
  std::memcpy(&value, bytes.data() + spans[1]->offset + 4 * 7, 4);
  EXPECT_EQ(value, 7.0f);
}

/// Protobuf sees everything but the raw data of the large initializer.
TEST_F(ModelTest, CutsLargeInitializers) {
  onnx::ModelProto model = makeModel();
  std::string bytes = model.SerializeAsString();
  auto spans = findInitializers(arrayRefFromStringRef(bytes));
  std::string cut = cutInitializers(arrayRefFromStringRef(bytes), spans);
  ASSERT_TRUE(spans[0]->cut);
  EXPECT_FALSE(spans[1]->cut);
  onnx::ModelProto parsed;
  ASSERT_TRUE(parsed.ParseFromString(cut));
  EXPECT_FALSE(parsed.graph().initializer(0).has_raw_data());
  model.mutable_graph()->mutable_initializer(0)->clear_raw_data();
  EXPECT_EQ(parsed.SerializeAsString(), model.SerializeAsString());
  // Nothing large: nothing is cut.
  spans.erase(spans.begin());
  bytes = model.SerializeAsString();
  spans = findInitializers(arrayRefFromStringRef(bytes));
  EXPECT_EQ(cutInitializers(arrayRefFromStringRef(bytes), spans), "");
}

/// Any bytes are cut to what Protobuf takes for the same, or refuses.
TEST_F(ModelTest, CutsDamagedModels) {
  std::string good = makeModel().SerializeAsString();
  for (unsigned seed = 1; seed <= 300; ++seed) {
    std::mt19937 random(seed);
    std::string bad = good;
    for (unsigned k = 0; k <= random() % 3; ++k)
      bad[random() % 2 ? random() % 64 : random() % bad.size()] =
          char(random());
    auto spans = findInitializers(arrayRefFromStringRef(bad));
    std::string cut = cutInitializers(arrayRefFromStringRef(bad), spans);
    onnx::ModelProto whole, parsed;
    if (cut.empty() || !whole.ParseFromString(bad) ||
        whole.graph().initializer_size() != int(spans.size()))
      continue;
    ASSERT_TRUE(parsed.ParseFromString(cut)) << seed;
    for (auto [i, span] : enumerate(spans))
      if (span && span->cut)
        whole.mutable_graph()->mutable_initializer(int(i))->clear_raw_data();
    EXPECT_EQ(parsed.SerializeAsString(), whole.SerializeAsString()) << seed;
  }
}

TEST_F(ModelTest, RefersToTheFile) {
  std::string path = write(makeModel().SerializeAsString());
  mlir::MLIRContext context;
  ImportReport report;
  auto module = importOnnx(context, path, {}, report);
  ASSERT_TRUE(bool(module));
  EXPECT_TRUE(report.errors.empty());
  unsigned weights = 0;
  module->walk([&](nn::WeightOp weight) {
    ++weights;
    EXPECT_EQ(weight.getValue().getFile(), "model.onnx");
    EXPECT_TRUE(bool(report.weights->read(weight.getValue())));
  });
  EXPECT_EQ(weights, 2u);
  ASSERT_EQ(report.ledger.size(), 4u);
  EXPECT_EQ(report.ledger[2].fate, bin::LedgerEntry::Executed);
}

TEST_F(ModelTest, ImportIsDeterministic) {
  std::string path = write(makeModel().SerializeAsString()), first;
  for (int i = 0; i < 3; ++i) {
    mlir::MLIRContext context;
    ImportReport report;
    auto module = importOnnx(context, path, {}, report);
    std::string text;
    raw_string_ostream os(text);
    module->print(os);
    if (i == 0)
      first = text;
    EXPECT_EQ(text, first);
  }
}

TEST_F(ModelTest, BindsConstants) {
  onnx::ModelProto model = makeModel();
  addValue(model.mutable_graph()->mutable_input(), "s", {});
  model.mutable_graph()
      ->mutable_input(1)
      ->mutable_type()
      ->mutable_tensor_type()
      ->set_elem_type(onnx::TensorProto::INT64);
  model.mutable_graph()->mutable_initializer()->RemoveLast();
  ImportOptions options;
  std::vector<int64_t> dims = {4, 160};
  ConstInput value{bin::ElemType::I64, {2}, std::vector<uint8_t>(16)};
  std::memcpy(value.bytes.data(), dims.data(), 16);
  options.consts["s"] = value;
  mlir::MLIRContext context;
  ImportReport report;
  auto module =
      importOnnx(context, write(model.SerializeAsString()), options, report);
  ASSERT_TRUE(bool(module)) << (report.errors.empty() ? "" : report.errors[0]);
  module->walk([&](nn::ProgramOp program) {
    EXPECT_EQ(program.getArgumentTypes().size(), 1u);
  });
  options.consts["s"].bytes.resize(8);
  ImportReport refused;
  EXPECT_FALSE(
      importOnnx(context, write(model.SerializeAsString()), options, refused));
  ASSERT_FALSE(refused.problems.empty());
  EXPECT_EQ(refused.problems[0].message,
            "input 's': the constant bound to it is malformed");
}

/// Damaged models: bytes flipped, pieces removed, varints made huge.
TEST_F(ModelTest, SurvivesDamage) {
  std::string good = makeModel().SerializeAsString();
  // The structure lies outside the weights: damage there is worth more.
  std::vector<size_t> interesting;
  for (size_t i = 0; i < good.size(); ++i)
    if (i < 64 || i > 82000)
      interesting.push_back(i);
  std::mt19937 random(7);
  unsigned refused = 0;
  for (int round = 0; round < 400; ++round) {
    std::string bad = good;
    for (unsigned k = 0; k <= random() % 3; ++k) {
      size_t at = interesting[random() % interesting.size()];
      if (at >= bad.size())
        continue;
      if (random() % 4 == 0)
        bad.erase(at, 1 + random() % 8);
      else
        bad[at] = char(random() % 2 ? 0xff : random());
    }
    mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
    ImportReport report;
    auto module = importOnnx(context, write(bad), {}, report);
    EXPECT_EQ(bool(module), report.errors.empty());
    EXPECT_FALSE(report.internal) << report.errors[0];
    refused += !module;
  }
  EXPECT_GT(refused, 100u);
}

} // namespace
