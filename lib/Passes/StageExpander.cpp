//===- StageExpander.cpp - Kernels and buffers of one stage ---------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "StageExpander.h"
#include "Legal.h"
#include "mlir/IR/Remarks.h"

using namespace mlir;
using namespace weft;
using kernels::Option;
using kernels::Problem;
using kernels::Rect;

static remark::RemarkOpts options(StringRef name) {
  return remark::RemarkOpts::name(name).category("weft-expand");
}

static bool isAlias(const Problem &p, const Option &o) {
  return p.op == "nn.reshape" && p.ins[0].getRank() && p.out.getRank() &&
         p.ins[0].getShape().back() == p.out.getShape().back() &&
         kernels::axisOf(o.ins[0]) == kernels::axisOf(o.out);
}

KernelCache::Entry KernelCache::get(const Problem &p, const Option &o,
                                    const Rect &r, Location loc) {
  SmallVector<MemRefType> scratch;
  fabric::KernelOp kernel = kernels::expandKernel(
      b, UnknownLoc::get(b.getContext()), "k", p, o, r, scratch);
  std::string text;
  llvm::raw_string_ostream os(text);
  // Without the local scope each print would number the whole module.
  kernel->print(os, OpPrintingFlags().useLocalScope().assumeVerified());
  auto [it, isNew] = known.try_emplace(text);
  if (isNew) {
    it->second = {o.algorithm + "_" + std::to_string(known.size() - 1), scratch,
                  0};
    kernel.setSymName(it->second.symbol);
  } else {
    kernel->erase();
  }
  ++it->second.uses;
  return it->second;
}

StageExpander::StageExpander(KernelCache &cache, wafer::StageOp stage,
                             fabric::RegionOp region)
    : b(stage.getContext()), cache(cache), stage(stage) {
  b.setInsertionPointToEnd(b.createBlock(&region.getBody()));
  ArrayRef<int64_t> at = *stage.getAt(), size = stage.getSize();
  rect = {at[0], at[1], size[0], size[1]};
}

LogicalResult StageExpander::run(ArrayRef<int64_t> inputs) {
  for (Operation &op : stage.getBody().front().without_terminator())
    if (!isa<wafer::PlaceOp, wafer::ValueOp>(op) &&
        failed(checkLegal(&op, rect)))
      return failure();
  number();
  for (Operation &op : stage.getBody().front().without_terminator())
    if (auto place = dyn_cast<wafer::PlaceOp>(op))
      expandPlace(place, inputs);
    else if (auto value = dyn_cast<wafer::ValueOp>(op))
      expandValue(value);
    else
      expandKernel(&op);
  settleStates();
  return success();
}

Value StageExpander::receiveBuffer(unsigned index) {
  Value arg = stage.getBody().getArgument(index);
  Value &buffer = buffers[arg];
  if (!buffer)
    buffer =
        makeBuffer(stage.getLoc(), uniqueName("arg" + std::to_string(index)),
                   "activations", cast<RankedTensorType>(arg.getType()));
  return buffer;
}

void StageExpander::communicate(Value buffer, StringRef channel, bool send,
                                OpBuilder &kernels, Location loc) {
  std::string name = ((send ? "send_" : "recv_") + channel).str();
  auto kernel = fabric::KernelOp::create(kernels, loc, name);
  OpBuilder inner(kernel.getContext());
  Block *body = inner.createBlock(&kernel.getBody());
  Value arg = body->addArgument(buffer.getType(), loc);
  if (send)
    fabric::SendOp::create(inner, loc, arg, channel);
  else
    fabric::RecvOp::create(inner, loc, arg, channel);
  fabric::ReturnOp::create(inner, loc);
  fabric::LaunchOp::create(b, loc, FlatSymbolRefAttr::get(b.getContext(), name),
                           buffer, b.getStringAttr(uniqueName(name)),
                           b.getStringAttr("stream"),
                           b.getDenseI64ArrayAttr(nodeIndices(loc)));
}

Value StageExpander::root(Value v) {
  Value r = roots.lookup(v);
  return r ? root(r) : v;
}

void StageExpander::number() {
  unsigned n = 0;
  for (Operation &op : stage.getBody().front()) {
    order[&op] = ++n;
    if (isa<wafer::KernelOp>(op)) {
      auto [p, o] = describe(&op);
      if (isAlias(p, o))
        roots[op.getResult(0)] = op.getOperand(0);
    }
    if (isa<wafer::ValueOp>(op)) // a name is no use
      continue;
    for (Value v : op.getOperands())
      lastUse[root(v)] = n;
  }
}

std::string StageExpander::uniqueName(std::string base) {
  unsigned n = names[base]++;
  return n ? base + "_" + std::to_string(n) : base;
}

fabric::BufferOp StageExpander::makeBuffer(Location loc, StringRef name,
                                           StringRef cls,
                                           RankedTensorType type) {
  auto memref =
      MemRefType::get({kernels::tileElems(type)}, type.getElementType());
  return fabric::BufferOp::create(
      b, loc, memref, b.getStringAttr(name), b.getStringAttr(cls),
      FlatSymbolRefAttr(), IntegerAttr(), ArrayAttr(), TypeAttr::get(type));
}

void StageExpander::expandPlace(wafer::PlaceOp place,
                                ArrayRef<int64_t> inputs) {
  auto type = cast<RankedTensorType>(place.getResult().getType());
  if (place.getConstant()) {
    auto buffer =
        makeBuffer(place.getLoc(), uniqueName(place.getConstant()->str()),
                   "weights", type);
    buffer.setInitAttr(place.getConstantAttr());
    buffers[place.getResult()] = buffer;
    return;
  }
  auto arg = cast<BlockArgument>(place.getInput());
  auto buffer =
      makeBuffer(place.getLoc(),
                 uniqueName("in" + std::to_string(inputs[arg.getArgNumber()])),
                 "io", type);
  buffer.setInput(inputs[arg.getArgNumber()]);
  buffers[place.getResult()] = buffer;
  for (State &s : states)
    if (s.place == place)
      s.buffer = buffer;
}

void StageExpander::expandKernel(Operation *op) {
  auto [p, o] = describe(op);
  Value result = op->getResult(0);
  if (isAlias(p, o)) {
    buffers[result] = bufferOf(op->getOperand(0));
    remark::passed(op->getLoc(), options("NoCode"))
        << remark::metric("Op", p.op)
        << remark::metric("Reason", "the tiles stay where they are");
    return;
  }
  std::string name = instanceName(op, o);
  Value out = inPlaceBuffer(op, p, o);
  if (out) {
    remark::passed(op->getLoc(), options("InPlace"))
        << remark::metric("Kernel", name)
        << remark::metric("Reason", "an operand dies here");
    NamedAttrList config(p.config);
    config.set("in_place", b.getUnitAttr());
    p.config = config.getDictionary(op->getContext());
  } else {
    out = makeBuffer(op->getLoc(), name, "activations", o.out);
  }
  buffers[result] = out;
  SmallVector<Value> operands;
  for (Value v : op->getOperands())
    operands.push_back(bufferOf(v));
  operands.push_back(out);
  KernelCache::Entry kernel = cache.get(p, o, rect, op->getLoc());
  (kernel.uses > 1 ? remark::passed(op->getLoc(), options("SubroutineShared"))
                   : remark::analysis(op->getLoc(), options("SubroutineNew")))
      << remark::metric("Kernel", name)
      << remark::metric("Subroutine", kernel.symbol);
  for (auto [i, type] : llvm::enumerate(kernel.scratch))
    operands.push_back(fabric::BufferOp::create(
        b, op->getLoc(), type, b.getStringAttr(name + ".t" + std::to_string(i)),
        b.getStringAttr("buffers"), FlatSymbolRefAttr(), IntegerAttr(),
        ArrayAttr(), TypeAttr()));
  written[out] = fabric::LaunchOp::create(
      b, op->getLoc(), FlatSymbolRefAttr::get(b.getContext(), kernel.symbol),
      operands, b.getStringAttr(name), b.getStringAttr(o.algorithm),
      b.getDenseI64ArrayAttr(nodeIndices(op->getLoc())));
}

void StageExpander::expandValue(wafer::ValueOp value) {
  Value buffer = bufferOf(value.getInput());
  Operation *&after = written[buffer];
  if (!after)
    return; // a reshape of what the host laid out
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointAfter(after);
  after = fabric::ValueOp::create(
      b, value.getLoc(), value.getNameAttr(), buffer,
      TypeAttr::get(value.getInput().getType()), value.getTypeAttr());
}

std::string StageExpander::instanceName(Operation *op, const Option &o) {
  auto kernel = dyn_cast<wafer::KernelOp>(op);
  std::string name =
      kernel ? kernel.getOp().drop_front(kernel.getOp().find('.') + 1).str()
             : o.algorithm;
  auto nodes = nn::nodesOf(op->getLoc());
  if (!nodes.empty() && !nodes.back().getName().empty())
    name += ":" + nodes.back().getName().str();
  return uniqueName(name);
}

Value StageExpander::inPlaceBuffer(Operation *op, const Problem &p,
                                   const Option &o) {
  const kernels::Kernel *kernel = kernels::findKernel(o.algorithm);
  for (unsigned i = 0; i < p.ins.size(); ++i) {
    Value v = root(op->getOperand(i));
    State *state = stateWrittenBy(op, v);
    if (!kernel->inPlace(p, o, i) ||
        (v.getDefiningOp<wafer::PlaceOp>() && !state) ||
        isa<BlockArgument>(v) || lastUse[v] != order[op] ||
        kernels::tileElems(o.ins[i]) != kernels::tileElems(o.out) ||
        o.ins[i].getElementType() != o.out.getElementType())
      continue;
    if (llvm::count_if(op->getOperands(),
                       [&](Value u) { return root(u) == v; }) > 1)
      continue;
    if (state)
      state->written = true;
    // The result lives on in the operand's storage.
    unsigned last = lastUse[op->getResult(0)];
    roots[op->getResult(0)] = v;
    lastUse[v] = last;
    return bufferOf(op->getOperand(i));
  }
  return nullptr;
}
