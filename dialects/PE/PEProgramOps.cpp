//===- PEProgramOps.cpp - Builders and verifiers around the classes -------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// The half of the dialect that describes a program and declares what a class
// uses. Rules that need the target's constants are checked at emission and
// again, from the file, by the verifier; here is what holds on any machine.
//
//===----------------------------------------------------------------------===//
#include "PE/PEOps.h"
#include "PEBorder.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/Casting.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace weft::pe;

//===----------------------------------------------------------------------===//
// Program
//===----------------------------------------------------------------------===//

void ProgramOp::build(OpBuilder &b, OperationState &s, StringRef name,
                      uint32_t gridW, uint32_t gridH, StringRef target) {
  s.addAttribute(getSymNameAttrName(s.name), b.getStringAttr(name));
  s.addAttribute(getGridAttrName(s.name),
                 b.getDenseI64ArrayAttr({gridW, gridH}));
  s.addAttribute(getTargetAttrName(s.name), b.getStringAttr(target));
  s.addRegion()->emplaceBlock();
}

/// The patterns an op of the program applies to.
static SmallVector<PatternAttr> patternsOf(Operation &op) {
  SmallVector<PatternAttr> out;
  for (NamedAttribute a : op.getAttrs()) {
    if (auto p = dyn_cast<PatternAttr>(a.getValue()))
      out.push_back(p);
    if (auto list = dyn_cast<ArrayAttr>(a.getValue()))
      for (Attribute e : list)
        if (auto p = dyn_cast<PatternAttr>(e))
          out.push_back(p);
  }
  return out;
}

LogicalResult ProgramOp::verify() {
  ArrayRef<int64_t> grid = getGrid();
  if (grid.size() != 2 || grid[0] < 1 || grid[1] < 1)
    return emitOpError("grid must be two positive extents, [width, height]");
  return success();
}

/// Stages and nodes that `kernel` names exist.
static LogicalResult verifyReferences(KernelOp kernel, size_t stages,
                                      size_t nodes) {
  if (kernel.getStage() >= stages)
    return kernel.emitOpError("stage ")
           << int32_t(kernel.getStage()) << " is none, there are " << stages;
  for (int64_t n : kernel.getNodes())
    if (n < 0 || uint64_t(n) >= nodes)
      return kernel.emitOpError("node ")
             << n << " is none, there are " << nodes;
  return success();
}

LogicalResult ProgramOp::verifyRegions() {
  ArrayRef<int64_t> grid = getGrid();
  size_t stages = llvm::range_size(getOps<StageOp>()),
         nodes = llvm::range_size(getOps<NodeOp>());
  for (KernelOp k : getOps<KernelOp>())
    if (failed(verifyReferences(k, stages, nodes)))
      return failure();
  for (Operation &op : getBody().front())
    for (PatternAttr p : patternsOf(op))
      if (p.getX0() + uint64_t(p.getW() - 1) * p.getDx() >= uint64_t(grid[0]) ||
          p.getY0() + uint64_t(p.getH() - 1) * p.getDy() >= uint64_t(grid[1]))
        return op.emitOpError("region ")
               << p << " leaves the grid of " << grid[0] << " x " << grid[1]
               << " PEs";
  return success();
}

static LogicalResult verifyShape(Operation *op, Type type) {
  auto t = cast<RankedTensorType>(type);
  if (!t.hasStaticShape())
    return op->emitOpError("shape of ")
           << t << " is not static, all extents must be known";
  Type e = t.getElementType();
  if (e.isF32() || e.isF16() || e.isBF16())
    return success();
  if (auto i = dyn_cast<IntegerType>(e))
    if (llvm::is_contained({1u, 8u, 16u, 32u, 64u}, i.getWidth()))
      return success();
  return op->emitOpError("element type ")
         << e << " has no form in the file, allowed are f32, f16, bf16, i1 and "
         << "integers of 8 to 64 bits";
}

LogicalResult TensorOp::verify() { return verifyShape(*this, getType()); }

/// R-MEM-2 as far as it holds on every machine: a multiple of `bytes` that an
/// address register can hold.
static LogicalResult verifyAddress(Operation *op, uint64_t addr,
                                   unsigned bytes) {
  if (addr > INT32_MAX)
    return op->emitOpError("address ")
           << int64_t(addr) << " is not in 0 to " << INT32_MAX << " (R-MEM-2)";
  if (addr % bytes)
    return op->emitOpError("address ")
           << addr << " is not a multiple of the element's " << bytes
           << " bytes (R-MEM-2)";
  return success();
}

/// Shared by init, input, output and value: the map has one entry per
/// dimension and says the tensor's extents, or has as many elements in another
/// number of dimensions; it covers them, and the address is aligned.
static LogicalResult verifyPlacement(Operation *op, RankedTensorType type,
                                     int64_t addr, PatternAttr where,
                                     Type storage, ArrayAttr map) {
  bool sameRank = int64_t(map.size()) == type.getRank();
  int64_t elements = 1;
  bool tooMany = false;
  for (auto e : map.getAsRange<DimAttr>())
    tooMany |= llvm::MulOverflow(elements, int64_t(e.getExtent()), elements);
  if (!sameRank && (tooMany || elements != type.getNumElements()))
    return op->emitOpError("map has ")
           << map.size() << " entries for a tensor of rank " << type.getRank()
           << ", and not as many elements";
  if (failed(verifyAddress(op, addr, storage.getIntOrFloatBitWidth() / 8)))
    return failure();
  for (auto [i, e] : llvm::enumerate(map.getAsRange<DimAttr>())) {
    if (sameRank && type.getDimSize(i) != int64_t(e.getExtent()))
      return op->emitOpError("map says extent ")
             << e.getExtent() << " for dimension " << i << " of "
             << type.getDimSize(i);
    uint64_t pes = e.getAxis() == Axis::X   ? where.getW()
                   : e.getAxis() == Axis::Y ? where.getH()
                                            : 1;
    if (pes * e.getTile() < e.getExtent())
      return op->emitOpError("dimension ")
             << i << " of " << e.getExtent() << " is not covered by " << pes
             << " tiles of " << e.getTile();
  }
  if (where.getDx() != 1 || where.getDy() != 1)
    return op->emitOpError(
        "a tensor lies on adjacent PEs, step must be (1, 1)");
  return success();
}

LogicalResult InitOp::verify() { return success(); }

LogicalResult InitOp::verifySymbolUses(SymbolTableCollection &symbols) {
  auto t = symbols.lookupNearestSymbolFrom<TensorOp>(*this, getTensorAttr());
  if (!t)
    return emitOpError("'") << getTensor() << "' is not a pe.tensor";
  return verifyPlacement(*this, cast<RankedTensorType>(t.getType()), getAddr(),
                         getWhere(), getStorage(), getMap());
}

LogicalResult InputOp::verify() {
  if (failed(verifyShape(*this, getType())))
    return failure();
  if (failed(verifyView(*this, getType(), getAddr().has_value(), getView(),
                        getPerm())))
    return failure();
  if (!getAddr())
    return success();
  return verifyPlacement(*this, placedType(getType(), getView()), *getAddr(),
                         *getWhere(), *getStorage(), *getMap());
}

LogicalResult OutputOp::verify() {
  if (failed(verifyShape(*this, getType())))
    return failure();
  if (int(getAddr().has_value()) + int(getConstant().has_value()) +
          int(getAlias().has_value()) !=
      1)
    return emitOpError("needs exactly one of 'at', 'constant' and 'alias'");
  SmallVector<InputOp> inputs(
      cast<ProgramOp>((*this)->getParentOp()).getOps<InputOp>());
  if (failed(verifyView(*this, getType(), getAddr().has_value(), getView(),
                        getPerm())) ||
      failed(verifyState(*this, inputs)))
    return failure();
  if (getAddr())
    return verifyPlacement(*this, placedType(getType(), getView()), *getAddr(),
                           *getWhere(), *getStorage(), *getMap());
  if (!getAlias())
    return success();
  if (*getAlias() >= inputs.size())
    return emitOpError("alias ") << int32_t(*getAlias())
                                 << " is no input, there are " << inputs.size();
  if (inputs[*getAlias()].getType() != getType())
    return emitOpError("is a ") << getType() << ", input " << *getAlias()
                                << " a " << inputs[*getAlias()].getType();
  return success();
}

LogicalResult OutputOp::verifySymbolUses(SymbolTableCollection &symbols) {
  if (!getConstant())
    return success();
  auto t = symbols.lookupNearestSymbolFrom<TensorOp>(*this, getConstantAttr());
  if (!t)
    return emitOpError("'") << *getConstant() << "' is not a pe.tensor";
  if (t.getType() != getType())
    return emitOpError("is a ")
           << getType() << ", '" << *getConstant() << "' a " << t.getType();
  return success();
}

LogicalResult ValueOp::verify() {
  if (failed(verifyShape(*this, getType())))
    return failure();
  return verifyPlacement(*this, cast<RankedTensorType>(getType()), getAddr(),
                         getWhere(), getStorage(), getMap());
}

LogicalResult ValueOp::verifySymbolUses(SymbolTableCollection &symbols) {
  if (!symbols.lookupNearestSymbolFrom<KernelOp>(*this, getKernelAttr()))
    return emitOpError("'") << getKernel() << "' is not a pe.kernel";
  return success();
}

//===----------------------------------------------------------------------===//
// Routes
//===----------------------------------------------------------------------===//

static constexpr std::pair<StringLiteral, unsigned> portNames[] = {
    {"north", weft::bin::North},
    {"south", weft::bin::South},
    {"east", weft::bin::East},
    {"west", weft::bin::West},
    {"ramp", weft::bin::Ramp}};

static ParseResult parsePortName(OpAsmParser &p, unsigned &mask) {
  StringRef name;
  SMLoc loc = p.getCurrentLocation();
  if (p.parseKeyword(&name))
    return failure();
  for (auto [n, bit] : portNames)
    if (n == name) {
      mask |= bit;
      return success();
    }
  return p.emitError(loc, "unknown port '")
         << name << "', ports are north, south, east, west, ramp";
}

static ParseResult parsePort(OpAsmParser &p, IntegerAttr &attr) {
  unsigned mask = 0;
  if (parsePortName(p, mask))
    return failure();
  attr = p.getBuilder().getI32IntegerAttr(mask);
  return success();
}

static void printPort(OpAsmPrinter &p, Operation *, IntegerAttr attr) {
  llvm::interleaveComma(
      llvm::make_filter_range(
          portNames, [&](auto &n) { return attr.getInt() & n.second; }),
      p, [&](auto &n) { p << n.first; });
}

static ParseResult parsePorts(OpAsmParser &p, IntegerAttr &attr) {
  unsigned mask = 0;
  if (p.parseCommaSeparatedList(OpAsmParser::Delimiter::Square,
                                [&] { return parsePortName(p, mask); }))
    return failure();
  attr = p.getBuilder().getI32IntegerAttr(mask);
  return success();
}

static void printPorts(OpAsmPrinter &p, Operation *op, IntegerAttr attr) {
  p << "[";
  printPort(p, op, attr);
  p << "]";
}

LogicalResult RouteOp::verify() {
  if (int32_t(getColor()) < 0 || getColor() > 255)
    return emitOpError("color ")
           << int32_t(getColor()) << " is not one (R-FAB-1)";
  if (getRx() > 31 || llvm::popcount(getRx()) != 1)
    return emitOpError("rx must be exactly one port (R-FAB-2)");
  if (getTx() == 0 || getTx() > 31)
    return emitOpError("tx must be at least one port (R-FAB-2)");
  if (getTx() & getRx())
    return emitOpError("tx contains the receive port (R-FAB-2)");
  if (getPosition() && (*getPosition() == 0 || *getPosition() > 15))
    return emitOpError("position ")
           << int32_t(*getPosition())
           << " is not in 1 to 15; that without one is 0 (R-FAB-10)";
  return success();
}

LogicalResult MemoryOp::verify() {
  if (getBytes() > INT32_MAX)
    return emitOpError("bytes ") << int64_t(getBytes()) << " is not in 0 to "
                                 << INT32_MAX << " (R-MEM-1)";
  return verifyAddress(*this, getAddr(), 1);
}

LogicalResult StreamOp::verify() {
  for (ArrayRef<int64_t> r : {getDx(), getDy()})
    if (r.size() != 2 || r[0] > r[1])
      return emitOpError("dx and dy are ranges [first, last]");
  if (int64_t(getWords()) < 0)
    return emitOpError("words must not be negative");
  return success();
}

//===----------------------------------------------------------------------===//
// Classes
//===----------------------------------------------------------------------===//

void ClassOp::build(OpBuilder &b, OperationState &s, StringRef name,
                    ArrayRef<PatternAttr> where) {
  SmallVector<Attribute> list(where.begin(), where.end());
  s.addAttribute(getSymNameAttrName(s.name), b.getStringAttr(name));
  s.addAttribute(getWhereAttrName(s.name), b.getArrayAttr(list));
  s.addRegion()->emplaceBlock();
}

static LogicalResult verifyQueues(ClassOp cls) {
  SmallVector<QueueOp> seen;
  for (QueueOp q : cls.getOps<QueueOp>()) {
    for (QueueOp other : seen) {
      if (other.getDir() != q.getDir())
        continue;
      StringRef what = other.getQueue() == q.getQueue() ? "queue is bound twice"
                       : other.getColor() == q.getColor()
                           ? "colour is bound to two queues"
                           : "";
      if (what.empty())
        continue;
      InFlightDiagnostic d = q.emitOpError(what) << " (R-QUE-2)";
      d.attachNote(other.getLoc()) << "the other binding is here";
      return d;
    }
    seen.push_back(q);
  }
  return success();
}

static LogicalResult verifyTasks(ClassOp cls) {
  SmallVector<TaskOp> seen;
  bool start = false;
  for (TaskOp t : cls.getOps<TaskOp>()) {
    for (TaskOp other : seen)
      if (other.getId() == t.getId()) {
        InFlightDiagnostic d = t.emitOpError("id ")
                               << t.getId() << " is used twice (R-TASK-1)";
        d.attachNote(other.getLoc()) << "the other task is here";
        return d;
      }
    seen.push_back(t);
    start |= t.getStart();
  }
  if (!start)
    return cls.emitOpError("has no start task, so it never halts (R-TASK-2)");
  return success();
}

LogicalResult ClassOp::verify() {
  if (getWhere().empty())
    return emitOpError("applies to no PE, give at least one region");
  for (auto [name, a] :
       {std::pair<StringRef, std::optional<uint64_t>>("code_at", getCodeAt()),
        {"params_at", getParamsAt()}})
    if (a && (*a % 4 || *a > INT32_MAX))
      return emitOpError(name)
             << " " << *a << " is not a multiple of 4 (R-MEM-2)";
  return success();
}

LogicalResult ClassOp::verifyRegions() {
  for (Operation &op : getBody().front())
    if (!isa<QueueOp, BufferOp, SubOp, TaskOp>(op) &&
        !op.hasTrait<OpTrait::ConstantLike>())
      return op.emitOpError("cannot stand in a class; queues, buffers, "
                            "constants, subroutines and tasks can");
  if (failed(verifyQueues(*this)))
    return failure();
  return verifyTasks(*this);
}

void QueueOp::build(OpBuilder &b, OperationState &s, QueueDir dir,
                    uint32_t queue, uint32_t color) {
  s.addAttribute(getDirAttrName(s.name),
                 QueueDirAttr::get(b.getContext(), dir));
  s.addAttribute(getQueueAttrName(s.name), b.getI32IntegerAttr(queue));
  s.addAttribute(getColorAttrName(s.name), b.getI32IntegerAttr(color));
  s.addTypes(dir == QueueDir::Input ? Type(FabInType::get(b.getContext()))
                                    : Type(FabOutType::get(b.getContext())));
}

void QueueOp::getAsmResultNames(OpAsmSetValueNameFn set) {
  set(getResult(), getDir() == QueueDir::Input ? "in" : "out");
}

LogicalResult QueueOp::verify() {
  bool in = getDir() == QueueDir::Input;
  if (in != isa<FabInType>(getResult().getType()))
    return emitOpError("an ") << stringifyQueueDir(getDir()) << " queue yields "
                              << (in ? "!pe.fabin" : "!pe.fabout");
  if (getQueue() > 15)
    return emitOpError("queue ")
           << int32_t(getQueue()) << " is none, ids are 0 to 15 (R-QUE-1)";
  if (getColor() > 255)
    return emitOpError("color ")
           << int32_t(getColor()) << " is not one (R-FAB-1)";
  return success();
}

void BufferOp::getAsmResultNames(OpAsmSetValueNameFn set) {
  set(getResult(), getName());
}

LogicalResult BufferOp::verify() {
  auto type = cast<MemRefType>(getResult().getType());
  Type e = type.getElementType();
  if (!isStorageElement(e))
    return emitOpError("element type ")
           << e << " is not one of f32, f16, bf16, i32, i16";
  if (!type.getLayout().isIdentity())
    return emitOpError("a buffer is contiguous; make views with "
                       "memref.reinterpret_cast");
  uint64_t elements = 1;
  for (int64_t n : type.getShape())
    if (n > INT32_MAX || (elements *= uint64_t(n)) > INT32_MAX)
      return emitOpError("is larger than any SRAM (R-MEM-1)");
  return verifyAddress(*this, getAddr(), e.getIntOrFloatBitWidth() / 8);
}

//===----------------------------------------------------------------------===//
// Subroutines and tasks
//===----------------------------------------------------------------------===//

void SubOp::build(OpBuilder &b, OperationState &s, StringRef name,
                  ArrayRef<Type> args, StringRef kernel) {
  s.addAttribute(getSymNameAttrName(s.name), b.getStringAttr(name));
  if (!kernel.empty())
    s.addAttribute(getKernelAttrName(s.name),
                   FlatSymbolRefAttr::get(b.getContext(), kernel));
  Block &block = s.addRegion()->emplaceBlock();
  for (Type t : args)
    block.addArgument(t, s.location);
}

ParseResult SubOp::parse(OpAsmParser &p, OperationState &s) {
  StringAttr name;
  SmallVector<OpAsmParser::Argument> args;
  if (p.parseSymbolName(name, getSymNameAttrName(s.name), s.attributes) ||
      p.parseArgumentList(args, OpAsmParser::Delimiter::Paren,
                          /*allowType=*/true))
    return failure();
  if (succeeded(p.parseOptionalKeyword("kernel"))) {
    FlatSymbolRefAttr kernel;
    if (p.parseAttribute(kernel, getKernelAttrName(s.name), s.attributes))
      return failure();
  }
  Region *body = s.addRegion();
  if (p.parseOptionalAttrDictWithKeyword(s.attributes) ||
      p.parseRegion(*body, args))
    return failure();
  if (body->empty())
    return p.emitError(p.getNameLoc(), "a subroutine needs a body");
  return success();
}

void SubOp::print(OpAsmPrinter &p) {
  p << " ";
  p.printSymbolName(getSymName());
  p << "(";
  llvm::interleaveComma(getBody().getArguments(), p,
                        [&](BlockArgument a) { p.printRegionArgument(a); });
  p << ")";
  if (getKernel()) {
    p << " kernel ";
    p.printSymbolName(*getKernel());
  }
  p.printOptionalAttrDictWithKeyword(
      (*this)->getAttrs(), {getSymNameAttrName(), getKernelAttrName()});
  p << " ";
  p.printRegion(getBody(), /*printEntryBlockArgs=*/false);
}

/// The program's kernel of that name, if it is named at all.
static LogicalResult verifyKernel(Operation *op,
                                  std::optional<StringRef> kernel) {
  auto program = op->getParentOfType<ProgramOp>();
  if (!kernel || !program)
    return success();
  if (!isa_and_nonnull<KernelOp>(SymbolTable::lookupSymbolIn(program, *kernel)))
    return op->emitOpError("'") << *kernel << "' is not a pe.kernel";
  return success();
}

LogicalResult SubOp::verify() {
  for (Type t : getBody().getArgumentTypes())
    if (!isa<MemRefType>(t) && !t.isIndex() && !t.isF32() &&
        !t.isSignlessInteger(32))
      return emitOpError("argument type ")
             << t << " does not fit a parameter word; a memref, index, i32 or "
             << "f32 does";
  if (!isa<ReturnOp>(getBody().front().back()))
    return emitOpError("must end with pe.return");
  return verifyKernel(*this, getKernel());
}

void TaskOp::build(OpBuilder &b, OperationState &s, StringRef name, uint32_t id,
                   bool start, StringRef kernel) {
  s.addAttribute(getSymNameAttrName(s.name), b.getStringAttr(name));
  s.addAttribute(getIdAttrName(s.name), b.getI32IntegerAttr(id));
  if (start)
    s.addAttribute(getStartAttrName(s.name), b.getUnitAttr());
  if (!kernel.empty())
    s.addAttribute(getKernelAttrName(s.name),
                   FlatSymbolRefAttr::get(b.getContext(), kernel));
  s.addRegion()->emplaceBlock();
}

LogicalResult TaskOp::verify() {
  if (getId() > 30)
    return emitOpError("id ")
           << int32_t(getId()) << " is not below 31 (R-TASK-1)";
  if (!isa<HaltOp, EndOp>(getBody().front().back()))
    return emitOpError("must end with pe.halt or pe.end");
  return verifyKernel(*this, getKernel());
}

LogicalResult CallOp::verify() {
  if (!getArgs().empty() && !(*this)->getParentOfType<TaskOp>())
    return emitOpError("a subroutine may only call subroutines without "
                       "arguments: it holds the one parameter pointer");
  return verifyKernel(*this, getKernel());
}

LogicalResult CallOp::verifySymbolUses(SymbolTableCollection &symbols) {
  auto cls = (*this)->getParentOfType<ClassOp>();
  auto sub = cls ? dyn_cast_or_null<SubOp>(
                       symbols.lookupSymbolIn(cls, getCalleeAttr()))
                 : SubOp();
  if (!sub)
    return emitOpError("'") << getCallee() << "' is not a pe.sub of this class";
  TypeRange want = sub.getBody().getArgumentTypes();
  if (want.size() != getArgs().size())
    return emitOpError("passes ") << getArgs().size() << " arguments, '"
                                  << getCallee() << "' takes " << want.size();
  for (auto [i, w] : llvm::enumerate(want)) {
    Type have = getArgs()[i].getType();
    auto m = dyn_cast<MemRefType>(have), n = dyn_cast<MemRefType>(w);
    bool ok = m && n ? m.getElementType() == n.getElementType() : have == w;
    if (!ok)
      return emitOpError("argument ")
             << i << " is " << have << ", '" << getCallee() << "' takes " << w;
  }
  return success();
}

LogicalResult ActivateOp::verify() {
  auto cls = (*this)->getParentOfType<ClassOp>();
  if (!cls)
    return emitOpError("stands outside a class");
  for (TaskOp t : cls.getOps<TaskOp>())
    if (t.getId() == getTask())
      return success();
  return emitOpError("task ")
         << int32_t(getTask()) << " does not exist in this class (R-TASK-1)";
}

#define GET_OP_CLASSES
#include "PE/PEOps.cpp.inc"
