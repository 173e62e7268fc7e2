//===- EvaluateMoves.cpp - Ops that move constant tensors -----------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "EvaluateMoves.h"
#include "EvaluateWalk.h"
#include "NN/NNOps.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cstring>

using namespace mlir;
using llvm::Expected;
using namespace weft;
using namespace weft::nn;

using Operands = ArrayRef<const HostTensor *>;

/// Copies elements of `from`, starting at `start` and walked by `strides`.
static void gatherStrided(const HostTensor &from, int64_t start,
                          const Strides &strides, HostTensor &to) {
  size_t width = hostElementBytes(to.type.getElementType());
  StridedWalk walk(to.type.getShape(), strides);
  uint8_t *out = to.bytes.data();
  for (int64_t i = 0, n = to.size(); i < n; ++i, out += width, walk.next())
    std::memcpy(out, from.bytes.data() + (start + walk.offset(0)) * width,
                width);
}

static HostTensor selectTensor(RankedTensorType type, Operands in) {
  HostTensor out = HostTensor::zeros(type);
  size_t rank = type.getRank(), width = hostElementBytes(type.getElementType());
  SmallVector<Strides> strides;
  for (const HostTensor *operand : in)
    strides.push_back(broadcastStrides(operand->type.getShape(), rank));
  StridedWalk walk(type.getShape(), strides);
  for (int64_t i = 0, n = out.size(); i < n; ++i, walk.next()) {
    unsigned chosen = in[0]->bytes[walk.offset(0)] ? 1 : 2;
    std::memcpy(out.bytes.data() + i * width,
                in[chosen]->bytes.data() + walk.offset(chosen) * width, width);
  }
  return out;
}

static HostTensor transposeTensor(RankedTensorType type, Operands in,
                                  ArrayRef<int64_t> perm) {
  HostTensor out = HostTensor::zeros(type);
  Strides from = rowMajor(in[0]->type.getShape()), strides;
  for (int64_t axis : perm)
    strides.push_back(from[axis]);
  gatherStrided(*in[0], 0, strides, out);
  return out;
}

static HostTensor sliceTensor(RankedTensorType type, Operands in, SliceOp op) {
  HostTensor out = HostTensor::zeros(type);
  Strides strides = rowMajor(in[0]->type.getShape());
  int64_t start = 0;
  for (size_t i = 0; i < strides.size(); ++i) {
    start += op.getStarts()[i] * strides[i];
    strides[i] *= op.getSteps()[i];
  }
  gatherStrided(*in[0], start, strides, out);
  return out;
}

static HostTensor concatTensor(RankedTensorType type, Operands in,
                               int64_t axis) {
  HostTensor out = HostTensor::zeros(type);
  int64_t outer = 1;
  for (int64_t dim : type.getShape().take_front(axis))
    outer *= dim;
  if (!outer || out.bytes.empty())
    return out;
  uint8_t *to = out.bytes.data();
  for (int64_t i = 0; i < outer; ++i)
    for (const HostTensor *operand : in) {
      size_t bytes = operand->bytes.size() / outer;
      if (bytes)
        std::memcpy(to, operand->bytes.data() + i * bytes, bytes);
      to += bytes;
    }
  return out;
}

static Expected<HostTensor> gatherTensor(RankedTensorType type, Operands in,
                                         int64_t axis) {
  HostTensor out = HostTensor::zeros(type);
  ArrayRef<int64_t> shape = in[0]->type.getShape();
  int64_t outer = 1, extent = shape[axis], count = in[1]->size();
  for (int64_t dim : shape.take_front(axis))
    outer *= dim;
  size_t inner = hostElementBytes(type.getElementType());
  for (int64_t dim : shape.drop_front(axis + 1))
    inner *= dim;
  uint8_t *to = out.bytes.data();
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t i = 0; i < count; ++i, to += inner) {
      int64_t index = in[1]->getInt(i);
      if (index < -extent || index >= extent)
        return llvm::createStringError(
            "index " + Twine(index) + " is out of the extent " + Twine(extent));
      index += index < 0 ? extent : 0;
      if (inner)
        std::memcpy(to, in[0]->bytes.data() + (o * extent + index) * inner,
                    inner);
    }
  return out;
}

static HostTensor sameBytes(RankedTensorType type, Operands in) {
  HostTensor out;
  out.type = type;
  out.bytes = in[0]->bytes;
  return out;
}

static HostTensor expandTensor(RankedTensorType type, Operands in) {
  HostTensor out = HostTensor::zeros(type);
  gatherStrided(*in[0], 0,
                broadcastStrides(in[0]->type.getShape(), type.getRank()), out);
  return out;
}

bool weft::isMove(Operation *op) {
  return isa<ReshapeOp, BitCastOp, ExpandOp, TransposeOp, SliceOp, ConcatOp,
             GatherOp, WhereOp>(op);
}

Expected<HostTensor> weft::evaluateMove(Operation *op, RankedTensorType type,
                                        Operands in) {
  using R = Expected<HostTensor>;
  return llvm::TypeSwitch<Operation *, R>(op)
      .Case<ReshapeOp, BitCastOp>(
          [&](auto) -> R { return sameBytes(type, in); })
      .Case([&](ExpandOp) -> R { return expandTensor(type, in); })
      .Case([&](TransposeOp o) -> R {
        return transposeTensor(type, in, o.getPerm());
      })
      .Case([&](SliceOp o) -> R { return sliceTensor(type, in, o); })
      .Case([&](ConcatOp o) -> R {
        return concatTensor(type, in, int64_t(o.getAxis()));
      })
      .Case([&](GatherOp o) -> R {
        return gatherTensor(type, in, int64_t(o.getAxis()));
      })
      .Case([&](WhereOp) -> R { return selectTensor(type, in); })
      .DefaultUnreachable("only ops that isMove() names");
}
