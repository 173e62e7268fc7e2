//===- Allocate.cpp - Machine registers by linear scan --------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// There are no branches but counted loops, so a live range is one interval:
// from the definition to the last use, and to the end of every loop that was
// entered after the definition and contains a use.
//
//===----------------------------------------------------------------------===//
#include "Mir.h"
#include <algorithm>
#include <functional>

using namespace weft::pe::mir;
using weft::isa::Op;
using weft::isa::OperandKind;

static void flattenInto(const Nodes &nodes, std::vector<Inst> &out) {
  for (const Node &n : nodes) {
    if (!n.loop) {
      out.push_back(n.inst);
      continue;
    }
    const Loop &l = *n.loop;
    flattenInto(l.pre, out);
    Inst begin, end;
    begin.op = Op::Loop;
    begin.a = end.a = l.counter;
    begin.imm = l.trip;
    end.op = Op::EndLoop;
    out.push_back(begin);
    flattenInto(l.body, out);
    flattenInto(l.post, out);
    out.push_back(end);
  }
}

std::vector<Inst> weft::pe::mir::flatten(const Body &body) {
  std::vector<Inst> out;
  flattenInto(body.nodes, out);
  return out;
}

/// Calls `reg` and `dsr` with every register field of `i`.
static void forEachField(Inst &i, const std::function<void(Reg &)> &reg,
                         const std::function<void(Dsr &)> &dsr) {
  for (Reg *r : {&i.a, &i.b, &i.c})
    if (*r != NoReg)
      reg(*r);
  if (i.dsr != NoDsr)
    dsr(i.dsr);
  for (Operand *o : {&i.dst, &i.src0, &i.src1}) {
    if (o->kind == OperandKind::Reg)
      reg(o->id);
    if (o->kind == OperandKind::Dsr)
      dsr(o->id);
  }
}

namespace {
struct Interval {
  int id = -1, start = -1, end = -1;
  int assigned = -1;
};

/// Live intervals of the virtual registers of one kind.
class Intervals {
public:
  explicit Intervals(size_t n) : list(n) {}
  void occurs(int id, int at, const std::vector<std::pair<int, int>> &loops) {
    Interval &v = list[id];
    v.id = id;
    if (v.start < 0)
      v.start = at;
    v.end = std::max(v.end, at);
    for (auto [begin, end] : loops) // outermost first
      if (begin > v.start) {
        v.end = std::max(v.end, end);
        break;
      }
  }
  std::vector<Interval> list;
};
} // namespace

/// Position of the EndLoop of each Loop.
static std::vector<int> matchLoops(const std::vector<Inst> &code) {
  std::vector<int> end(code.size(), -1), open;
  for (int i = 0; i < int(code.size()); ++i) {
    if (code[i].op == Op::Loop)
      open.push_back(i);
    if (code[i].op == Op::EndLoop) {
      end[open.back()] = i;
      open.pop_back();
    }
  }
  return end;
}

static void findIntervals(std::vector<Inst> &code, Intervals &regs,
                          Intervals &dsrs) {
  std::vector<int> ends = matchLoops(code);
  std::vector<std::pair<int, int>> loops;
  for (int at = 0; at < int(code.size()); ++at) {
    forEachField(
        code[at],
        [&](Reg &r) {
          if (r >= FirstVirtual)
            regs.occurs(r, at, loops);
        },
        [&](Dsr &d) { dsrs.occurs(d, at, loops); });
    if (code[at].op == Op::Loop)
      loops.push_back({at, ends[at]});
    if (code[at].op == Op::EndLoop)
      loops.pop_back();
  }
}

/// Gives every interval the lowest number in [first, last] that is free over
/// all of it; `forbidden(interval)` names numbers it must not have.
static bool scan(std::vector<Interval> &list, int first, int last,
                 const std::function<RegSet(const Interval &)> &forbidden) {
  std::vector<Interval *> order, active;
  for (Interval &v : list)
    if (v.start >= 0)
      order.push_back(&v);
  std::stable_sort(order.begin(), order.end(), [](Interval *x, Interval *y) {
    return x->start < y->start;
  });
  for (Interval *v : order) {
    std::erase_if(active, [&](Interval *o) { return o->end <= v->start; });
    RegSet taken = forbidden(*v);
    for (Interval *o : active)
      taken.set(o->assigned);
    int pick = first;
    while (pick <= last && taken[pick])
      ++pick;
    if (pick > last)
      return false;
    v->assigned = pick;
    active.push_back(v);
  }
  return true;
}

bool weft::pe::mir::allocate(std::vector<Inst> &code, const Body &body,
                             int lastReg, const std::vector<RegSet> &clobbers,
                             RegSet &used, std::string &error) {
  Intervals regs(body.numRegs), dsrs(body.numDsrs);
  findIntervals(code, regs, dsrs);
  std::vector<std::pair<int, int>> calls; // position, callee
  for (int i = 0; i < int(code.size()); ++i)
    if (code[i].op == Op::Call) {
      calls.push_back({i, code[i].imm});
      used |= clobbers[code[i].imm];
    }
  auto clobbered = [&](const Interval &v) {
    RegSet s;
    for (auto [at, callee] : calls)
      if (v.start < at && at < v.end)
        s |= clobbers[callee];
    return s;
  };
  auto allDsrs = [&](const Interval &v) {
    RegSet s;
    for (auto [at, callee] : calls)
      if (v.start < at && at < v.end)
        s.set();
    return s;
  };
  if (!scan(dsrs.list, 0, weft::isa::NumDsrs - 1, allDsrs)) {
    error = "more than 16 DSDs are live at once";
    return false;
  }
  if (!scan(regs.list, 1, lastReg, clobbered)) {
    error = "more than " + std::to_string(lastReg) +
            " scalar values are live at once";
    return false;
  }
  for (Inst &i : code)
    forEachField(
        i,
        [&](Reg &r) {
          r = r == Zero     ? 0
              : r == Params ? weft::isa::NumRegs - 1
                            : regs.list[r].assigned;
          used.set(r);
        },
        [&](Dsr &d) { d = dsrs.list[d].assigned; });
  std::erase_if(code, [](const Inst &i) {
    return (i.op == Op::Mov && i.a == i.b) ||
           (i.op == Op::DsdAdd && i.b == 0 && i.imm == 0);
  });
  return true;
}

weft::isa::Instr weft::pe::mir::toInstr(const Inst &i) {
  weft::isa::Instr out;
  auto field = [](Reg r) { return uint8_t(r == NoReg ? 0 : r); };
  auto operand = [](Operand o) {
    return weft::isa::Operand{o.kind,
                              uint8_t(o.kind == OperandKind::None ? 0 : o.id)};
  };
  out.op = i.op;
  out.a = field(i.a);
  out.b = field(i.b);
  out.c = field(i.c);
  out.imm = i.imm;
  switch (i.op) {
  case Op::Shli:
  case Op::Shri:
    out.c = i.small;
    break;
  case Op::Coord:
    out.b = i.small;
    break;
  case Op::Activate:
  case Op::Wait:
    out.a = i.small;
    break;
  case Op::Dsd:
  case Op::DsdAdd:
    out.a = uint8_t(i.dsr);
    out.dtype = i.dtype;
    out.dims = i.dims;
    break;
  default:
    break;
  }
  out.dst = operand(i.dst);
  out.src0 = operand(i.src0);
  out.src1 = operand(i.src1);
  out.async = i.async;
  out.microthread = i.async ? i.small : 0;
  out.length = i.length;
  out.advance = i.advance;
  out.extended = i.async || i.advance || i.length;
  return out;
}
