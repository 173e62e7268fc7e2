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
  std::vector<bool> switched(numColors);
  for (const Switch &s : switches)
    switched[cells[s.positions[0].cell].color] = true;
  for (uint32_t root = 0; root < cells.size(); ++root) {
    if (cells[root].rx != bin::Ramp || !cells[root].fifo.capacity ||
        switched[cells[root].color])
      continue;
    Tape t;
    t.root = root;
    t.firstReader = uint32_t(tapeReaders.size());
    t.firstCell = uint32_t(tapeCells.size());
    tapeCells.push_back(root);
    for (size_t i = t.firstCell; i < tapeCells.size(); ++i) {
      Cell &c = cells[tapeCells[i]];
      c.tape = uint32_t(tapes.size());
      for (unsigned dir = 0; dir < NumDirs; ++dir) {
        if (!(c.tx >> dir & 1))
          continue;
        uint32_t to = dir == DirRamp ? c.queue : c.next[dir];
        if (to == None)
          t.lost = tapeCells[i];
        else
          (dir == DirRamp ? tapeReaders : tapeCells).push_back(to);
      }
    }
    t.readers = uint32_t(tapeReaders.size()) - t.firstReader;
    t.cells = uint32_t(tapeCells.size()) - t.firstCell;
    for (uint32_t q : readersOf(t))
      queues[q].tape = uint32_t(tapes.size());
    findAlone(t);
    tapes.push_back(t);
  }
}

void Machine::resetTapes() {
  if (tapes.empty())
    buildTapes();
  for (Tape &t : tapes) {
    if (t.capacity)
      words.give(t.words, t.capacity);
    t.size = t.capacity = t.behind = 0;
    t.base = 0;
    t.quiet = true;
    t.sends = t.receives = t.listed = false;
  }
  for (Queue &q : queues) {
    q.taken = 0;
    q.slot = None;
  }
}

/// The next words for `queue`, until the tape is written again.
uint32_t *Machine::wordsFor(uint32_t queue) const {
  const Queue &q = queues[queue];
  const Tape &t = tapes[q.tape];
  return t.words + (q.taken - t.base);
}

/// `queue` has taken `n` words. A tape that all have read gives its memory
/// back.
void Machine::takeWords(uint32_t queue, uint32_t n) {
  Queue &q = queues[queue];
  Tape &t = tapes[q.tape];
  q.taken += n;
  if (q.taken < t.end() || --t.behind)
    return;
  words.give(t.words, t.capacity);
  t.base = t.end();
  t.size = t.capacity = 0;
}

/// Forgets what all readers have taken; seldom, so that it costs little.
void Machine::trimTape(Tape &t) {
  uint64_t taken = t.end();
  for (uint32_t q : readersOf(t))
    taken = std::min(taken, queues[q].taken);
  std::copy(t.words + (taken - t.base), t.words + t.size, t.words);
  t.size -= uint32_t(taken - t.base);
  t.base = taken;
}

/// Room for `n` more words.
uint32_t *Machine::appendWords(uint32_t tape, uint32_t n) {
  Tape &t = tapes[tape];
  if (t.size + n > t.capacity && t.size >= 1024)
    trimTape(t);
  if (t.size + n > t.capacity) {
    uint32_t capacity, *more = words.take(t.size + n, capacity);
    std::copy(t.words, t.words + t.size, more);
    if (t.capacity)
      words.give(t.words, t.capacity);
    t.words = more;
    t.capacity = capacity;
  }
  t.behind = t.readers;
  t.size += n;
  return t.words + t.size - n;
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

/// The data of the next `steps` wavelets of an op with fabric operands.
void Machine::moveData(PE &pe, Flight &f, uint32_t steps) {
  unsigned per = isa::elementsPerWavelet(isa::dtypeBytes(f.fabType));
  uint32_t n = std::min(steps * per, f.unmoved);
  uint32_t *out = nullptr, *in0 = nullptr, *in1 = nullptr;
  if (f.dst.kind == Source::FabOut) {
    out = appendWords(cells[f.dst.fifo].tape, steps);
    out[steps - 1] = 0; // the upper half may stay empty
  }
  if (f.src0.kind == Source::FabIn)
    in0 = wordsFor(f.src0.fifo);
  if (f.src1.kind == Source::FabIn)
    in1 = wordsFor(f.src1.fifo);
  f.unmoved -= n;
  if (f.checkEach)
    processEach(pe, f, n, in0, in1, out);
  else
    applyRuns(pe, f, n, in0, in1, out);
  if (in0)
    takeWords(f.src0.fifo, steps);
  if (in1)
    takeWords(f.src1.fifo, steps);
}

void Machine::applyRuns(PE &pe, Flight &f, uint32_t n, uint32_t *in0,
                        uint32_t *in1, uint32_t *out) {
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

/// Counts `steps` wavelets of an op.
void Machine::countSteps(PE &pe, Flight &f, uint32_t steps) {
  unsigned per = isa::elementsPerWavelet(isa::dtypeBytes(f.fabType));
  uint32_t n = std::min(steps * per, f.left);
  fabricElements += steps;
  if (f.recipe.op == isa::Op::VFMac || f.recipe.op == isa::Op::VFDot)
    addMacs(pe, f.kernel, n);
  f.left -= n;
}

/// The next `steps` wavelets of an op with fabric operands, without time.
void Machine::processMany(PE &pe, Flight &f, uint32_t steps) {
  moveData(pe, f, steps);
  countSteps(pe, f, steps);
}

//===----------------------------------------------------------------------===//
// Ahead of time
//===----------------------------------------------------------------------===//

/// How many steps of `f` have their words.
uint32_t Machine::stepsWithWords(const Flight &f) const {
  unsigned per = isa::elementsPerWavelet(isa::dtypeBytes(f.fabType));
  uint64_t n = (uint64_t(f.unmoved) + per - 1) / per;
  for (const Source *s : {&f.src0, &f.src1})
    if (s->kind == Source::FabIn) {
      const Queue &q = queues[s->fifo];
      n = q.tape == None ? 0 : std::min(n, tapes[q.tape].end() - q.taken);
    }
  return uint32_t(n);
}

/// The op in `slot` was issued. Which words move does not depend on time, and
/// nothing else may touch the memory of an op in flight (R-MEM-5): so the data
/// is moved at once, while it is in the host's caches, and so is that of all
/// ops that wait for it. What is left to follow is the time. A register shows
/// what it holds, and reads before writes must be told: such ops keep step.
void Machine::moveAhead(PE &issued, unsigned slot) {
  Flight &f = issued.flights[slot];
  f.eager = f.dst.kind != Source::Reg && !f.checkEach && !f.words;
  for (const Source *s : {&f.src0, &f.src1})
    if (s->kind == Source::FabIn)
      queues[s->fifo].slot = slot;
  if (f.dst.kind == Source::FabOut && cells[f.dst.fifo].tape != None) {
    Tape &t = tapes[cells[f.dst.fifo].tape];
    t.quiet = false;
    if (t.receives)
      openStream(pes[queues[readersOf(t)[0]].pe]);
  }
  toMove.push_back({issued.id, slot});
  moveWaiting();
}

/// The data of the ops in `toMove`, and of those that it lets move theirs.
void Machine::moveWaiting() {
  while (!toMove.empty()) {
    auto [id, at] = toMove.back();
    toMove.pop_back();
    PE &pe = pes[id];
    Flight &g = pe.flights[at];
    uint32_t n = g.eager ? stepsWithWords(g) : 0;
    if (!n)
      continue;
    moveData(pe, g, n);
    if (g.dst.kind == Source::FabOut)
      addReaders(tapes[cells[g.dst.fifo].tape]);
  }
}

/// The ops that wait for words of `t`.
void Machine::addReaders(const Tape &t) {
  for (uint32_t q : readersOf(t))
    if (queues[q].slot != None)
      toMove.push_back({queues[q].pe, queues[q].slot});
}
