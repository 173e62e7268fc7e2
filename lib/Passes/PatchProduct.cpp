//===- PatchProduct.cpp - Products of the patches of an image -------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// The importer writes a convolution whose windows tile the image as a product
// of patches, gathered by reshapes and a transposition. On the wafer they are
// one problem: how the image is spread decides how patches are gathered.
//
//===----------------------------------------------------------------------===//
#include "PatchProduct.h"
#include "weft/Import/Constant.h"

using namespace mlir;
using namespace weft;

/// Of the image, in its order: dimensions of which patches, and within them.
static constexpr int64_t Outer[] = {0, 2, 4}, Inner[] = {1, 3, 5};

static RankedTensorType typeOf(Value v) {
  return cast<RankedTensorType>(v.getType());
}

/// `cut` has the shape of `whole`, the last two dimensions each in two.
static bool cutsRowsAndColumns(ArrayRef<int64_t> whole, ArrayRef<int64_t> cut) {
  return whole.size() == 4 && cut.size() == 6 && whole[0] == cut[0] &&
         whole[1] == cut[1] && whole[2] == cut[2] * cut[3] &&
         whole[3] == cut[4] * cut[5];
}

std::optional<PatchProduct> weft::matchPatchProduct(nn::LinearOp linear) {
  auto flat = linear.getX().getDefiningOp<nn::ReshapeOp>();
  auto gather =
      flat ? flat.getX().getDefiningOp<nn::TransposeOp>() : nn::TransposeOp();
  auto cut =
      gather ? gather.getX().getDefiningOp<nn::ReshapeOp>() : nn::ReshapeOp();
  if (!cut || !flat->hasOneUse() || !gather->hasOneUse() || !cut->hasOneUse() ||
      !isConstant(linear.getWeight()) ||
      (linear.getBias() && !isConstant(linear.getBias())) ||
      !cutsRowsAndColumns(typeOf(cut.getX()).getShape(),
                          typeOf(cut).getShape()))
    return std::nullopt;
  ArrayRef<int64_t> perm = gather.getPerm();
  SmallVector<int64_t> order(perm.drop_front(3)), sorted(order), shape;
  llvm::sort(sorted);
  RankedTensorType image = stored(cut.getType());
  int64_t depth = 1;
  for (int64_t d : order) {
    shape.push_back(image.getDimSize(d));
    depth *= shape.back();
  }
  if (perm.take_front(3) != ArrayRef(Outer) ||
      ArrayRef(sorted) != ArrayRef(Inner) ||
      typeOf(flat).getShape().back() != depth)
    return std::nullopt;
  RankedTensorType out = stored(linear.getType());
  shape.push_back(out.getShape().back());
  OpBuilder b(linear);
  NamedAttrList config(linear->getAttrDictionary());
  config.set("order", b.getDenseI64ArrayAttr(order));
  PatchProduct found;
  found.gathers = {cut, gather, flat};
  Problem &p = found.problem.problem;
  p.op = "wafer.patches";
  p.config = config.getDictionary(b.getContext());
  p.ins = {image, RankedTensorType::get(shape, out.getElementType())};
  p.constant = {false, true};
  p.out = out;
  found.problem.operands = {cut.getX(), linear.getWeight()};
  if (linear.getBias()) {
    p.ins.push_back(
        RankedTensorType::get({1, shape.back()}, out.getElementType()));
    p.constant.push_back(true);
    found.problem.operands.push_back(linear.getBias());
  }
  return found;
}

LogicalResult weft::checkPatchProduct(Operation *op, const Problem &p) {
  auto ranks = [&](size_t n) {
    if (p.ins.size() != n || p.ins[0].getRank() != 6 ||
        p.ins[1].getRank() != 4 || p.out.getRank() < 1)
      return false;
    return n == 2 || p.ins[2].getRank() == 2;
  };
  if (!ranks(2) && !ranks(3))
    return op->emitOpError("multiplies patches: it needs an image of rank 6, a "
                           "weight of rank 4 and at most a bias of rank 2");
  for (RankedTensorType t : llvm::concat<const RankedTensorType>(
           p.ins, ArrayRef<RankedTensorType>(p.out)))
    if (!isa<FloatType>(t.getElementType()) ||
        t.getElementType() != p.out.getElementType())
      return op->emitOpError("multiplies patches of one type of floats, found ")
             << t << " beside " << p.out;
  SmallVector<int64_t> order = p.list("order"), sorted(order);
  llvm::sort(sorted);
  if (ArrayRef(sorted) != ArrayRef(Inner))
    return op->emitOpError("needs an 'order' of the dimensions 1, 3 and 5");
  SmallVector<int64_t> weight;
  int64_t rows = 1, features = p.out.getShape().back();
  for (int64_t d : order)
    weight.push_back(p.ins[0].getDimSize(d));
  for (int64_t d : Outer)
    rows *= p.ins[0].getDimSize(d);
  weight.push_back(features);
  if (p.ins[1].getShape() != ArrayRef(weight) ||
      kernels::rowsOf(p.out) != rows ||
      (p.ins.size() > 2 &&
       p.ins[2].getShape() != ArrayRef<int64_t>{1, features}))
    return op->emitOpError("has a weight, a bias or a result that does not "
                           "belong to the image ")
           << p.ins[0] << ": expected " << rows
           << " rows, and a weight of shape [" << weight << "]";
  return success();
}
