//===- Quantization.cpp - To and from quantised tensors -------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Everything is composed of nn ops: what is made of constants stays an
// expression on the quantised weight, which is evaluated once, at emission.
//
//===----------------------------------------------------------------------===//
#include "Quantization.h"
#include "Remarks.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace weft;
using namespace weft::nn;

Value weft::spreadOver(NodeCtx &n, Value q, Value x, int64_t axis,
                       int64_t block, StringRef what) {
  if (!q || !x)
    return {};
  ArrayRef<int64_t> shape = n.shape(x);
  if (n.type(q).getNumElements() == 1)
    return n.reshape(q, {});
  auto misfit = [&]() {
    return n.failValue(
        "has a " + what + " of shape [" +
        llvm::join(llvm::map_range(n.shape(q),
                                   [](int64_t d) { return std::to_string(d); }),
                   ", ") +
        "] for dimension " + Twine(axis) + " of rank " + Twine(shape.size()));
  };
  if (!block) {
    if (n.rank(q) != 1 || axis >= n.rank(x) || n.shape(q)[0] != shape[axis])
      return misfit();
    return alongDim(n, q, axis, n.rank(x));
  }
  SmallVector<int64_t> blocks(shape);
  if (axis >= n.rank(x))
    return misfit();
  block = std::min(block, std::max<int64_t>(shape[axis], 1));
  blocks[axis] = (shape[axis] + block - 1) / block;
  if (n.shape(q) != ArrayRef<int64_t>(blocks))
    return misfit();
  SmallVector<int64_t> repeated(blocks);
  blocks.insert(blocks.begin() + axis + 1, 1);
  Value wide = n.reshape(q, blocks);
  blocks[axis + 1] = block;
  repeated[axis] *= block;
  wide = n.reshape(n.expand(wide, blocks), repeated);
  return n.sliceAxis(wide, axis, 0, shape[axis]);
}

Value weft::centred(NodeCtx &n, Value x, Value zero) {
  Type f32 = n.builder().getF32Type();
  Value y = n.cast(x, f32);
  if (!zero)
    return y;
  const HostTensor *known = n.known(zero);
  bool isZero = known != nullptr;
  for (int64_t i = 0; isZero && i < known->size(); ++i)
    isZero = known->getInt(i) == 0;
  return isZero ? y : n.make<SubOp>({y, n.cast(zero, f32)});
}

int64_t weft::largestCentred(NodeCtx &n, Value x, Value zero) {
  auto type = x ? dyn_cast<IntegerType>(n.element(x)) : IntegerType();
  if (!type || type.getWidth() > 16)
    return int64_t(1) << 32;
  int64_t range = (int64_t(1) << type.getWidth()) - 1;
  const HostTensor *known = zero ? n.known(zero) : nullptr;
  if (zero && !known)
    return range;
  int64_t low = type.isUnsigned() ? 0 : -(range + 1) / 2, most = 1;
  int64_t high = low + range;
  for (int64_t i = 0; i < (known ? known->size() : 1); ++i) {
    int64_t z = known ? known->getInt(i) : 0;
    most = std::max({most, high - z, z - low});
  }
  return most;
}

Value weft::dequantized(NodeCtx &n, Value x, Value scale, Value zero) {
  return n.make<MulOp>(
      {centred(n, x, zero), n.cast(scale, n.builder().getF32Type())});
}

Value weft::rounded(NodeCtx &n, Value x, Value zero, Type to) {
  auto type = dyn_cast<IntegerType>(to);
  if (!type || type.getWidth() > 16 || type.getWidth() < 8)
    return n.failValue("quantises to something other than integers of 8 or 16 "
                       "bits, which is not supported");
  Type f32 = n.builder().getF32Type();
  Value q = n.make<RoundOp>(x);
  if (zero)
    q = n.make<AddOp>({q, n.cast(zero, f32)});
  double range = double((1 << type.getWidth()) - 1);
  double low = type.isUnsigned() ? 0 : -(range + 1) / 2;
  q = n.make<MinOp>(
      {n.make<MaxOp>({q, n.scalar(low, f32)}), n.scalar(low + range, f32)});
  return n.cast(q, to);
}

Value weft::quantized(NodeCtx &n, Value x, Value scale, Value zero, Type to) {
  Type f32 = n.builder().getF32Type();
  Value ratio = n.make<ExactDivOp>({n.cast(x, f32), n.cast(scale, f32)});
  return rounded(n, ratio, zero, to);
}

Value weft::unpacked(NodeCtx &n, Value bytes, unsigned bits) {
  if (!bytes || bits == 8)
    return bytes;
  SmallVector<int64_t> shape(n.shape(bytes)), column(shape);
  column.push_back(1);
  Type element = n.element(bytes);
  SmallVector<Value> fields;
  for (unsigned at = 0; at < 8; at += bits) {
    Value field =
        at ? n.make<ShiftRightOp>({bytes, n.scalar(at, element)}) : bytes;
    field = n.make<BitAndOp>({field, n.scalar((1 << bits) - 1, element)});
    fields.push_back(n.reshape(field, column));
  }
  shape.back() *= 8 / bits;
  return n.reshape(n.concat(fields, int64_t(column.size()) - 1), shape);
}

unsigned weft::packedBits(int32_t onnxType) {
  constexpr int32_t Uint4 = 21, Int4 = 22, Uint2 = 25, Int2 = 26;
  if (onnxType == Uint4 || onnxType == Int4)
    return 4;
  return onnxType == Uint2 || onnxType == Int2 ? 2 : 0;
}

Value weft::unpackedInitializer(Importer &importer, Value bytes,
                                const onnx::TensorProto &tensor) {
  onnx::NodeProto none;
  Scope scope;
  NodeCtx n(importer, scope, none, 0, UnknownLoc::get(&importer.context));
  unsigned before = importer.opsMade, bits = packedBits(tensor.data_type());
  SmallVector<int64_t> shape(tensor.dims().begin(), tensor.dims().end());
  Value x =
      n.sliceAxis(unpacked(n, bytes, bits), 0, 0, llvm::product_of(shape));
  bool isSigned = tensor.data_type() % 2 == 0;
  if (isSigned) { // the top bit of a field counts negative
    x = n.cast(x, n.builder().getI8Type());
    Value top = n.scalarLike(x, 1 << (bits - 1));
    x = n.make<SubOp>({n.make<BitXorOp>({x, top}), top});
  }
  x = n.reshape(x, shape);
  importer.opsMade = before; // of an initializer, not of a node
  importer.narrow.insert(x);
  return x;
}

Dynamic weft::dynamicallyQuantized(NodeCtx &n, Value x) {
  if (!x) {
    n.fail("has no input");
    return {};
  }
  Type ui8 = IntegerType::get(n.loc.getContext(), 8, IntegerType::Unsigned);
  auto axes = llvm::to_vector(llvm::seq<int64_t>(0, n.rank(x)));
  NamedAttribute over[] = {n.named("axes", ArrayRef<int64_t>(axes)),
                           n.named("keepdims", n.builder().getBoolAttr(false))};
  Value zero = n.scalarLike(x, 0);
  Value high = n.make<MaxOp>({n.make<ReduceMaxOp>(x, over), zero});
  Value low = n.make<MinOp>({n.make<ReduceMinOp>(x, over), zero});
  Value range = n.make<SubOp>({high, low});
  Dynamic d;
  // All zeros: any scale will do.
  d.scale =
      n.make<WhereOp>({n.make<EqualOp>({range, zero}), n.scalarLike(x, 1),
                       n.make<ExactDivOp>({range, n.scalarLike(x, 255)})});
  d.zero = quantized(n, n.make<NegOp>(low), d.scale, {}, ui8);
  d.q = quantized(n, x, d.scale, d.zero, ui8);
  return d;
}

void weft::remarkDequantized(NodeCtx &n, Value constant) {
  if (constant && n.isConst(constant))
    remarkDequantizedConstant(n.loc);
}

//===----------------------------------------------------------------------===//
// Rules
//===----------------------------------------------------------------------===//

/// The axis that scales go along; not asked for where there is one scale.
static std::optional<int64_t> quantizedAxis(NodeCtx &n) {
  if (n.type(n.in(1)).getNumElements() == 1 && !n.attrInt("block_size", 0))
    return 0;
  return n.axis(n.attrInt("axis", 1), n.rank(n.in(0)));
}

static std::optional<int64_t> blockSize(NodeCtx &n) {
  int64_t block = n.attrInt("block_size", 0);
  if (block >= 0 && block < (int64_t(1) << 31))
    return block;
  n.fail("has block_size " + Twine(block) + ", expected at least 0");
  return std::nullopt;
}

/// How scale and zero point lie over the operand.
struct Spread {
  int64_t axis, block;
};
static std::optional<Spread> readSpread(NodeCtx &n) {
  if (!n.in(0) || !n.in(1)) {
    n.fail("has 2 inputs, found fewer");
    return std::nullopt;
  }
  auto axis = quantizedAxis(n);
  auto block = blockSize(n);
  return axis && block ? std::optional(Spread{*axis, *block}) : std::nullopt;
}

static bool quantizeLinear(NodeCtx &n) {
  Value x = n.in(0), scale = n.in(1), zero = n.in(2);
  auto spread = readSpread(n);
  if (!spread)
    return false;
  Type to = IntegerType::get(n.loc.getContext(), 8, IntegerType::Unsigned);
  if (zero)
    to = n.element(zero);
  if (int64_t type = n.attrInt("output_dtype", 0))
    to = elementType(n.loc.getContext(), int32_t(type));
  if (!to || n.importer.narrow.contains(zero))
    return n.fail("quantises to less than 8 bits or to floats, which is not "
                  "supported");
  scale = spreadOver(n, scale, x, spread->axis, spread->block, "scale");
  zero = spreadOver(n, zero, x, spread->axis, spread->block, "zero point");
  return n.out(quantized(n, x, scale, zero, to));
}

static bool dequantizeLinear(NodeCtx &n) {
  Value x = n.in(0), scale = n.in(1), zero = n.in(2);
  auto spread = readSpread(n);
  if (!spread)
    return false;
  Type to = n.element(scale);
  if (int64_t type = n.attrInt("output_dtype", 0))
    to = elementType(n.loc.getContext(), int32_t(type));
  if (!isa_and_nonnull<FloatType>(to) || !isa<IntegerType>(n.element(x)))
    return n.fail("has types that are not supported: it makes floats of "
                  "integers");
  remarkDequantized(n, x);
  scale = spreadOver(n, scale, x, spread->axis, spread->block, "scale");
  zero = spreadOver(n, zero, x, spread->axis, spread->block, "zero point");
  return n.out(n.cast(dequantized(n, x, scale, zero), to));
}

static bool dynamicQuantizeLinear(NodeCtx &n) {
  Dynamic d = dynamicallyQuantized(n, n.in(0));
  return n.out(d.q) && n.out(d.scale, 1) && n.out(d.zero, 2);
}

void weft::addQuantizationRules(llvm::StringMap<Rule> &rules) {
  std::vector<StringRef> attrs = {"axis", "block_size", "output_dtype",
                                  "saturate", "precision"};
  for (const char *domain : {"", "com.microsoft/"}) {
    rules[std::string(domain) + "QuantizeLinear"] = {quantizeLinear, attrs};
    rules[std::string(domain) + "DequantizeLinear"] = {dequantizeLinear, attrs};
  }
  rules["DynamicQuantizeLinear"] = {dynamicQuantizeLinear, {}};
  addQuantizedProductRules(rules);
  addQuantizedConvolutionRules(rules);
}
