//===- Program.cpp - Emission of a program --------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Classes, and the translation of everything around them, which is one to one.
//
//===----------------------------------------------------------------------===//
#include "Class.h"
#include "Emit.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/Endian.h"

using namespace mlir;
using namespace weft;
using namespace weft::pe;

static bin::ElemType elemType(Type t) {
  using E = bin::ElemType;
  if (t.isF32())
    return E::F32;
  if (t.isF16())
    return E::F16;
  if (t.isBF16())
    return E::BF16;
  bool u = t.isUnsignedInteger();
  switch (t.getIntOrFloatBitWidth()) {
  case 1:
    return E::Bool;
  case 8:
    return u ? E::U8 : E::I8;
  case 16:
    return u ? E::U16 : E::I16;
  case 32:
    return u ? E::U32 : E::I32;
  default:
    return u ? E::U64 : E::I64;
  }
}

static std::vector<uint64_t> shapeOf(Type t) {
  auto s = cast<RankedTensorType>(t).getShape();
  return {s.begin(), s.end()};
}

static bin::Placement placement(uint64_t addr, PatternAttr where, Type storage,
                                ArrayAttr map) {
  bin::Placement p;
  p.where = where.toBinary();
  p.addr = uint32_t(addr);
  p.storage = elemType(storage);
  for (auto d : map.getAsRange<DimAttr>())
    p.dims.push_back({bin::Axis(uint8_t(d.getAxis())), d.getExtent(),
                      d.getTile(), d.getStride()});
  return p;
}

static std::vector<uint8_t> permOf(std::optional<ArrayRef<int64_t>> perm) {
  return perm ? std::vector<uint8_t>(perm->begin(), perm->end())
              : std::vector<uint8_t>();
}

namespace {

class ProgramEmitter {
public:
  ProgramEmitter(ProgramOp op, const Target &target, TensorSource source)
      : op(op), target(target), source(std::move(source)) {}
  FailureOr<Emitted> run();

private:
  LogicalResult emitTensor(TensorOp t);
  LogicalResult emitClasses();
  void emitParams(ArrayRef<EmittedClass> classes);
  void addParamInits(uint32_t tensor, uint32_t addr, uint32_t words,
                     ArrayRef<bin::Pattern> where,
                     ArrayRef<bin::Pattern> others);
  void emitItem(Operation &item);
  void emitOutput(OutputOp o);
  void emitNode(NodeOp n);
  void emitValues();
  uint32_t tensorIndex(StringRef name) const;
  bin::Program &p() { return out.program; }

  ProgramOp op;
  const Target &target;
  TensorSource source;
  Emitted out;
};

} // namespace

//===----------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------===//

/// The elements in the order and width of the file.
static std::vector<uint8_t> bytesOf(DenseElementsAttr a) {
  unsigned width = a.getElementType().getIntOrFloatBitWidth();
  unsigned bytes = (width + 7) / 8;
  std::vector<uint8_t> out;
  out.reserve(size_t(a.getNumElements()) * bytes);
  auto append = [&](const APInt &bits) {
    uint64_t v = bits.getZExtValue();
    for (unsigned b = 0; b < bytes; ++b)
      out.push_back(uint8_t(v >> (8 * b)));
  };
  if (llvm::isa<FloatType>(a.getElementType()))
    for (const APFloat &f : a.getValues<APFloat>())
      append(f.bitcastToAPInt());
  else
    for (const APInt &i : a.getValues<APInt>())
      append(i);
  return out;
}

uint32_t ProgramEmitter::tensorIndex(StringRef name) const {
  const auto &ts = out.program.tensors;
  return llvm::find_if(ts, [&](auto &t) { return t.name == name; }) -
         ts.begin();
}

LogicalResult ProgramEmitter::emitTensor(TensorOp t) {
  auto type = cast<RankedTensorType>(t.getType());
  bin::Tensor r;
  r.name = t.getSymName().str();
  r.type = elemType(type.getElementType());
  r.shape = shapeOf(type);
  ArrayRef<uint8_t> data;
  if (auto dense = dyn_cast<DenseElementsAttr>(t.getSource())) {
    if (dense.getType() != type)
      return t.emitOpError("is a ") << type << ", its data " << dense.getType();
    out.storage.push_back(bytesOf(dense));
    data = out.storage.back();
  } else {
    llvm::Expected<ArrayRef<uint8_t>> d =
        source ? source(t)
               : llvm::createStringError("no source of weights is given");
    if (!d)
      return t.emitOpError(llvm::toString(d.takeError()));
    data = *d;
  }
  uint64_t want = uint64_t(type.getNumElements()) * bin::elemBytes(r.type);
  if (data.size() != want)
    return t.emitOpError("has ")
           << data.size() << " bytes of data, " << type << " takes " << want;
  r.bytes = want;
  r.data = data.data();
  p().tensors.push_back(std::move(r));
  return success();
}

//===----------------------------------------------------------------------===//
// Classes and parameter tables
//===----------------------------------------------------------------------===//

static bool meets(const bin::Pattern &box, const bin::Pattern &q) {
  uint64_t x1 = q.x0 + uint64_t(q.w - 1) * q.dx,
           y1 = q.y0 + uint64_t(q.h - 1) * q.dy;
  return q.x0 < box.x0 + box.w && box.x0 <= x1 && q.y0 < box.y0 + box.h &&
         box.y0 <= y1;
}

static bin::Pattern boundingBox(ArrayRef<bin::Pattern> where) {
  uint32_t x0 = UINT32_MAX, y0 = UINT32_MAX, x1 = 0, y1 = 0;
  for (const bin::Pattern &q : where) {
    x0 = std::min(x0, q.x0);
    y0 = std::min(y0, q.y0);
    x1 = std::max(x1, q.x0 + (q.w - 1) * q.dx);
    y1 = std::max(y1, q.y0 + (q.h - 1) * q.dy);
  }
  return {x0, y0, x1 - x0 + 1, y1 - y0 + 1, 1, 1};
}

/// One placement for the box around all classes that share the table if no
/// other class lies in it; else rectangle by rectangle, and a strided pattern
/// column by column or row by row.
void ProgramEmitter::addParamInits(uint32_t tensor, uint32_t addr,
                                   uint32_t words, ArrayRef<bin::Pattern> where,
                                   ArrayRef<bin::Pattern> others) {
  std::vector<bin::Pattern> parts;
  bin::Pattern box = boundingBox(where);
  if (llvm::none_of(others, [&](auto &q) { return meets(box, q); })) {
    parts.push_back(box);
  } else {
    for (const bin::Pattern &q : where) {
      bool splitX = q.dx > 1 && q.w > 1, splitY = q.dy > 1 && q.h > 1;
      for (uint32_t j = 0; j < (splitY ? q.h : 1); ++j)
        for (uint32_t i = 0; i < (splitX ? q.w : 1); ++i)
          parts.push_back({q.x0 + i * q.dx, q.y0 + j * q.dy, splitX ? 1 : q.w,
                           splitY ? 1 : q.h, 1, 1});
    }
  }
  for (const bin::Pattern &q : parts) {
    bin::DataInit init;
    init.tensor = tensor;
    init.place.where = q;
    init.place.addr = addr;
    init.place.storage = bin::ElemType::I32;
    init.place.dims = {{bin::Axis::None, words, words, 1}};
    p().inits.push_back(std::move(init));
  }
}

/// Tables that are the same at the same address are one tensor.
void ProgramEmitter::emitParams(ArrayRef<EmittedClass> classes) {
  std::vector<bool> done(classes.size());
  for (size_t i = 0; i < classes.size(); ++i) {
    if (done[i] || classes[i].params.empty())
      continue;
    std::vector<bin::Pattern> where, others;
    for (size_t j = 0; j < classes.size(); ++j) {
      bool same = classes[j].params == classes[i].params &&
                  classes[j].paramsAddr == classes[i].paramsAddr;
      auto &list = same ? where : others;
      list.insert(list.end(), classes[j].image.where.begin(),
                  classes[j].image.where.end());
      done[j] = done[j] || same;
    }
    std::vector<uint8_t> bytes(classes[i].params.size() * 4);
    for (auto [k, w] : llvm::enumerate(classes[i].params))
      llvm::support::endian::write32le(&bytes[4 * k], w);
    out.storage.push_back(std::move(bytes));
    bin::Tensor t;
    t.name = "params." + classes[i].image.name;
    t.type = bin::ElemType::I32;
    t.shape = {classes[i].params.size()};
    t.bytes = out.storage.back().size();
    t.data = out.storage.back().data();
    p().tensors.push_back(std::move(t));
    addParamInits(p().tensors.size() - 1, classes[i].paramsAddr,
                  classes[i].params.size(), where, others);
  }
}

LogicalResult ProgramEmitter::emitClasses() {
  std::vector<EmittedClass> classes;
  for (ClassOp cls : op.getOps<ClassOp>()) {
    FailureOr<EmittedClass> c = emitClass(cls, op, target, /*measure=*/false);
    if (failed(c))
      return failure();
    classes.push_back(std::move(*c));
  }
  emitParams(classes);
  for (EmittedClass &c : classes) {
    for (const bin::Pattern &q : c.image.where) {
      p().memory.push_back({"code." + c.image.name, bin::MemRange::Code, q,
                            c.image.codeAddr,
                            uint32_t(c.image.code.size() * 4)});
      if (!c.params.empty())
        p().memory.push_back({"params." + c.image.name, bin::MemRange::Buffers,
                              q, c.paramsAddr, uint32_t(c.params.size() * 4)});
    }
    out.callKernels.push_back(c.image.callKernels);
    p().classes.push_back(std::move(c.image));
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Everything else
//===----------------------------------------------------------------------===//

void ProgramEmitter::emitOutput(OutputOp o) {
  bin::IOTensor t;
  t.name = o.getName().str();
  t.type = elemType(cast<RankedTensorType>(o.getType()).getElementType());
  t.shape = shapeOf(o.getType());
  if (o.getConstant()) {
    t.kind = bin::IOTensor::Constant;
    t.ref = tensorIndex(*o.getConstant());
  } else if (o.getAlias()) {
    t.kind = bin::IOTensor::InputAlias;
    t.ref = *o.getAlias();
  } else {
    t.place =
        placement(*o.getAddr(), *o.getWhere(), *o.getStorage(), *o.getMap());
    t.perm = permOf(o.getPerm());
  }
  if (o.getState())
    t.state = int32_t(*o.getState());
  p().outputs.push_back(std::move(t));
}

void ProgramEmitter::emitNode(NodeOp n) {
  p().nodes.push_back({n.getIndex(), n.getName().str(), n.getOp().str(),
                       bin::LedgerEntry::Fate(uint8_t(n.getFate()))});
  std::vector<std::string> &names = p().nodeOutputs.emplace_back();
  if (n.getOutputs())
    for (StringRef name : n.getOutputs()->getAsValueRange<StringAttr>())
      names.push_back(name.str());
}

/// In the order of their kernels, which is that of execution.
void ProgramEmitter::emitValues() {
  llvm::StringMap<uint32_t> kernels;
  for (auto [i, k] : llvm::enumerate(p().kernels))
    kernels[k.name] = uint32_t(i);
  for (ValueOp v : op.getOps<ValueOp>()) {
    auto type = cast<RankedTensorType>(v.getType());
    p().values.push_back(
        {v.getName().str(), elemType(type.getElementType()), shapeOf(type),
         kernels.lookup(v.getKernel()),
         placement(v.getAddr(), v.getWhere(), v.getStorage(), v.getMap())});
  }
  llvm::stable_sort(p().values,
                    [](auto &a, auto &b) { return a.kernel < b.kernel; });
}

void ProgramEmitter::emitItem(Operation &item) {
  if (auto i = dyn_cast<InitOp>(item)) {
    p().inits.push_back(
        {tensorIndex(i.getTensor()),
         placement(i.getAddr(), i.getWhere(), i.getStorage(), i.getMap()),
         i.getWeight()});
  } else if (auto i = dyn_cast<InputOp>(item)) {
    bin::IOTensor t;
    t.name = i.getName().str();
    t.type = elemType(cast<RankedTensorType>(i.getType()).getElementType());
    t.shape = shapeOf(i.getType());
    t.kind = i.getAddr() ? bin::IOTensor::OnWafer : bin::IOTensor::Unused;
    if (i.getAddr())
      t.place =
          placement(*i.getAddr(), *i.getWhere(), *i.getStorage(), *i.getMap());
    t.perm = permOf(i.getPerm());
    p().inputs.push_back(std::move(t));
  } else if (auto o = dyn_cast<OutputOp>(item)) {
    emitOutput(o);
  } else if (auto s = dyn_cast<StageOp>(item)) {
    p().stages.push_back({s.getName().str(), s.getWhere().toBinary()});
  } else if (auto k = dyn_cast<KernelOp>(item)) {
    std::vector<uint32_t> nodes(k.getNodes().begin(), k.getNodes().end());
    p().kernels.push_back({k.getSymName().str(), k.getAlgorithm().str(),
                           k.getWhere().toBinary(), std::move(nodes),
                           k.getStage()});
  } else if (auto n = dyn_cast<NodeOp>(item)) {
    emitNode(n);
  } else if (auto r = dyn_cast<RouteOp>(item); r && r.getPosition()) {
    p().switches.push_back({r.getWhere().toBinary(), uint8_t(r.getColor()),
                            uint8_t(*r.getPosition()), uint8_t(r.getRx()),
                            uint8_t(r.getTx())});
  } else if (r) {
    p().routes.push_back({r.getWhere().toBinary(), uint8_t(r.getColor()),
                          uint8_t(r.getRx()), uint8_t(r.getTx())});
  } else if (auto s = dyn_cast<StreamOp>(item)) {
    p().streams.push_back({s.getName().str(), uint8_t(s.getColor()),
                           s.getFrom().toBinary(), int32_t(s.getDx()[0]),
                           int32_t(s.getDx()[1]), int32_t(s.getDy()[0]),
                           int32_t(s.getDy()[1]), uint64_t(s.getWords())});
  } else if (auto m = dyn_cast<MemoryOp>(item)) {
    p().memory.push_back({m.getName().str(),
                          bin::MemRange::Class(uint8_t(m.getKind())),
                          m.getWhere().toBinary(), uint32_t(m.getAddr()),
                          uint32_t(m.getBytes())});
  }
}

FailureOr<Emitted> ProgramEmitter::run() {
  ArrayRef<int64_t> grid = op.getGrid();
  if (grid[0] > int64_t(target.gridW) || grid[1] > int64_t(target.gridH))
    return op.emitOpError("grid of ")
           << grid[0] << " x " << grid[1] << " PEs is larger than "
           << target.name << "'s " << target.gridW.value << " x "
           << target.gridH.value;
  p().name = op.getSymName().str();
  p().targetYaml = printTarget(target);
  p().gridW = uint32_t(grid[0]);
  p().gridH = uint32_t(grid[1]);
  p().repeatable = op.getRepeatable();
  if (op.getRtol())
    p().defaultRtol = op.getRtol()->convertToDouble();
  for (TensorOp t : op.getOps<TensorOp>())
    if (failed(emitTensor(t)))
      return failure();
  for (RouteOp r : op.getOps<RouteOp>())
    if (r.getPosition().value_or(0) >= target.switchPositions)
      return r.emitOpError("position ")
             << *r.getPosition() << ", a switch of " << target.name << " has "
             << target.switchPositions.value << " (R-FAB-10)";
  for (Operation &item : op.getBody().front())
    emitItem(item);
  emitValues();
  if (failed(emitClasses()))
    return failure();
  return std::move(out);
}

llvm::Expected<Emitted> weft::pe::emitProgram(ProgramOp program,
                                              const Target &target,
                                              TensorSource source) {
  FailureOr<Emitted> e =
      ProgramEmitter(program, target, std::move(source)).run();
  if (failed(e))
    return llvm::createStringError("program '" + program.getSymName() +
                                   "' was not emitted");
  return std::move(*e);
}

llvm::Expected<CodeSize> weft::pe::measureCode(ClassOp cls,
                                               const Target &target) {
  FailureOr<EmittedClass> c = emitClass(cls, cls->getParentOfType<ProgramOp>(),
                                        target, /*measure=*/true);
  if (failed(c))
    return llvm::createStringError("class '" + cls.getSymName() +
                                   "' was not emitted");
  return CodeSize{uint32_t(c->image.code.size() * 4),
                  uint32_t(c->params.size() * 4)};
}
