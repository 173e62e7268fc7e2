//===- Class.cpp - Emission of one class ----------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "Class.h"

using namespace mlir;
using namespace weft;
using namespace weft::pe;

namespace {

/// From much kept in registers to little; see Level.
constexpr Level levels[] = {
    {12, 10, 12, 6, true, 4}, {10, 6, 8, 4, true, 4},
    {8, 5, 6, 2, true, 2},    {6, 4, 4, 0, true, 1},
    {3, 4, 3, 0, true, 1},    {0, 3, 2, 0, true, 1},
    {0, 3, 1, 0, false, 1},   {0, 3, 1, 0, false, 1, true}};

/// r31 points to parameters; a few registers are left to the loops of tasks
/// around calls.
constexpr int lastTaskReg = isa::NumRegs - 2, lastSubReg = lastTaskReg - 4;

class ClassEmitter {
public:
  ClassEmitter(ClassOp cls, ProgramOp program, const Target &target,
               bool measure)
      : cls(cls), target(target), measure(measure), calls(cls, program) {}

  FailureOr<EmittedClass> run();

private:
  LogicalResult emitBody(Operation *op, Block &block, SubInfo *sub,
                         mir::RegSet &used);
  LogicalResult emitSubs();
  LogicalResult emitTasks();
  LogicalResult emitQueues();
  LogicalResult place();
  LogicalResult checkOverlap(uint64_t begin, uint64_t end, StringRef what);
  LogicalResult overflow(uint64_t end);

  ClassOp cls;
  const Target &target;
  bool measure;
  CallLowering calls;
  std::vector<mir::RegSet> clobbers;
  std::vector<uint32_t> entries; // word index of each subroutine
  EmittedClass out;
};

} // namespace

static void addRange(std::vector<bin::CodeRange> &ranges, uint32_t begin,
                     uint32_t end, int32_t kernel) {
  if (kernel >= 0 && begin < end)
    ranges.push_back({begin, end, uint32_t(kernel)});
}

/// Lowers with as much in registers as they can hold and appends the words.
LogicalResult ClassEmitter::emitBody(Operation *op, Block &block, SubInfo *sub,
                                     mir::RegSet &used) {
  std::string error;
  auto table = calls.table;
  auto kernels = calls.kernels;
  for (const Level &level : levels) {
    calls.table = table;
    calls.kernels = kernels;
    Lowering lowering(target, level, calls, sub);
    if (failed(lowering.run(block)))
      return failure();
    std::vector<mir::Inst> code = mir::flatten(lowering.body);
    used.reset();
    if (!mir::allocate(code, lowering.body, sub ? lastSubReg : lastTaskReg,
                       clobbers, used, error))
      continue;
    for (mir::Inst &i : code) {
      if (i.op == isa::Op::Call)
        i.imm = int32_t(entries[i.imm]);
      isa::encode(mir::toInstr(i), out.image.code);
    }
    return success();
  }
  return op->emitOpError("cannot be compiled: ") << error;
}

LogicalResult ClassEmitter::emitSubs() {
  for (SubInfo &s : calls.subs) {
    uint32_t begin = out.image.code.size();
    entries.push_back(begin);
    clobbers.emplace_back();
    if (!s.reached)
      continue;
    mir::RegSet used;
    if (failed(emitBody(s.op, s.op.getBody().front(), &s, used)))
      return failure();
    clobbers.back() = used;
    addRange(out.image.ranges, begin, out.image.code.size(), s.kernel);
  }
  return success();
}

LogicalResult ClassEmitter::emitTasks() {
  SmallVector<TaskOp> order;
  for (bool start : {false, true})
    for (TaskOp t : cls.getOps<TaskOp>())
      if (t.getStart() == start)
        order.push_back(t);
  for (TaskOp t : order) {
    uint32_t begin = out.image.code.size();
    mir::RegSet used;
    calls.kernels.clear(); // the last one is the start task
    if (failed(emitBody(t, t.getBody().front(), nullptr, used)))
      return failure();
    out.image.tasks.push_back({t.getId(), begin, t.getStart()});
    addRange(out.image.ranges, begin, out.image.code.size(),
             calls.kernelIndex(t.getKernel()));
  }
  llvm::sort(out.image.tasks, [](const bin::Task &x, const bin::Task &y) {
    return x.id < y.id;
  });
  return success();
}

LogicalResult ClassEmitter::emitQueues() {
  for (QueueOp q : cls.getOps<QueueOp>()) {
    bool output = q.getDir() == QueueDir::Output;
    const auto &ids = output ? target.outQueues.value : target.inQueues.value;
    if (!llvm::is_contained(ids, q.getQueue()))
      return q.emitOpError(output ? "output" : "input")
             << " queue " << q.getQueue() << " is not one of " << target.name
             << "'s " << ids.size() << " user queues (R-QUE-1)";
    if (!llvm::is_contained(target.userColors.value, q.getColor()))
      return q.emitOpError("color ")
             << q.getColor() << " is not a user color of " << target.name
             << " (R-FAB-1)";
    out.image.queues.push_back(
        {output, uint8_t(q.getQueue()), uint8_t(q.getColor())});
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Addresses
//===----------------------------------------------------------------------===//

static bool overlap(const bin::Pattern &x, const bin::Pattern &y) {
  for (uint32_t j = 0; j < x.h; ++j)
    for (uint32_t i = 0; i < x.w; ++i)
      if (y.contains(x.x0 + i * x.dx, x.y0 + j * x.dy))
        return true;
  return false;
}

/// R-MEM-1: lists what takes the memory: code, and the largest data by node.
LogicalResult ClassEmitter::overflow(uint64_t end) {
  uint64_t pes = 0;
  for (const bin::Pattern &p : out.image.where)
    pes += p.count();
  InFlightDiagnostic d = cls.emitError("class '")
                         << cls.getSymName() << "' on " << pes << " PEs needs "
                         << end << " bytes of SRAM, " << target.name << " has "
                         << target.sramBytes.value << " (R-MEM-1)";
  d.attachNote() << "code: " << out.image.code.size() * 4
                 << " bytes, parameters: " << out.params.size() * 4 << " bytes";
  auto program = cls->getParentOfType<ProgramOp>();
  if (!program)
    return d;
  bin::Pattern first = out.image.where.front();
  SmallVector<MemoryOp> ranges;
  for (MemoryOp m : program.getOps<MemoryOp>())
    if (overlap(first, m.getWhere().toBinary()))
      ranges.push_back(m);
  llvm::stable_sort(ranges, [](MemoryOp a, MemoryOp b) {
    return a.getBytes() > b.getBytes();
  });
  constexpr unsigned Listed = 5;
  for (MemoryOp m : ArrayRef(ranges).take_front(Listed))
    d.attachNote(m.getLoc())
        << "'" << m.getName() << "', " << stringifyMemClass(m.getKind())
        << ", takes " << m.getBytes() << " bytes of each PE";
  return d;
}

/// R-MEM-4 against the class's own buffers.
LogicalResult ClassEmitter::checkOverlap(uint64_t begin, uint64_t end,
                                         StringRef what) {
  if (begin == end)
    return success();
  if (begin < target.reservedBytes)
    return cls.emitOpError(what)
           << " at byte " << begin << " lies in the "
           << target.reservedBytes.value << " reserved bytes (R-MEM-1)";
  for (BufferOp b : cls.getOps<BufferOp>()) {
    auto type = cast<MemRefType>(b.getResult().getType());
    uint64_t at = b.getAddr(),
             stop = at + uint64_t(type.getNumElements()) *
                             (type.getElementTypeBitWidth() / 8);
    if (begin < stop && at < end) {
      InFlightDiagnostic d = cls.emitOpError(what)
                             << " at bytes " << begin << " to " << end
                             << " overlaps '" << b.getName() << "' (R-MEM-4)";
      d.attachNote(b.getLoc()) << "at bytes " << at << " to " << stop;
      return d;
    }
  }
  return success();
}

LogicalResult ClassEmitter::place() {
  for (BufferOp b : cls.getOps<BufferOp>()) {
    auto type = cast<MemRefType>(b.getResult().getType());
    uint64_t stop = b.getAddr() + uint64_t(type.getNumElements()) *
                                      (type.getElementTypeBitWidth() / 8);
    if (b.getAddr() < target.reservedBytes)
      return b.emitOpError("lies in the ")
             << target.reservedBytes.value << " reserved bytes (R-MEM-1)";
    if (stop > target.sramBytes)
      return b.emitOpError("ends at byte ")
             << stop << ", " << target.name << " has " << target.sramBytes.value
             << " bytes (R-MEM-1)";
  }
  std::optional<uint64_t> at = cls.getCodeAt();
  if (!at && cls.getDataEnd())
    at = llvm::alignTo(*cls.getDataEnd(), 4);
  if (!at)
    return cls.emitOpError("needs 'code_at' or 'data_end' to place its code");
  uint64_t end = *at + 4 * uint64_t(out.image.code.size());
  if (end > target.sramBytes)
    return overflow(end);
  out.image.codeAddr = uint32_t(*at);
  uint64_t paramsEnd = out.paramsAddr + 4 * uint64_t(out.params.size());
  if (!out.params.empty() && out.paramsAddr < end && *at < paramsEnd)
    return cls.emitOpError("parameters at byte ")
           << out.paramsAddr << " overlap the code at byte " << *at
           << " (R-MEM-4)";
  if (failed(checkOverlap(*at, end, "code")))
    return failure();
  return checkOverlap(out.paramsAddr, paramsEnd, "parameter table");
}

FailureOr<EmittedClass> ClassEmitter::run() {
  out.image.name = cls.getSymName().str();
  for (auto p : cls.getWhere().getAsRange<PatternAttr>())
    out.image.where.push_back(p.toBinary());
  out.paramsAddr = uint32_t(cls.getParamsAt().value_or(0));
  calls.tableAddr = out.paramsAddr;
  if (failed(calls.analyse()) || failed(emitQueues()) || failed(emitSubs()) ||
      failed(emitTasks()))
    return failure();
  for (const Word &w : calls.table)
    out.params.push_back(uint32_t(
        w.value +
        (w.buffer ? w.buffer.getDefiningOp<BufferOp>().getAddr() : 0)));
  out.image.callKernels = calls.kernels;
  if (measure)
    return std::move(out);
  if (!out.params.empty() && !cls.getParamsAt())
    return cls.emitOpError("passes ")
           << out.params.size()
           << " parameters and needs 'params_at' for their table";
  if (failed(place()))
    return failure();
  return std::move(out);
}

FailureOr<EmittedClass> weft::pe::emitClass(ClassOp cls, ProgramOp program,
                                            const Target &target,
                                            bool measure) {
  return ClassEmitter(cls, program, target, measure).run();
}
