//===- OperandCounts.cpp - How many inputs and outputs each op has --------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// One table for all rules, from the schemas of ONNX and ONNX Runtime. What a
// rule does not look at must not be there: it would be ignored in silence.
//
//===----------------------------------------------------------------------===//
#include "Opsets.h"
#include "llvm/ADT/StringExtras.h"

using namespace weft;
using llvm::StringRef;
using llvm::Twine;

namespace {
struct Counts {
  int leastInputs, mostInputs, mostOutputs;
  /// With the opset since when, where the counts changed.
  const char *ops;
};
struct Version {
  int64_t since;
  const Counts *counts;
};
} // namespace

constexpr int Any = INT_MAX;

static const Counts table[] = {
    {0, 0, 1, "Constant SequenceEmpty"},
    {1, 1, 1,
     "Abs Acos Acosh ArgMax ArgMin Asin Asinh Atan Atanh AveragePool BitCast "
     "BitwiseNot BlackmanWindow Cast Ceil Celu Clip@1 ConcatFromSequence "
     "ConstantOfShape Cos Cosh DepthToSpace Det Elu Erf Exp EyeLike Flatten "
     "Floor Gelu GlobalAveragePool GlobalLpPool GlobalMaxPool HammingWindow "
     "HannWindow HardSigmoid HardSwish Hardmax Identity IsInf IsNaN LRN "
     "LeakyRelu Log LogSoftmax LpNormalization LpPool MaxPool@1 "
     "MeanVarianceNormalization Mish Neg NonZero Not Pad@1 Reciprocal "
     "ReduceL1@1 ReduceL2@1 ReduceLogSum@1 ReduceLogSumExp@1 ReduceMax@1 "
     "ReduceMean@1 ReduceMin@1 ReduceProd@1 ReduceSum@1 ReduceSumSquare@1 "
     "Relu Reshape@1 Round Selu SequenceLength Shape Shrink Sigmoid Sign Sin "
     "Sinh Size Slice@1 Softmax Softplus Softsign SpaceToDepth Sqrt "
     "Squeeze@1 Swish Tan Tanh ThresholdedRelu Transpose Unsqueeze@1 "
     "Upsample@1 com.microsoft/Gelu com.microsoft/QuickGelu"},
    {1, 1, 2, "Dropout@1 MaxPool@8 TopK@1"},
    {1, 1, 3, "DynamicQuantizeLinear"},
    {1, 1, 4, "Unique"},
    {1, 1, Any, "If Split@2"},
    {1, 2, 1,
     "DFT@17 ReduceL1@18 ReduceL2@18 ReduceLogSum@18 ReduceLogSumExp@18 "
     "ReduceMax@18 ReduceMean@18 ReduceMin@18 ReduceProd@18 ReduceSum@13 "
     "ReduceSumSquare@18 SequenceErase SplitToSequence Squeeze@13 Trilu "
     "com.microsoft/FastGelu"},
    {1, 2, Any, "Split@1 Split@13"},
    {1, 3, 1, "Clip@11 DFT@20"},
    {1, 3, 2, "Dropout@12"},
    {1, 4, 1, "Resize@13"},
    {1, 10, 4, "com.microsoft/MultiHeadAttention"},
    {1, 11, 4, "com.microsoft/DecoderMaskedMultiHeadAttention"},
    {1, Any, 1, "Concat Einsum Max Mean Min SequenceConstruct Sum"},
    {1, Any, Any, "Scan@9 SequenceMap"},
    {2, 2, 1,
     "Add AffineGrid And BitShift BitwiseAnd BitwiseOr BitwiseXor CastLike "
     "CenterCropPad Compress CumProd CumSum Div Equal Expand Gather "
     "GatherElements GatherND Greater GreaterOrEqual GridSample Less "
     "LessOrEqual MatMul Mod Mul Or PRelu Pow RMSNormalization Reshape@5 "
     "Resize@10 ReverseSequence SequenceAt Sub SwiGLU Tile@6 Unsqueeze@13 "
     "Upsample@9 Xor com.microsoft/BiasGelu com.microsoft/BiasSoftmax "
     "com.microsoft/FusedMatMul com.microsoft/TransposeMatMul"},
    {2, 2, 2,
     "SimplifiedLayerNormalization TopK@10 "
     "com.microsoft/SimplifiedLayerNormalization"},
    {2, 3, 1,
     "Conv ConvTranspose DequantizeLinear Gemm@11 MaxUnpool "
     "com.microsoft/FusedGemm "
     "NegativeLogLikelihoodLoss Pad@11 QuantizeLinear SequenceInsert "
     "TensorScatter com.microsoft/DequantizeLinear "
     "com.microsoft/QuantizeLinear"},
    {2, 3, 2, "SoftmaxCrossEntropyLoss"},
    {2, 3, 3, "LayerNormalization com.microsoft/LayerNormalization"},
    {2, 4, 1, "ConvInteger MatMulInteger Pad@18 STFT com.microsoft/FusedConv"},
    {2, 5, 1, "NonMaxSuppression"},
    {2, 7, 2, "com.microsoft/Attention"},
    {2, Any, Any, "Loop@11 Scan@8"},
    {3, 3, 1,
     "ai.onnx.preview/FlexAttention "
     "Col2Im Gemm@1 GroupNormalization InstanceNormalization OneHot Range "
     "RoiAlign Scatter ScatterElements ScatterND Tile@1 Where "
     "com.microsoft/GroupNorm"},
    {3, 4, 1, "Resize@11 RotaryEmbedding"},
    {3, 4, 4, "com.microsoft/SkipSimplifiedLayerNormalization"},
    {3, 5, 1, "Slice@10 com.microsoft/DynamicQuantizeMatMul"},
    {3, 5, 4, "com.microsoft/SkipLayerNormalization"},
    {3, 6, 1, "com.microsoft/MatMulNBits"},
    {3, 6, 2, "GRU LinearAttention RNN"},
    {3, 6, 4, "Attention@23"},
    {3, 7, 4, "Attention@24"},
    {3, 8, 3, "LSTM"},
    {3, Any, 1, "com.microsoft/QLinearConcat"},
    {3, Any, Any, "Loop@1"},
    {4, 4, 1, "com.microsoft/RotaryEmbedding"},
    {4, 5, 1, "com.microsoft/QLinearLeakyRelu com.microsoft/QLinearSigmoid"},
    {4, 5, 2, "com.microsoft/SkipGroupNorm"},
    {4, 7, 1, "com.microsoft/MatMulIntegerToFloat"},
    {5, 5, 1, "MelWeightMatrix com.microsoft/QLinearSoftmax"},
    {5, 9, 2, "com.microsoft/QAttention"},
    {5, 5, 3, "BatchNormalization@14"},
    {5, 5, 5, "BatchNormalization@1"},
    {6, 9, 1, "com.microsoft/QGemm"},
    {7, 8, 1, "com.microsoft/QLinearAdd com.microsoft/QLinearMul"},
    {7, 9, 3, "com.microsoft/EmbedLayerNormalization"},
    {7, 17, 4, "com.microsoft/GroupQueryAttention"},
    {8, 8, 1, "QLinearMatMul"},
    {8, 9, 1, "QLinearConv"},
    {9, 9, 1, "com.microsoft/QLinearWhere"},
};

static llvm::StringMap<std::vector<Version>> makeVersions() {
  llvm::StringMap<std::vector<Version>> versions;
  for (const Counts &counts : table) {
    llvm::SmallVector<StringRef> ops;
    StringRef(counts.ops).split(ops, ' ');
    for (StringRef op : ops) {
      auto [name, since] = op.split('@');
      int64_t version = 1;
      since.getAsInteger(10, version);
      versions[name].push_back({version, &counts});
    }
  }
  for (auto &entry : versions)
    llvm::sort(entry.second, [](const Version &a, const Version &b) {
      return a.since < b.since;
    });
  return versions;
}

/// Null if the table does not know the op. Before the first version there is
/// that one: exporters write ops at opsets that did not have them.
static const Counts *findCounts(const onnx::NodeProto &node, int64_t opset) {
  static const llvm::StringMap<std::vector<Version>> versions = makeVersions();
  StringRef domain = plainDomain(node.domain());
  std::string key = (domain.empty() ? "" : domain + "/").str() + node.op_type();
  auto found = versions.find(key);
  if (found == versions.end())
    return nullptr;
  const Counts *counts = found->second.front().counts;
  for (const Version &version : found->second)
    if (version.since <= opset)
      counts = version.counts;
  return counts;
}

static int
countOf(const google::protobuf::RepeatedPtrField<std::string> &names) {
  int count = names.size();
  while (count && names[count - 1].empty())
    --count;
  return count;
}

static std::string plural(int count, StringRef what) {
  return (Twine(count) + " " + what + (count == 1 ? "" : "s")).str();
}

static bool tooMany(NodeCtx &n, int count, StringRef what, int most) {
  return n.fail("has " + plural(count, what) + ", expected at most " +
                Twine(most) + " at opset " + Twine(n.opset()));
}

bool weft::checkOperandCounts(NodeCtx &n) {
  if (n.opset() < 1)
    return n.fail("is of the operators of domain 'ai.onnx', of which the model "
                  "imports no opset");
  const Counts *counts = findCounts(n.node, n.opset());
  if (!counts)
    return true;
  int inputs = countOf(n.node.input()), outputs = countOf(n.node.output());
  if (inputs > counts->mostInputs)
    return tooMany(n, inputs, "input", counts->mostInputs);
  if (outputs > counts->mostOutputs)
    return tooMany(n, outputs, "output", counts->mostOutputs);
  // An empty name stands for an input that the op may lack.
  return n.node.input_size() >= counts->leastInputs ||
         n.fail("has " + plural(n.node.input_size(), "input") +
                ", expected at least " + Twine(counts->leastInputs) +
                " at opset " + Twine(n.opset()));
}
