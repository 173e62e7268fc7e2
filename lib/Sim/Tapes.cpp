//===- Tapes.cpp - The words of a stream, apart from its wavelets ---------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Routes are static and a colour on a route has one root, so what travels can
// be kept once per route. Ops then take and give many words in one step: the
// kernels of ops in memory run on them.
//
//===----------------------------------------------------------------------===//
#include "Machine.h"
#include <algorithm>

using namespace llvm;
using namespace weft;
using namespace weft::sim;

void Machine::buildTapes() {
  for (uint32_t root = 0; root < cells.size(); ++root) {
    if (cells[root].rx != bin::Ramp || !cells[root].fifo.capacity)
      continue;
    Tape t;
    t.root = root;
    t.cells = {root};
    for (size_t i = 0; i < t.cells.size(); ++i) {
      Cell &c = cells[t.cells[i]];
      c.tape = uint32_t(tapes.size());
      for (unsigned dir = 0; dir < NumDirs; ++dir) {
        if (!(c.tx >> dir & 1))
          continue;
        uint32_t to = dir == DirRamp ? c.queue : c.next[dir];
        if (to == None)
          t.lost = t.cells[i];
        else
          (dir == DirRamp ? t.readers : t.cells).push_back(to);
      }
    }
    for (uint32_t q : t.readers)
      queues[q].tape = uint32_t(tapes.size());
    tapes.push_back(std::move(t));
  }
}

void Machine::resetTapes() {
  if (tapes.empty())
    buildTapes();
  for (Tape &t : tapes) {
    t.words.clear();
    t.base = 0;
  }
  for (Queue &q : queues)
    q.taken = 0;
}

/// The next `n` words for `queue`, until the tape is written again.
uint32_t *Machine::takeWords(uint32_t queue, uint32_t n) {
  Queue &q = queues[queue];
  Tape &t = tapes[q.tape];
  uint32_t *words = t.words.data() + (q.taken - t.base);
  q.taken += n;
  return words;
}

/// Forgets what all readers have taken; seldom, so that it costs little.
void Machine::trimTape(Tape &t) {
  uint64_t taken = t.end();
  for (uint32_t q : t.readers)
    taken = std::min(taken, queues[q].taken);
  t.words.erase(t.words.begin(), t.words.begin() + ptrdiff_t(taken - t.base));
  t.base = taken;
}

uint32_t *Machine::appendWords(uint32_t tape, uint32_t n) {
  Tape &t = tapes[tape];
  if (t.words.size() + n > t.words.capacity() && t.words.size() >= 1024)
    trimTape(t);
  t.words.resize(t.words.size() + n);
  return t.words.data() + t.words.size() - n;
}

static Run runOf(const Memory &memory, uint32_t pe, Source &s,
                 uint32_t *words) {
  switch (s.kind) {
  case Source::Mem:
    return {memory.at(pe, s.cursor.addr), s.cursor.step(), s.type};
  case Source::Reg:
    return {reinterpret_cast<uint8_t *>(&s.value), 0, s.type};
  case Source::FabIn:
  case Source::FabOut:
    return {reinterpret_cast<uint8_t *>(words),
            int32_t(isa::dtypeBytes(s.type)), s.type};
  case Source::Nothing:
    break;
  }
  return {};
}

/// Element by element, for ops whose results are their own sources.
void Machine::processEach(PE &pe, Flight &f, uint32_t n, const uint32_t *in0,
                          const uint32_t *in1, uint32_t *out) {
  unsigned per = isa::elementsPerWavelet(isa::dtypeBytes(f.fabType));
  for (uint32_t i = 0; i < n && faults.empty(); ++i) {
    uint32_t word = i / per;
    uint32_t bits = processElement(pe, f, in0 ? in0[word] : 0,
                                   in1 ? in1[word] : 0, i % per);
    if (out)
      out[word] |= bits;
  }
}

/// The next `steps` wavelets of an op with fabric operands, without time.
void Machine::processMany(PE &pe, Flight &f, uint32_t steps) {
  unsigned per = isa::elementsPerWavelet(isa::dtypeBytes(f.fabType));
  uint32_t n = std::min(steps * per, f.left);
  uint32_t *out = nullptr, *in0 = nullptr, *in1 = nullptr;
  if (f.dst.kind == Source::FabOut)
    out = appendWords(cells[f.dst.fifo].tape, steps);
  if (f.src0.kind == Source::FabIn)
    in0 = takeWords(f.src0.fifo, steps);
  if (f.src1.kind == Source::FabIn)
    in1 = takeWords(f.src1.fifo, steps);
  fabricElements += steps;
  if (f.recipe.op == isa::Op::VFMac || f.recipe.op == isa::Op::VFDot)
    addMacs(pe, f.kernel, n);
  f.left -= n;
  if (f.checkEach)
    return processEach(pe, f, n, in0, in1, out);
  Run dst = runOf(memory, pe.id, f.dst, out),
      a = runOf(memory, pe.id, f.src0, in0),
      b = runOf(memory, pe.id, f.src1, in1);
  bool reduces = f.dst.kind == Source::Reg;
  uint32_t acc = reduces ? pe.regs[f.dst.reg] : 0;
  while (n) {
    uint32_t k = n;
    for (Source *s : {&f.dst, &f.src0, &f.src1})
      if (s->kind == Source::Mem)
        k = std::min(k, s->cursor.run());
    applyRun(f.recipe, k, reduces ? Run{} : dst, a, b, acc);
    auto move = [&](Source &s, Run &r) {
      if (s.kind == Source::Mem) {
        s.cursor.advance(k);
        r.at = memory.at(pe.id, s.cursor.addr);
      } else if (r.at) {
        r.at += int64_t(k) * r.stride;
      }
    };
    move(f.dst, dst);
    move(f.src0, a);
    move(f.src1, b);
    n -= k;
  }
  if (reduces)
    pe.regs[f.dst.reg] = acc;
  pe.regs[0] = 0;
}
