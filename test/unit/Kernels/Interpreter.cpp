//===- Interpreter.cpp - Executing a kernel's code on one PE --------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "Interpreter.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cmath>

using namespace mlir;
using namespace weft;
using namespace weft::kernels;

test::Words test::wordsOf(const std::vector<float> &values) {
  Words words;
  for (float f : values)
    words.push_back(llvm::bit_cast<uint32_t>(f));
  return words;
}

std::vector<float> test::floatsOf(const Words &words) {
  std::vector<float> values;
  for (uint32_t w : words)
    values.push_back(llvm::bit_cast<float>(w));
  return values;
}

test::Context::Context() {
  context.loadDialect<wafer::WaferDialect, fabric::FabricDialect, pe::PEDialect,
                      scf::SCFDialect, arith::ArithDialect,
                      memref::MemRefDialect>();
}

namespace {
struct View {
  test::Words *buffer;
  int64_t offset;
  SmallVector<int64_t> sizes, strides;
};

float asFloat(uint32_t w) { return llvm::bit_cast<float>(w); }
uint32_t asWord(float f) { return llvm::bit_cast<uint32_t>(f); }

int32_t toInt(float x) {
  if (std::isnan(x))
    return 0;
  if (x >= 2147483648.0f)
    return INT32_MAX;
  return x <= -2147483648.0f ? INT32_MIN : int32_t(x);
}

/// One element of a vector op; `d` is the destination before it.
uint32_t element(V op, uint32_t d, uint32_t a, uint32_t b) {
  float x = asFloat(a), y = asFloat(b);
  int32_t i = int32_t(a), j = int32_t(b);
  switch (op) {
  case V::VMov:
    return a;
  case V::VFAdd:
    return asWord(x + y);
  case V::VFSub:
    return asWord(x - y);
  case V::VFMul:
    return asWord(x * y);
  case V::VFMax:
    return asWord(x > y || x != x ? x : y);
  case V::VFMin:
    return asWord(x < y || x != x ? x : y);
  case V::VFMac:
    return asWord(std::fma(x, y, asFloat(d)));
  case V::VFNeg:
    return a ^ 0x80000000u;
  case V::VFAbs:
    return a & 0x7fffffffu;
  case V::VAdd:
    return a + b;
  case V::VSub:
    return a - b;
  case V::VMul:
    return a * b;
  case V::VAnd:
    return a & b;
  case V::VOr:
    return a | b;
  case V::VXor:
    return a ^ b;
  case V::VShl:
    return a << (b & 31);
  case V::VShr:
    return a >> (b & 31);
  case V::VSar:
    return uint32_t(i >> (b & 31));
  case V::VMax:
    return uint32_t(std::max(i, j));
  case V::VMin:
    return uint32_t(std::min(i, j));
  case V::VI2F:
    return asWord(float(i));
  case V::VF2I:
    return uint32_t(toInt(x));
  case V::VFLt:
    return x < y;
  case V::VFLe:
    return x <= y;
  case V::VFEq:
    return x == y;
  case V::VLt:
    return i < j;
  case V::VEq:
    return i == j;
  case V::VSel:
    return a ? b : d;
  }
  llvm_unreachable("a vector op without a meaning");
}

class Machine {
public:
  void define(Value v, test::Words &buffer) {
    views[v] = {&buffer, 0, {int64_t(buffer.size())}, {1}};
  }

  void run(Block &block) {
    for (Operation &op : block)
      step(&op);
  }

private:
  llvm::DenseMap<Value, View> views;
  llvm::DenseMap<Value, int64_t> scalars; // raw bits for f32

  int64_t scalar(Value v) {
    auto it = scalars.find(v);
    if (it == scalars.end())
      llvm::report_fatal_error("a scalar without a value");
    return it->second;
  }

  /// Addresses of a view in row-major order; empty for a scalar.
  std::vector<uint32_t *> addresses(Value v) {
    auto it = views.find(v);
    if (it == views.end())
      return {};
    const View &view = it->second;
    std::vector<int64_t> offsets{view.offset};
    for (auto [size, stride] : llvm::zip(view.sizes, view.strides)) {
      std::vector<int64_t> next;
      for (int64_t o : offsets)
        for (int64_t i = 0; i < size; ++i)
          next.push_back(o + i * stride);
      offsets = next;
    }
    std::vector<uint32_t *> out;
    for (int64_t o : offsets) {
      if (o < 0 || o >= int64_t(view.buffer->size()))
        llvm::report_fatal_error("a view leaves its buffer");
      out.push_back(&(*view.buffer)[o]);
    }
    return out;
  }

  void vector(pe::VecOp op) {
    std::vector<uint32_t *> dst = addresses(op.getDst());
    std::vector<std::vector<uint32_t *>> srcs;
    for (Value v : op.getSrcs()) {
      srcs.push_back(addresses(v));
      if (!srcs.back().empty() && srcs.back().size() != dst.size())
        llvm::report_fatal_error("operands of different lengths");
    }
    for (size_t n = 0; n < dst.size(); ++n) {
      uint32_t values[2] = {0, 0};
      for (size_t k = 0; k < srcs.size(); ++k)
        values[k] =
            srcs[k].empty() ? uint32_t(scalar(op.getSrcs()[k])) : *srcs[k][n];
      *dst[n] = element(op.getOpcode(), *dst[n], values[0], values[1]);
    }
  }

  void reduce(pe::ReduceOp op) {
    float sum = asFloat(uint32_t(scalar(op.getInit())));
    std::vector<uint32_t *> a = addresses(op.getSrcs()[0]), b;
    if (op.getSrcs().size() > 1)
      b = addresses(op.getSrcs()[1]);
    for (size_t n = 0; n < a.size(); ++n) {
      float x = asFloat(*a[n]);
      if (op.getOpcode() == pe::ReduceOpcode::VRSum)
        sum += x;
      else if (op.getOpcode() == pe::ReduceOpcode::VRMax)
        sum = sum > x || sum != sum ? sum : x;
      else
        sum = std::fma(x, asFloat(*b[n]), sum);
    }
    scalars[op.getResult()] = asWord(sum);
  }

  uint32_t *at(Value buffer, Value index) {
    const View &view = views.lookup(buffer);
    int64_t i = scalar(index);
    if (i < 0 || i >= int64_t(view.buffer->size()))
      llvm::report_fatal_error("an index leaves its buffer");
    return &(*view.buffer)[i];
  }

  void arithmetic(Operation *op) {
    auto in = [&](unsigned i) { return scalar(op->getOperand(i)); };
    int64_t value =
        llvm::TypeSwitch<Operation *, int64_t>(op)
            .Case([&](arith::AddIOp) { return in(0) + in(1); })
            .Case([&](arith::SubIOp) { return in(0) - in(1); })
            .Case([&](arith::MulIOp) { return in(0) * in(1); })
            .Case([&](arith::MinSIOp) { return std::min(in(0), in(1)); })
            .Case([&](arith::MaxSIOp) { return std::max(in(0), in(1)); })
            .Case([&](arith::ShRUIOp) { return in(0) >> in(1); })
            .Case([&](arith::AndIOp) { return in(0) & in(1); })
            .Case([&](arith::SelectOp) { return in(0) ? in(1) : in(2); })
            .Case([&](arith::IndexCastOp) { return int64_t(int32_t(in(0))); })
            .Case([&](arith::AddFOp) {
              return int64_t(asWord(asFloat(in(0)) + asFloat(in(1))));
            })
            .Case([&](arith::CmpIOp c) {
              return int64_t(arith::applyCmpPredicate(c.getPredicate(),
                                                      APInt(64, in(0), true),
                                                      APInt(64, in(1), true)));
            })
            .Case([&](arith::ConstantOp c) {
              if (auto f = dyn_cast<FloatAttr>(c.getValue()))
                return int64_t(asWord(f.getValue().convertToFloat()));
              return cast<IntegerAttr>(c.getValue()).getInt();
            })
            .Case([&](memref::LoadOp l) {
              return int64_t(*at(l.getMemRef(), l.getIndices()[0]));
            })
            .Default([](Operation *o) -> int64_t {
              llvm::report_fatal_error("op without a meaning: " +
                                       o->getName().getStringRef());
            });
    scalars[op->getResult(0)] = value;
  }

  void step(Operation *op) {
    if (auto vec = dyn_cast<pe::VecOp>(op))
      return vector(vec);
    if (auto red = dyn_cast<pe::ReduceOp>(op))
      return reduce(red);
    if (auto store = dyn_cast<memref::StoreOp>(op)) {
      *at(store.getMemRef(), store.getIndices()[0]) =
          uint32_t(scalar(store.getValueToStore()));
      return;
    }
    if (auto view = dyn_cast<memref::ReinterpretCastOp>(op)) {
      OpFoldResult offset = view.getMixedOffsets()[0];
      auto constant = getConstantIntValue(offset);
      views[view.getResult()] = {views.lookup(view.getSource()).buffer,
                                 constant ? *constant
                                          : scalar(cast<Value>(offset)),
                                 SmallVector<int64_t>(view.getStaticSizes()),
                                 SmallVector<int64_t>(view.getStaticStrides())};
      return;
    }
    if (auto loop = dyn_cast<scf::ForOp>(op)) {
      for (int64_t i = 0; i < scalar(loop.getUpperBound()); ++i) {
        scalars[loop.getInductionVar()] = i;
        run(*loop.getBody());
      }
      return;
    }
    if (!isa<fabric::ReturnOp, scf::YieldOp>(op))
      arithmetic(op);
  }
};
} // namespace

void test::execute(fabric::KernelOp kernel, std::vector<Words> &buffers) {
  Block &block = kernel.getBody().front();
  for (unsigned i = buffers.size(); i < block.getNumArguments(); ++i)
    buffers.emplace_back(
        cast<MemRefType>(block.getArgument(i).getType()).getNumElements(),
        0x7fc00000u);
  Machine machine;
  for (auto [arg, buffer] : llvm::zip(block.getArguments(), buffers))
    machine.define(arg, buffer);
  machine.run(block);
}

test::Words test::run(const Problem &problem, const Option &option,
                      const std::vector<Words> &operands) {
  OpBuilder b(problem.ctx());
  auto module = ModuleOp::create(b.getUnknownLoc());
  b.setInsertionPointToEnd(module.getBody());
  SmallVector<MemRefType> scratch;
  fabric::KernelOp kernel = expandKernel(b, b.getUnknownLoc(), "k", problem,
                                         option, Rect{0, 0, 1, 1}, scratch);
  std::vector<Words> buffers = operands;
  buffers.emplace_back(tileElems(option.out), 0x7fc00000u);
  execute(kernel, buffers);
  module->erase();
  return buffers[operands.size()];
}

/// Visits (row-major number, place in storage) of all elements.
static void eachElement(RankedTensorType type,
                        llvm::function_ref<void(int64_t, int64_t)> visit) {
  std::vector<bin::DimMap> maps = dimMaps(type);
  for (int64_t n = 0; n < type.getNumElements(); ++n) {
    int64_t rest = n, place = 0;
    for (int d = int(maps.size()) - 1; d >= 0; --d) {
      place += rest % type.getDimSize(d) * maps[d].stride;
      rest /= type.getDimSize(d);
    }
    visit(n, place);
  }
}

test::Words test::toStorage(RankedTensorType type, const Words &rowMajor) {
  Words out(rowMajor.size());
  eachElement(type, [&](int64_t n, int64_t at) { out[at] = rowMajor[n]; });
  return out;
}

test::Words test::fromStorage(RankedTensorType type, const Words &storage) {
  Words out(storage.size());
  eachElement(type, [&](int64_t n, int64_t at) { out[n] = storage[at]; });
  return out;
}
