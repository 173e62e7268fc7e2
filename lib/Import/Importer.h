//===- Importer.h - State of an import, and what op rules use -------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Every ONNX op has a rule: a function over NodeCtx that builds nn ops. Folding
// is not the rules' business: NodeCtx::make evaluates an op at once if all its
// operands are known, so shape arithmetic never reaches the IR.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_IMPORT_IMPORTER_H
#define WEFT_LIB_IMPORT_IMPORTER_H

#include "ModelFile.h"
#include "NN/NNOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/Diagnostics.h"
#include "weft/Import/Import.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

namespace weft {

using mlir::RankedTensorType;
using mlir::Value;

/// Values larger than this stay references and ops on them.
constexpr int64_t FoldLimit = 65536; // bytes

class Importer;

/// `ai.onnx` is the default domain by its full name.
inline llvm::StringRef plainDomain(llvm::StringRef domain) {
  return domain == "ai.onnx" ? llvm::StringRef() : domain;
}

/// Names of one graph; an inner graph sees the outer one's.
struct Scope {
  Scope *parent = nullptr;
  llvm::StringMap<Value> values; // a null value: its node failed
  llvm::StringMap<const onnx::TensorProto *> initializers;
  llvm::StringMap<unsigned> initializerIndex; // of the main graph
  llvm::StringMap<int64_t> opsets;            // by domain, "" for ai.onnx
  // Inside a model-local function: the call, and where it stands.
  const onnx::FunctionProto *function = nullptr;
  const onnx::NodeProto *call = nullptr;
  Scope *callScope = nullptr;
  unsigned depth = 0; // of graphs and calls within each other
};

/// A node under conversion. A failed `make` returns a null value; every
/// function takes null values and passes them on, so rules need no checks.
class NodeCtx {
public:
  NodeCtx(Importer &importer, Scope &scope, const onnx::NodeProto &node,
          unsigned index, mlir::Location loc)
      : importer(importer), scope(scope), node(node), index(index), loc(loc) {}

  // Inputs and outputs.
  unsigned numInputs() const { return inputs.size(); }
  bool has(unsigned i) const { return i < inputs.size() && inputs[i]; }
  Value in(unsigned i) const { return has(i) ? inputs[i] : Value(); }
  bool wants(unsigned output) const;
  bool out(Value value, unsigned output = 0);

  // Attributes.
  const onnx::AttributeProto *attr(llvm::StringRef name) const;
  int64_t attrInt(llvm::StringRef name, int64_t otherwise) const;
  double attrFloat(llvm::StringRef name, double otherwise) const;
  std::string attrString(llvm::StringRef name, llvm::StringRef otherwise) const;
  std::optional<llvm::SmallVector<int64_t>>
  attrInts(llvm::StringRef name) const;
  int64_t opset() const;

  // Types.
  static RankedTensorType type(Value value) {
    return mlir::cast<RankedTensorType>(value.getType());
  }
  static llvm::ArrayRef<int64_t> shape(Value value) {
    return type(value).getShape();
  }
  static int64_t rank(Value value) { return type(value).getRank(); }
  static mlir::Type element(Value value) {
    return type(value).getElementType();
  }

  // Values known at import.
  const HostTensor *known(Value value) const;
  std::optional<llvm::SmallVector<int64_t>> knownInts(Value value) const;
  Value constant(HostTensor tensor);
  Value ints(llvm::ArrayRef<int64_t> values);       // i64 vector
  Value scalar(double value, mlir::Type element);   // rank 0
  Value scalarLike(Value x, double value);          // rank 0, of x's type
  Value splat(double value, RankedTensorType type); // any size
  bool isConst(Value value) const;                  // known, or made of weights

  // Building ops. `attrs` are inherent attributes.
  template <typename OpTy>
  Value make(mlir::ValueRange operands,
             llvm::ArrayRef<mlir::NamedAttribute> attrs = {});
  /// For ops whose result type is part of what they say.
  template <typename OpTy> Value makeTyped(Value x, RankedTensorType type);

  Value reshape(Value x, llvm::ArrayRef<int64_t> shape);
  Value transpose(Value x, llvm::ArrayRef<int64_t> perm);
  Value expand(Value x, llvm::ArrayRef<int64_t> shape);
  Value cast(Value x, mlir::Type element);
  Value slice(Value x, llvm::ArrayRef<int64_t> starts,
              llvm::ArrayRef<int64_t> sizes, llvm::ArrayRef<int64_t> steps);
  Value sliceAxis(Value x, int64_t axis, int64_t start, int64_t size);
  Value concat(llvm::ArrayRef<Value> values, int64_t axis);
  Value softmax(Value x, int64_t axis);
  Value attention(llvm::ArrayRef<Value> qkvMask, int64_t heads, int64_t kvHeads,
                  double scale, bool causal);
  Value scaled(Value x, double factor);
  mlir::NamedAttribute named(llvm::StringRef name, mlir::Attribute value);
  mlir::NamedAttribute named(llvm::StringRef name, int64_t value);
  mlir::NamedAttribute named(llvm::StringRef name,
                             llvm::ArrayRef<int64_t> value);

  /// `axis` in [0, rank), or an error.
  std::optional<int64_t> axis(int64_t axis, int64_t rank);

  bool fail(const llvm::Twine &message, // returns false
            llvm::StringRef kind = "node");
  Value failValue(const llvm::Twine &message) {
    fail(message);
    return {};
  }

  mlir::OpBuilder &builder();

  Importer &importer;
  Scope &scope;
  const onnx::NodeProto &node;
  unsigned index; // of the node in the main graph
  mlir::Location loc;
  llvm::SmallVector<Value> inputs;
  llvm::StringMap<unsigned> outputs;
  bool failed = false;

private:
  Value inferAndBuild(mlir::OperationState &state,
                      llvm::function_ref<mlir::LogicalResult(
                          llvm::SmallVectorImpl<mlir::Type> &)>
                          infer);
};

/// How an op is imported.
struct Rule {
  bool (*convert)(NodeCtx &);
  std::vector<llvm::StringRef> attributes; // that it understands
  /// They are all that any version of the op has: others mean nothing.
  bool allAttributes = false;
  bool takesSequences = false;
};

ModelSummary summarize(const ModelFile &file);

/// The extent or the name of dimension `i`.
std::string dimText(const onnx::ValueInfoProto &info, int i);

/// The same of all dimensions.
std::string shapeText(const onnx::ValueInfoProto &info);

/// Whether the model gives dimension `i` a number.
bool isStated(const onnx::ValueInfoProto &info, int i);

/// An element type that a weight or an input may have.
bool isDialectElement(mlir::Type type);

/// All rules, by "Op" or "domain/Op".
const Rule *findRule(llvm::StringRef domain, llvm::StringRef op);
/// Why there is none and will be none; empty if nobody wrote it yet.
llvm::StringRef refusalReason(llvm::StringRef domain, llvm::StringRef op);
void addElementwiseRules(llvm::StringMap<Rule> &rules);
void addNumberRules(llvm::StringMap<Rule> &rules);
void addQuantizationRules(llvm::StringMap<Rule> &rules);
void addActivationRules(llvm::StringMap<Rule> &rules);
void addProductRules(llvm::StringMap<Rule> &rules);
void addNormRules(llvm::StringMap<Rule> &rules);
void addChannelNormRules(llvm::StringMap<Rule> &rules);
void addReductionRules(llvm::StringMap<Rule> &rules);
void addLossRules(llvm::StringMap<Rule> &rules);
void addConvolutionRules(llvm::StringMap<Rule> &rules);
void addConvTransposeRules(llvm::StringMap<Rule> &rules);
void addPoolingRules(llvm::StringMap<Rule> &rules);
void addResizeRules(llvm::StringMap<Rule> &rules);
void addSamplingRules(llvm::StringMap<Rule> &rules);
void addUnfoldingRules(llvm::StringMap<Rule> &rules);
void addSignalRules(llvm::StringMap<Rule> &rules);
void addShapeRules(llvm::StringMap<Rule> &rules);
void addConstantRules(llvm::StringMap<Rule> &rules);
void addAttentionRules(llvm::StringMap<Rule> &rules);
void addCacheRules(llvm::StringMap<Rule> &rules);
void addIndexingRules(llvm::StringMap<Rule> &rules);
void addOrderRules(llvm::StringMap<Rule> &rules);
void addRearrangeRules(llvm::StringMap<Rule> &rules);
void addEinsumRules(llvm::StringMap<Rule> &rules);
void addControlRules(llvm::StringMap<Rule> &rules);
void addRecurrentRules(llvm::StringMap<Rule> &rules);
void addLinearAttentionRules(llvm::StringMap<Rule> &rules);
void addDataShapeRules(llvm::StringMap<Rule> &rules);
/// After those of Identity, If and Loop, which take sequences too.
void addSequenceRules(llvm::StringMap<Rule> &rules);

class Importer {
public:
  Importer(mlir::MLIRContext &context, ModelFile &file,
           const ImportOptions &options, ImportReport &report)
      : context(context), file(file), options(options), report(report),
        builder(&context) {}

  mlir::OwningOpRef<mlir::ModuleOp> run();
  void finishLedger(mlir::ModuleOp finished);

  // What rules reach through NodeCtx.
  bool importGraph(const onnx::GraphProto &graph, Scope &scope,
                   std::optional<unsigned> asNode, mlir::Location loc);
  Value lookup(Scope &scope, llvm::StringRef name, bool &defined);
  /// Before a function or the graph of a node is inlined: depth, and nodes in
  /// all.
  bool mayInline(NodeCtx &n, int nodes);
  Value addConstant(HostTensor tensor, mlir::Location loc);
  Value loadTensor(const onnx::TensorProto &tensor, llvm::StringRef name,
                   const std::optional<TensorSpan> &span);
  void error(const llvm::Twine &message, llvm::StringRef kind = "model");
  void nodeError(const NodeCtx &n, const llvm::Twine &message,
                 llvm::StringRef kind);
  void warning(const llvm::Twine &message);
  /// A vector of floats that lies in a file: kept as a reference.
  bool isFileWeight(Value value) const;

  mlir::MLIRContext &context;
  ModelFile &file;
  const ImportOptions &options;
  ImportReport &report;
  mlir::OpBuilder builder;
  llvm::DenseMap<Value, std::unique_ptr<HostTensor>> host; // of placeholders
  llvm::DenseSet<Value> narrow; // held in bytes, of fewer bits in the model
  unsigned opsMade = 0;
  /// What is written out (loops, recurrences, windows) may come to 16,000 ops,
  /// and the nodes of the file to some each.
  unsigned maxOps() const {
    return 16'000 + 64 * unsigned(file.model.graph().node_size());
  }
  /// Inputs that stay inputs although --const binds them: to see whether their
  /// value is needed.
  llvm::StringSet<> asInput;

private:
  bool checkNames(const onnx::GraphProto &graph, Scope &scope,
                  std::optional<unsigned> asNode);
  bool bindDims();
  std::optional<int64_t> dimExtent(const onnx::ValueInfoProto &info,
                                   int i) const;
  void declareInputs(Scope &scope);
  Value declareInput(const onnx::ValueInfoProto &info);
  const WeightInput *findWeight(llvm::StringRef name) const;
  Value weightInput(const onnx::ValueInfoProto &info,
                    const WeightInput &weight);
  RankedTensorType inputType(const onnx::ValueInfoProto &info);
  /// The same, null without a message.
  RankedTensorType statedType(const onnx::ValueInfoProto &info);
  bool matchesShape(const onnx::ValueInfoProto &info,
                    llvm::ArrayRef<int64_t> shape);
  bool fitsInput(const onnx::ValueInfoProto &info, const ConstInput &value);
  bool finish(Scope &scope);
  void importNode(const onnx::NodeProto &node, Scope &scope, unsigned index,
                  mlir::Location loc);
  bool collectInputs(NodeCtx &n, bool &poisoned);
  bool checkAttributes(NodeCtx &n, const Rule &rule);
  bool callFunction(NodeCtx &n, const onnx::FunctionProto &function);
  void surveyGraphs(NodeCtx &n, const onnx::NodeProto &node, unsigned depth);
  void assumeOutputs(const onnx::NodeProto &node, Scope &scope,
                     mlir::Location loc);
  const onnx::FunctionProto *findFunction(const onnx::NodeProto &node) const;
  bool isSupported(NodeCtx &n, const onnx::FunctionProto *&function,
                   const Rule *&rule);
  void closeOutputs(NodeCtx &n, bool converted);
  Value loadInitializer(Scope &scope, llvm::StringRef name);
  Value declareWeight(RankedTensorType type, nn::DataAttr data,
                      llvm::StringRef name);
  Value declaredOnly(const SourceTensor &data, llvm::StringRef name);
  Value loadSource(const SourceTensor &data, llvm::StringRef name,
                   int32_t onnxType);
  nn::DataAttr dataOf(const SourceTensor &tensor);
  void materializeConstants();
  Value materialize(Value placeholder);
  void initLedger();
  void restoreLocations(mlir::ModuleOp finished);
  bool overrules(const onnx::NodeProto &before, const onnx::NodeProto &node,
                 const std::string &name, unsigned index);
  bool
  sortNodes(const google::protobuf::RepeatedPtrField<onnx::NodeProto> &nodes,
            std::vector<unsigned> &order);

  mlir::ModuleOp module;
  nn::ProgramOp program;
  llvm::StringMap<int64_t> dims;
  llvm::StringMap<const onnx::ValueInfoProto *> valueInfos; // of the main graph
  llvm::StringMap<const onnx::FunctionProto *> functions;   // "domain/Op"
  llvm::StringSet<> notComputed; // outputs that a rule does not give
  unsigned inlined = 0;          // nodes of functions, branches and bodies
  llvm::DenseMap<Value, nn::DataAttr> origin; // of known initializers
  llvm::DenseMap<Value, std::string> originName;
  llvm::StringSet<> symbols;
  std::vector<std::string> inputNames;
  mlir::Operation *lastInitializer = nullptr;
  std::vector<bool> emitted; // by node: did it leave ops in the IR
};

template <typename OpTy>
Value NodeCtx::make(mlir::ValueRange operands,
                    llvm::ArrayRef<mlir::NamedAttribute> attrs) {
  if (failed || llvm::is_contained(operands, Value()))
    return {};
  mlir::OperationState state(loc, OpTy::getOperationName());
  state.addOperands(operands);
  state.addAttributes(attrs);
  auto infer = [&](llvm::SmallVectorImpl<mlir::Type> &types) {
    auto dict = mlir::DictionaryAttr::get(loc.getContext(), attrs);
    typename OpTy::Properties properties{};
    mlir::OpaqueProperties opaque(&properties);
    if constexpr (!std::is_same_v<typename OpTy::Properties,
                                  mlir::EmptyProperties>)
      if (mlir::failed(OpTy::setPropertiesFromAttr(
              properties, dict, [&] { return mlir::emitError(loc); })))
        return mlir::failure();
    return OpTy::inferReturnTypes(loc.getContext(), loc, operands, dict, opaque,
                                  {}, types);
  };
  return inferAndBuild(state, infer);
}

template <typename OpTy>
Value NodeCtx::makeTyped(Value x, RankedTensorType type) {
  if (failed || !x)
    return {};
  if (x.getType() == type)
    return x;
  mlir::OperationState state(loc, OpTy::getOperationName());
  state.addOperands(x);
  return inferAndBuild(state, [&](llvm::SmallVectorImpl<mlir::Type> &types) {
    types.push_back(type);
    return mlir::success();
  });
}

} // namespace weft
#endif
