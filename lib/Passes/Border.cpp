//===- Border.cpp - Inputs, outputs and ledger of a pe.program ------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "NN/NNOps.h"
#include "RegionPlan.h"

using namespace mlir;
using namespace weft;

namespace {
struct Found {
  fabric::BufferOp buffer;
  const RegionPlan *plan = nullptr;
};

Found findBuffer(ArrayRef<RegionPlan> regions,
                 llvm::function_ref<bool(fabric::BufferOp)> wanted) {
  for (const RegionPlan &plan : regions) {
    fabric::RegionOp region = plan.region;
    for (auto buffer : region.getBody().getOps<fabric::BufferOp>())
      if (wanted(buffer))
        return {buffer, &plan};
  }
  return {};
}

IntegerAttr addressOf(OpBuilder &b, const Found &f) {
  return b.getI64IntegerAttr(int64_t(f.plan->memory.address.lookup(f.buffer)));
}

/// A constant, or an input handed through.
void writePassingOutput(fabric::ProgramOp program, pe::ProgramOp out,
                        OpBuilder &b, unsigned i, StringAttr name,
                        ArrayAttr sources, ArrayAttr onnx) {
  auto symbol = dyn_cast<FlatSymbolRefAttr>(sources[i]);
  auto input = dyn_cast<IntegerAttr>(sources[i]);
  wafer::ConstantOp constant;
  if (symbol)
    constant =
        program->getParentOfType<ModuleOp>().lookupSymbol<wafer::ConstantOp>(
            symbol.getValue());
  Attribute type = onnx       ? onnx[i]
                   : constant ? constant.getTypeAttr()
                              : (*program.getInputTypes())[input.getInt()];
  if (symbol && !out.lookupSymbol(symbol.getValue())) {
    pe::TensorOp::create(b, program.getLoc(), symbol.getValue(),
                         cast<RankedTensorType>(constant.getType()), symbol);
  }
  pe::OutputOp::create(
      b, program.getLoc(), name, cast<TypeAttr>(type), IntegerAttr(),
      pe::PatternAttr(), TypeAttr(), ArrayAttr(), symbol,
      input ? b.getI32IntegerAttr(input.getInt()) : IntegerAttr(), TypeAttr(),
      DenseI64ArrayAttr(), IntegerAttr());
}

/// What the host sees of an input or output of type `own`.
struct HostView {
  HostView(OpBuilder &b, nn::StateAttr state, TypeAttr own) : type(own) {
    if (!state || !state.getHost())
      return;
    type = TypeAttr::get(state.getHost());
    view = own;
    perm = b.getDenseI64ArrayAttr(state.getPerm());
  }
  TypeAttr type, view;
  DenseI64ArrayAttr perm;
};

void writeInput(fabric::ProgramOp program, OpBuilder &b,
                ArrayRef<RegionPlan> regions, unsigned i, StringAttr name,
                TypeAttr type) {
  Found f = findBuffer(regions, [&](fabric::BufferOp buffer) {
    return buffer.getInput() && *buffer.getInput() == i;
  });
  if (!f.buffer) {
    pe::InputOp::create(b, program.getLoc(), name, type, IntegerAttr(),
                        pe::PatternAttr(), TypeAttr(), ArrayAttr(), TypeAttr(),
                        DenseI64ArrayAttr());
    return;
  }
  auto laid = cast<RankedTensorType>(*f.buffer.getTensor());
  HostView view(b, nn::stateOfInput(program.getStateAttr(), i), type);
  pe::InputOp::create(b, program.getLoc(), name, view.type, addressOf(b, f),
                      patternAttr(b.getContext(), f.plan->whole),
                      TypeAttr::get(laid.getElementType()), mapOf(b, laid),
                      view.view, view.perm);
}

void writeOutput(fabric::ProgramOp program, pe::ProgramOp out, OpBuilder &b,
                 ArrayRef<RegionPlan> regions, unsigned i, StringAttr name) {
  auto sources = program->getAttrOfType<ArrayAttr>("output_sources");
  auto onnx = program->getParentOfType<ModuleOp>()->getAttrOfType<ArrayAttr>(
      "weft.outputs");
  if (onnx && (i >= onnx.size() || !isa<TypeAttr>(onnx[i])))
    onnx = nullptr; // not written by weft-partition
  unsigned position = 0;
  Found f = findBuffer(regions, [&](fabric::BufferOp buffer) {
    if (!buffer.getOutput())
      return false;
    for (auto [k, a] : llvm::enumerate(*buffer.getOutput()))
      if (cast<IntegerAttr>(a).getInt() == int64_t(i)) {
        position = unsigned(k);
        return true;
      }
    return false;
  });
  if (f.buffer) {
    auto laid = cast<RankedTensorType>(*f.buffer.getTensor());
    if (auto list = f.buffer->getAttrOfType<ArrayAttr>("output_types"))
      laid = cast<RankedTensorType>(cast<TypeAttr>(list[position]).getValue());
    auto plain = RankedTensorType::get(laid.getShape(), laid.getElementType());
    TypeAttr type = onnx ? cast<TypeAttr>(onnx[i]) : TypeAttr::get(plain);
    nn::StateAttr state = nn::stateOfOutput(program.getStateAttr(), i);
    HostView view(b, state, type);
    pe::OutputOp::create(
        b, program.getLoc(), name, view.type, addressOf(b, f),
        patternAttr(b.getContext(), f.plan->whole),
        TypeAttr::get(laid.getElementType()), mapOf(b, laid),
        FlatSymbolRefAttr(), IntegerAttr(), view.view, view.perm,
        state ? b.getI32IntegerAttr(int32_t(state.getInput())) : IntegerAttr());
    return;
  }
  writePassingOutput(program, out, b, i, name, sources, onnx);
}
} // namespace

/// Inputs, outputs and the ledger.
void weft::writeBorder(fabric::ProgramOp program, pe::ProgramOp out,
                       ArrayRef<RegionPlan> regions) {
  OpBuilder b = OpBuilder::atBlockEnd(&out.getBody().front());
  out.setRepeatable(llvm::none_of(regions, [](const RegionPlan &plan) {
    return plan.memory.reusedWeights;
  }));
  auto names = program->getAttrOfType<ArrayAttr>("input_names");
  auto types = program->getAttrOfType<ArrayAttr>("input_types");
  unsigned count = names ? names.size() : 0;
  for (unsigned i = 0; i < count; ++i)
    writeInput(program, b, regions, i, cast<StringAttr>(names[i]),
               cast<TypeAttr>(types[i]));
  auto outNames = program->getAttrOfType<ArrayAttr>("output_names");
  count = outNames ? outNames.size() : 0;
  for (unsigned i = 0; i < count; ++i)
    writeOutput(program, out, b, regions, i, cast<StringAttr>(outNames[i]));
  auto ledger = program->getParentOfType<ModuleOp>()->getAttrOfType<ArrayAttr>(
      "weft.ledger");
  for (Attribute a : ledger ? ledger.getValue() : ArrayRef<Attribute>()) {
    auto e = cast<ArrayAttr>(a);
    pe::NodeOp::create(b, program.getLoc(), cast<IntegerAttr>(e[0]).getInt(),
                       cast<StringAttr>(e[1]).getValue(),
                       cast<StringAttr>(e[2]).getValue(),
                       pe::Fate(cast<IntegerAttr>(e[3]).getInt()),
                       e.size() > 4 ? cast<ArrayAttr>(e[4]) : ArrayAttr());
  }
}
