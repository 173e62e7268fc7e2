//===- VectorOps.cpp - Issue of vector ops --------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Operands are resolved and checked at issue. An op in memory is then executed
// at once, since nothing may touch its bytes until it ends (R-MEM-5); an op
// with a fabric operand goes to its slot.
//
//===----------------------------------------------------------------------===//
#include "Machine.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/FormatVariadic.h"
#include <algorithm>

using namespace llvm;
using namespace weft;
using namespace weft::sim;
using isa::isFloat;
using isa::Op;
using isa::OperandKind;

static const char *const typeNames[] = {"f32", "f16", "i32", "i16", "bf16"};

bool Machine::vector(PE &pe, const Inst &i) {
  // The main thread's last op is over, so its slot is free.
  if (const IssueForm *form = recorder ? nullptr : formFor(pe, i))
    if (Flight &f = pe.flights[0]; startForm(pe, *form, f))
      return checkAndIssue(pe, f, sameBases(*form, f), nullptr);
  Flight f;
  f.inst = &i;
  if (!resolve(pe, i, f) || !checkTypes(pe, f) || !checkLength(pe, f))
    return false;
  IssueForm *form = formToFill(pe, i);
  if (form)
    form->flight = f;
  return checkAndIssue(pe, f, false, form);
}

bool Machine::checkAndIssue(PE &pe, Flight &f, bool hasTiming,
                            IssueForm *toFill) {
  if (pe.live | pe.memLive) {
    retireMemoryOps(pe);
    bool retry = false;
    if (!checkRaces(pe, f, retry))
      return false;
  }
  if (!checkMemory(pe, f))
    return false;
  if (!hasTiming)
    setTiming(f);
  if (toFill)
    fillForm(*toFill, pe, f);
  f.issue = pe.time;
  f.kernel = kernelOf(pe, *f.inst);
  elements += f.total;
  if (f.fabric)
    issueFabric(pe, f);
  else
    issueMemory(pe, f);
  return faults.empty() && pe.state == PE::Running;
}

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

bool Machine::resolveOperand(PE &pe, const Inst &i, isa::Operand o, Source &s) {
  switch (o.kind) {
  case OperandKind::None:
    return true;
  case OperandKind::Dsr:
    s.kind = Source::Mem;
    s.base = pe.dsrs[o.index].base;
    s.shape = pe.dsrs[o.index].shape;
    if (!s.shape) {
      fault(pe, "R-OP-1",
            formatv("d{0} is used before a dsd sets it", o.index));
      return false;
    }
    s.type = s.shape->type;
    return true;
  case OperandKind::Reg:
    s.kind = Source::Reg;
    s.reg = o.index;
    s.value = pe.regs[o.index];
    return true;
  case OperandKind::FabIn:
  case OperandKind::FabOut: {
    bool in = o.kind == OperandKind::FabIn;
    s.kind = in ? Source::FabIn : Source::FabOut;
    s.queue = o.index;
    uint32_t color = o.index < 16
                         ? (in ? pe.code->inColor : pe.code->outColor)[o.index]
                         : None;
    if (color == None) {
      fault(pe, "R-QUE-1",
            formatv("{0} queue {1} is bound to no colour",
                    in ? "input" : "output", o.index));
      return false;
    }
    uint32_t cell = cellOfRamp(pe.router, colorIndex[color], in);
    if (cell == None) {
      fault(
          pe, "R-QUE-3",
          formatv("colour {0} of {1} queue {2} has no route {3} the ramp here",
                  color, in ? "input" : "output", o.index, in ? "to" : "from"));
      return false;
    }
    s.fifo = in ? cells[cell].queue : cell;
    return true;
  }
  }
  return true;
}

bool Machine::resolve(PE &pe, const Inst &i, Flight &f) {
  f.recipe.op = i.op;
  f.recipe.reduces =
      i.op == Op::VRSum || i.op == Op::VRMax || i.op == Op::VFDot;
  f.recipe.readsDst = i.op == Op::VFMac || i.op == Op::VSel;
  f.fabric = i.fabric;
  if (i.async && i.microthread >= target.microthreads) {
    fault(pe, "R-OP-4",
          formatv("microthread {0} of {1}", i.microthread,
                  target.microthreads.value));
    return false;
  }
  if (!resolveOperand(pe, i, i.dst, f.dst) ||
      !resolveOperand(pe, i, i.src0, f.src0) ||
      !resolveOperand(pe, i, i.src1, f.src1))
    return false;
  auto refuse = [&](const char *what) {
    fault(pe, "R-QUE-4", what);
    return false;
  };
  if (f.recipe.reduces != (f.dst.kind == Source::Reg))
    return refuse(
        f.recipe.reduces
            ? "a reduction's destination is a register"
            : "the destination is neither memory nor an output queue");
  if (f.dst.kind == Source::FabIn || f.src0.kind == Source::FabOut ||
      f.src1.kind == Source::FabOut || f.dst.kind == Source::Nothing)
    return refuse("input queues are sources, output queues destinations");
  if (f.recipe.readsDst && f.dst.kind == Source::FabOut)
    return refuse(
        "this op reads its destination, which an output queue cannot give");
  bool binary = (i.op >= Op::VFAdd && i.op <= Op::VFMac) ||
                (i.op >= Op::VAdd && i.op <= Op::VMin) ||
                (i.op >= Op::VFLt && i.op <= Op::VSel) || i.op == Op::VFDot;
  if (f.src0.kind == Source::Nothing ||
      binary != (f.src1.kind != Source::Nothing))
    return refuse(binary ? "the op takes two sources"
                         : "the op takes one source");
  unsigned ins =
      (f.src0.kind == Source::FabIn) + (f.src1.kind == Source::FabIn);
  if (ins > target.fabricInputsPerOp)
    return refuse("too many fabric operands in one op");
  if (ins == 2 && f.src0.queue == f.src1.queue) {
    fault(pe, "R-FAB-8",
          formatv("both sources receive on input queue {0}", f.src0.queue));
    return false;
  }
  return true;
}

/// The widest operand in memory decides what travels over the fabric; ties go
/// to the destination, then to the first source.
static DType widestType(const Flight &f, bool &any) {
  DType best = DType::F32;
  any = false;
  for (const Source *s : {&f.dst, &f.src0, &f.src1})
    if (s->kind == Source::Mem &&
        (!any || isa::dtypeBytes(s->type) > isa::dtypeBytes(best))) {
      best = s->type;
      any = true;
    }
  return best;
}

static void setViews(Recipe &r, View dst, View src0, View src1) {
  r.dst = dst;
  r.src0 = src0;
  r.src1 = src1;
}

/// How the op looks at its operands' bits: its name decides, not their types.
static void chooseViews(Flight &f) {
  Recipe &r = f.recipe;
  View own = isFloat(f.dst.kind == Source::Mem ? f.dst.type : f.fabType)
                 ? View::Float
                 : View::Int;
  View src = isFloat(f.src0.kind == Source::Mem ? f.src0.type : f.fabType)
                 ? View::Float
                 : View::Int;
  switch (r.op) {
  case Op::VMov:
    return setViews(r, own, f.src0.kind == Source::Mem ? src : own, own);
  case Op::VSel:
    return setViews(r, own, View::Int, own);
  case Op::VI2F:
    return setViews(r, View::Float, View::Int, View::Int);
  case Op::VF2I:
  case Op::VFLt:
  case Op::VFLe:
  case Op::VFEq:
    return setViews(r, View::Int, View::Float, View::Float);
  default: {
    bool integer = r.op >= Op::VAdd && r.op <= Op::VEq;
    View v = integer ? View::Int : View::Float;
    return setViews(r, v, v, v);
  }
  }
}

bool Machine::checkTypes(PE &pe, Flight &f) {
  bool any = false;
  f.fabType = widestType(f, any);
  for (Source *s : {&f.dst, &f.src0, &f.src1})
    if (s->kind == Source::FabIn || s->kind == Source::FabOut)
      s->type = f.fabType;
  chooseViews(f);
  Recipe &r = f.recipe;
  r.width = isa::dtypeBytes(f.fabType) * 8;
  bool moves = r.op == Op::VMov;
  if (moves && f.src0.kind == Source::Reg)
    f.src0.type = isFloat(f.dst.type) ? DType::F32 : DType::I32;
  bool sameSize = isa::dtypeBytes(f.dst.type) == isa::dtypeBytes(f.src0.type);
  if (moves && sameSize) { // bits as they are
    setViews(r, View::Int, View::Int, View::Int);
    r.raw = true;
  } else if (moves && r.dst != r.src0) {
    fault(pe, "R-OP-2",
          formatv("vmov does not convert {0} to {1}",
                  typeNames[int(f.src0.type)], typeNames[int(f.dst.type)]));
    return false;
  }
  return true;
}

bool Machine::checkLength(PE &pe, Flight &f) {
  uint32_t n = f.inst->length;
  for (const Source *s : {&f.dst, &f.src0, &f.src1}) {
    if (s->kind != Source::Mem)
      continue;
    if (n && n != s->shape->count) {
      fault(pe, "R-OP-2",
            formatv("operands of {0} and {1} elements", n, s->shape->count));
      return false;
    }
    n = s->shape->count;
  }
  if (!n)
    fault(pe, "R-OP-3", "an op without an operand in memory states no length");
  else if (n >= Shape::TooMany)
    fault(pe, "R-OP-1", "a walk of more than 2^30 elements");
  f.total = f.left = n;
  return n && n < Shape::TooMany;
}

//===----------------------------------------------------------------------===//
// Memory rules
//===----------------------------------------------------------------------===//

bool Machine::checkAccess(PE &pe, int64_t lo, int64_t hi, unsigned align,
                          bool write) {
  bool meetsCode = lo < int64_t(pe.code->hi) && hi > int64_t(pe.code->lo);
  if (lo >= int64_t(target.reservedBytes) && hi <= int64_t(target.sramBytes) &&
      !(lo & (align - 1)) && !meetsCode)
    return true;
  const char *verb = write ? "writes" : "reads";
  const char *rule = nullptr;
  std::string what;
  if (lo < 0 || hi > int64_t(target.sramBytes) || lo % align) {
    rule = "R-MEM-2";
    what = formatv("{0} bytes [{1}, {2}) of {3}, aligned to {4}", verb, lo, hi,
                   target.sramBytes.value, align);
  } else if (lo < int64_t(target.reservedBytes)) {
    rule = "R-MEM-1";
    what = formatv("{0} byte {1} of the reserved {2}", verb, lo,
                   target.reservedBytes.value);
  } else {
    rule = "R-MEM-4";
    what = formatv("{0} bytes [{1}, {2}), code lies in [{3}, {4})", verb, lo,
                   hi, pe.code->lo, pe.code->hi);
  }
  fault(pe, rule, what);
  return false;
}

static bool sameWalk(const Source &a, const Source &b) {
  return a.base == b.base && (a.shape == b.shape || *a.shape == *b.shape);
}

/// Do the bytes of two walks meet?
static bool overlap(const Source &a, const Source &b) {
  int64_t lo = std::max(a.base + a.shape->lo, b.base + b.shape->lo);
  int64_t hi = std::min(a.base + a.shape->hi, b.base + b.shape->hi);
  if (lo >= hi)
    return false;
  if (a.shape->dense && b.shape->dense)
    return true;
  std::vector<bool> touched(hi - lo);
  Cursor c;
  c.start(a.shape, a.base);
  for (uint32_t i = 0; i < a.shape->count; ++i, c.advance(1))
    for (int64_t p = std::max(c.addr, lo);
         p < std::min(c.addr + a.shape->bytes, hi); ++p)
      touched[p - lo] = true;
  c.start(b.shape, b.base);
  for (uint32_t i = 0; i < b.shape->count; ++i, c.advance(1))
    for (int64_t p = std::max(c.addr, lo);
         p < std::min(c.addr + b.shape->bytes, hi); ++p)
      if (touched[p - lo])
        return true;
  return false;
}

/// R-MEM-3. An op may read what it wrote itself a few elements earlier, so a
/// walk that meets the destination is checked element by element.
bool Machine::checkReads(PE &pe, Flight &f) {
  for (Source *s : {&f.dst, &f.src0, &f.src1}) {
    if (s->kind != Source::Mem || (s == &f.dst && !f.recipe.readsDst))
      continue;
    int64_t lo = s->base + s->shape->lo, hi = s->base + s->shape->hi;
    if (pe.knowsWritten(lo, hi))
      continue;
    int64_t at = memory.firstUnwritten(pe.id, *s->shape, s->base);
    if (at < 0 && s->shape->dense)
      pe.noteWritten(lo, hi);
    if (at < 0)
      continue;
    if (s != &f.dst && f.dst.kind == Source::Mem && overlap(f.dst, *s) &&
        !sameWalk(f.dst, *s)) {
      f.checkEach = true;
      continue;
    }
    fault(pe, "R-MEM-3",
          formatv("byte {0} is read before anything wrote it", at));
    return false;
  }
  return true;
}

void Machine::markWritten(PE &pe, const Shape &s, int64_t base) {
  int64_t lo = base + s.lo, hi = base + s.hi;
  if (pe.knowsWritten(lo, hi))
    return;
  memory.markWalk(pe.id, s, base);
  if (s.dense)
    pe.noteWritten(lo, hi);
}

bool Machine::checkMemory(PE &pe, Flight &f) {
  for (Source *s : {&f.dst, &f.src0, &f.src1}) {
    if (s->kind != Source::Mem)
      continue;
    int64_t lo = s->base + s->shape->lo, hi = s->base + s->shape->hi;
    if (!checkAccess(pe, lo, hi, s->shape->bytes, s == &f.dst))
      return false;
    if (s == &f.dst)
      memory.own(pe.id, lo, hi);
    else
      memory.settle(pe.id, lo, hi);
    pe.peak = std::max(pe.peak, uint32_t(hi));
    s->cursor.start(s->shape, s->base);
  }
  if (!checkReads(pe, f))
    return false;
  if (f.dst.kind != Source::Mem)
    return true;
  for (const Source *s : {&f.src0, &f.src1})
    if (s->kind == Source::Mem && !sameWalk(f.dst, *s) &&
        std::max(f.dst.base + f.dst.shape->lo, s->base + s->shape->lo) <
            std::min(f.dst.base + f.dst.shape->hi, s->base + s->shape->hi))
      f.recipe.ordered = true;
  if (f.dst.cursor.step() == 0 && f.dst.cursor.run() > 1)
    f.recipe.ordered = true; // each element may build on the one before
  if (!f.checkEach)
    markWritten(pe, *f.dst.shape, f.dst.base);
  return true;
}

/// R-MEM-5 and R-FAB-8 against the ops in flight. If the op that is in the way
/// may be over when this instruction's time comes, `retry` is set and the main
/// thread sleeps until then.
bool Machine::checkRaces(PE &pe, const Flight &f, bool &retry) {
  const char *rule = nullptr;
  std::string what;
  for (uint32_t m = pe.live | pe.memLive; m && !rule; m &= m - 1) {
    unsigned slot = countr_zero(m);
    const Flight &g = pe.flights[slot];
    if (f.inst && f.inst->async && slot == 1u + f.inst->microthread) {
      rule = "R-OP-4";
      what = formatv("microthread {0} still runs an op", f.inst->microthread);
    }
    for (const Source *a : {&f.dst, &f.src0, &f.src1})
      for (const Source *b : {&g.dst, &g.src0, &g.src1}) {
        bool mem = a->kind == Source::Mem && b->kind == Source::Mem &&
                   (a == &f.dst || b == &g.dst) && overlap(*a, *b);
        bool fab = a->kind == b->kind && a->queue == b->queue &&
                   (a->kind == Source::FabIn || a->kind == Source::FabOut);
        if (!rule && (mem || fab)) {
          rule = mem ? "R-MEM-5" : "R-FAB-8";
          what =
              mem ? formatv(
                        "touches bytes of an op in flight on microthread {0}",
                        slot - 1)
                        .str()
                  : formatv("{0} queue {1} is in use by microthread {2}",
                            a->kind == Source::FabIn ? "input" : "output",
                            a->queue, slot - 1)
                        .str();
        }
      }
  }
  if (!rule)
    return true;
  retry = pe.time > now;
  if (retry)
    --instructions; // it will be looked at again
  else
    fault(pe, rule, what);
  return false;
}

void Machine::retireMemoryOps(PE &pe) {
  for (uint32_t m = pe.memLive; m; m &= m - 1) {
    unsigned slot = countr_zero(m);
    if (pe.flights[slot].end <= pe.time || fidelity == Fidelity::Functional)
      pe.memLive &= ~(1u << slot);
  }
}

//===----------------------------------------------------------------------===//
// Ops in memory
//===----------------------------------------------------------------------===//

static Run runOf(const Memory &memory, uint32_t pe, Source &s) {
  if (s.kind == Source::Mem)
    return {memory.at(pe, s.cursor.addr), s.cursor.step(), s.type};
  if (s.kind == Source::Reg)
    return {reinterpret_cast<uint8_t *>(&s.value), 0, s.type};
  return {};
}

void Machine::execute(PE &pe, Flight &f) {
  if (f.checkEach) { // rare: own results are own sources
    while (f.left && faults.empty()) {
      uint32_t a = loadChecked(pe, f, f.src0, f.recipe.src0);
      uint32_t b = loadChecked(pe, f, f.src1, f.recipe.src1);
      uint32_t old = f.recipe.readsDst
                         ? loadElement(memory.at(pe.id, f.dst.cursor.addr),
                                       f.dst.type, f.recipe.dst)
                         : 0;
      storeElement(
          memory.at(pe.id, f.dst.cursor.addr), f.dst.type, f.recipe.dst,
          evaluate(f.recipe.op, f.recipe.src0, f.recipe.width, a, b, old));
      memory.mark(pe.id, f.dst.cursor.addr,
                  f.dst.cursor.addr + f.dst.shape->bytes);
      f.dst.cursor.advance(1);
      --f.left;
    }
    return;
  }
  uint32_t acc = f.recipe.reduces ? pe.regs[f.dst.reg] : 0;
  while (f.left) {
    uint32_t n = f.left;
    for (Source *s : {&f.dst, &f.src0, &f.src1})
      if (s->kind == Source::Mem)
        n = std::min(n, s->cursor.run());
    Run dst = f.recipe.reduces ? Run{} : runOf(memory, pe.id, f.dst);
    applyRun(f.recipe, n, dst, runOf(memory, pe.id, f.src0),
             runOf(memory, pe.id, f.src1), acc);
    for (Source *s : {&f.dst, &f.src0, &f.src1})
      if (s->kind == Source::Mem)
        s->cursor.advance(n);
    f.left -= n;
  }
  if (f.recipe.reduces)
    pe.regs[f.dst.reg] = acc;
}

void Machine::issueMemory(PE &pe, Flight &f) {
  execute(pe, f);
  const Inst &i = *f.inst;
  if (i.op == Op::VFMac || i.op == Op::VFDot)
    addMacs(pe, f.kernel, f.total);
  uint64_t cycles = Target::elementCycles(f.total, f.rate);
  ++pe.pc;
  if (!i.async) {
    pe.setup += f.setup;
    pe.compute += cycles;
    pe.time += f.setup + cycles;
    noteKernel(pe, f.kernel, f.issue, pe.time);
    return;
  }
  unsigned slot = 1 + i.microthread;
  if (pe.flights.size() <= slot)
    pe.flights.resize(slot + 1);
  pe.time += target.scalarAlu;
  pe.compute += target.scalarAlu;
  f.end = pe.time + f.setup + cycles;
  noteKernel(pe, f.kernel, f.issue, f.end);
  pe.memLive |= 1u << slot;
  pe.flights[slot] = f;
}
