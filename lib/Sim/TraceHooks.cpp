//===- TraceHooks.cpp - What the engine tells a recorder ------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Called only if there is a recorder. Whatever takes time is told after the
// fact, so nothing here knows what an instruction costs. An element waits for
// the last of its wavelets if that came after its turn, else for its
// predecessor; after that for room, or for the element pipe.
//
//===----------------------------------------------------------------------===//
#include "TraceHooks.h"
#include "llvm/Support/FormatVariadic.h"
#include <algorithm>

using namespace llvm;
using namespace weft;
using namespace weft::sim;
using isa::Op;

Error Machine::record(const TraceOptions &o) {
  if (o.pes && (!o.pes->w || !o.pes->h ||
                o.pes->x + uint64_t(o.pes->w) > program.gridW ||
                o.pes->y + uint64_t(o.pes->h) > program.gridH))
    return createStringError(formatv(
        "PEs {0},{1},{2}x{3} do not lie in the grid of {4} x {5} PEs", o.pes->x,
        o.pes->y, o.pes->w, o.pes->h, program.gridW, program.gridH));
  recorder.reset();
  if (o.linkWindow || o.pes || o.criticalPath || o.activity)
    recorder = std::make_shared<Recorder>(o);
  return Error::success();
}

const Trace &Machine::recorded() const {
  static const Trace nothing;
  return recorder ? recorder->trace : nothing;
}

void Machine::traceReset() {
  Recorder &r = *recorder;
  r.trace = {};
  r.trace.linkWindow = r.options.linkWindow;
  r.links.reset(size_t(program.gridW) * program.gridH * 4,
                r.options.linkWindow);
  r.events.reset(r.options, r.trace);
  for (const PE &pe : pes)
    r.events.traces(pe.x, pe.y, pe.cls, r.trace);
  if (r.path)
    r.path->reset(pes.size());
  r.issues.reset(r.options.activity ? routers.size() : 0);
  r.works.reset(r.options.activity ? routers.size() : 0);
}

//===----------------------------------------------------------------------===//
// The main thread
//===----------------------------------------------------------------------===//

Standing Machine::standing(const PE &pe) const {
  return {pe.time, pe.compute, pe.setup, elements, pe.pc, pe.account};
}

uint32_t Machine::textOf(const PE &pe, const Inst &i) {
  size_t index = size_t(&i - pe.code->insts.data());
  uint64_t key = uint64_t(pe.cls) << 32 | index;
  if (!recorder->events.text(key))
    recorder->events.addText(key, isa::print(pe.code->source[index]),
                             recorder->trace);
  return *recorder->events.text(key);
}

void Machine::traceEvent(const PE &pe, unsigned lane, PEEvent::Kind kind,
                         uint64_t from, uint64_t to, uint32_t a, uint32_t b) {
  if (uint32_t p = recorder->events.find(pe.x, pe.y); p != None)
    recorder->events.add(
        {p, uint16_t(lane), kind, uint32_t(from), uint32_t(to), a, b},
        recorder->trace);
}

void Machine::countInst(const PE &pe, const Inst &i, const Standing &before) {
  uint64_t from = before.time;
  recorder->issues.mainThread(pe.router, from, from + 1);
  recorder->works.mainThread(pe.router, from, from + 1);
  if (i.vector && !i.fabric && !i.async)
    recorder->works.mainThread(
        pe.router, std::max(from + 1, from + pe.setup - before.setup), pe.time);
}

void Machine::countCycle(uint32_t router) {
  recorder->issues.inCycle(router, now);
  recorder->works.inCycle(router, now);
}

void Machine::traceInst(PE &pe, const Inst &i, const Standing &before) {
  bool again =
      pe.pc == before.pc && pe.time == before.time && pe.state == PE::Running;
  if (again || pe.state == PE::Waiting || !faults.empty())
    return;
  if (recorder->options.activity)
    countInst(pe, i, before);
  uint32_t kernel =
      globalKernel(pe, i.op == Op::Call ? pe.account : before.kernel);
  if (i.vector && (i.fabric || i.async))
    return traceIssue(pe, i, before, kernel);
  uint64_t setup = pe.setup - before.setup,
           compute = pe.compute - before.compute, end = before.time + setup,
           idle = pe.time - end - compute; // the start of the next task
  if (recorder->path) {
    CriticalPath &path = *recorder->path;
    Path &main = path.of(pe.id, 0);
    if (i.op == Op::Wait && pe.time > before.time + i.cost) {
      Path op = path.of(pe.id, 1 + i.a);
      path.of(pe.id, 0) = op;
    } else {
      path.add(main, pe.id, kernel, PathSetup, setup);
      path.add(main, pe.id, kernel, PathCompute, compute);
      path.add(main, pe.id, None, PathTask, idle);
    }
  }
  if (recorder->events.find(pe.x, pe.y) == None)
    return;
  end = pe.time - idle;
  traceEvent(pe, 0, PEEvent::Instruction, before.time, end, textOf(pe, i),
             kernel);
  traceEvent(pe, 0, PEEvent::WaitTask, end, pe.time, 0, 0);
  if (!i.vector)
    return;
  traceEvent(pe, 0, PEEvent::Setup, before.time, before.time + setup, 0, 0);
  traceEvent(pe, 0, PEEvent::Elements, before.time + setup, end,
             uint32_t(elements - before.elements), 0);
}

/// An op that is in flight from now on. Its own event comes when it ends.
void Machine::traceIssue(PE &pe, const Inst &i, const Standing &before,
                         uint32_t kernel) {
  unsigned slot = i.async ? 1 + i.microthread : 0;
  const Flight &f = pe.flights[slot];
  uint64_t begins = i.async ? pe.time : f.issue;
  uint64_t ready =
      i.fabric ? f.earliest
               : f.end - Target::elementCycles(f.total, f.rate); // in memory
  if (recorder->path) {
    CriticalPath &path = *recorder->path;
    path.add(path.of(pe.id, 0), pe.id, kernel, PathCompute,
             begins - before.time);
    Path p = path.of(pe.id, 0);
    path.of(pe.id, slot) = p;
    path.add(path.of(pe.id, slot), pe.id, kernel, PathSetup, ready - begins);
    if (!i.fabric)
      path.add(path.of(pe.id, slot), pe.id, kernel, PathCompute, f.end - ready);
  }
  if (recorder->events.find(pe.x, pe.y) == None)
    return;
  uint32_t text = textOf(pe, i);
  if (i.async)
    traceEvent(pe, 0, PEEvent::Instruction, before.time, begins, text, kernel);
  traceEvent(pe, slot, PEEvent::Setup, begins, ready, 0, 0);
  if (i.fabric)
    return;
  traceEvent(pe, slot, PEEvent::Instruction, begins, f.end, text, kernel);
  traceEvent(pe, slot, PEEvent::Elements, ready, f.end, f.total, 0);
}

//===----------------------------------------------------------------------===//
// Ops with fabric operands
//===----------------------------------------------------------------------===//

/// The op is about to take its wavelets and process an element.
void Machine::traceTake(PE &pe, unsigned slot) {
  const Flight &f = pe.flights[slot];
  if (recorder->options.activity)
    countCycle(pe.router);
  uint64_t arrival = f.earliest;
  const Source *last = nullptr;
  for (const Source *s : {&f.src0, &f.src1}) {
    if (s->kind != Source::FabIn)
      continue;
    const Fifo &q = queues[s->fifo].fifo;
    const Wavelet &w = wavelets[q.head()];
    unsigned color = pe.code->inColor[s->queue];
    traceEvent(pe, PEEvent::InLanes + color, PEEvent::Received, now, now + 1,
               w.word, uint32_t(now - w.ready));
    if (w.ready <= arrival)
      continue;
    arrival = w.ready;
    last = s;
  }
  bool room = f.blockedOn == 'o';
  if (recorder->path) {
    CriticalPath &path = *recorder->path;
    Path &p = path.of(pe.id, slot);
    if (last)
      p = CriticalPath::arrived(path.at(queues[last->fifo].fifo.head()),
                                arrival);
    std::optional<Path> other;
    if (room)
      other = path.madeRoom(cells[f.dst.fifo].fifo.ring, now);
    if (other)
      p = *other;
    path.add(p, pe.id, globalKernel(pe, f.kernel),
             room ? PathRoom : PathCompute, now - p.end());
    for (const Source *s : {&f.src0, &f.src1})
      if (s->kind == Source::FabIn && wasFull(queues[s->fifo].fifo, now))
        path.makesRoom(queues[s->fifo].fifo.ring, p);
  }
  if (last)
    traceEvent(pe, slot, PEEvent::WaitIn, f.earliest, arrival,
               pe.code->inColor[last->queue], 0);
  traceEvent(pe, slot, room ? PEEvent::WaitOut : PEEvent::WaitPipe, arrival,
             now, room ? pe.code->outColor[f.dst.queue] : 0, 0);
}

/// It has processed `n` elements, and sent what it had to send.
void Machine::tracePut(PE &pe, unsigned slot, uint32_t n) {
  const Flight &f = pe.flights[slot];
  bool sends = f.dst.kind == Source::FabOut;
  uint32_t place = sends ? lastOf(cells[f.dst.fifo].fifo) : 0;
  if (recorder->path) {
    CriticalPath &path = *recorder->path;
    Path &p = path.of(pe.id, slot);
    uint32_t kernel = globalKernel(pe, f.kernel);
    path.add(p, pe.id, kernel, PathCompute, 1);
    if (sends)
      path.at(place) = {p, 0, 0};
    path.add(p, pe.id, kernel, PathCompute, f.earliest - now - 1);
  }
  if (sends)
    traceEvent(pe, PEEvent::OutLanes + pe.code->outColor[f.dst.queue],
               PEEvent::Sent, now, now + 1, wavelets[place].word, 0);
  if (uint32_t traced = recorder->events.find(pe.x, pe.y); traced != None)
    recorder->events.elements(traced, slot, now, f.earliest, n,
                              recorder->trace);
}

/// The op of `slot` has ended; a main thread that waits for it has not yet been
/// told.
void Machine::traceEnd(PE &pe, unsigned slot) {
  const Flight &f = pe.flights[slot];
  bool waits = slot && pe.state == PE::Waiting && pe.waitsFor == slot;
  uint64_t least = pe.time + target.scalarAlu;
  if (recorder->path && waits) {
    CriticalPath &path = *recorder->path;
    Path op = path.of(pe.id, slot);
    if (f.end > least)
      path.of(pe.id, 0) = op;
    else
      path.add(path.of(pe.id, 0), pe.id, globalKernel(pe, pe.account),
               PathCompute, target.scalarAlu);
  }
  uint32_t traced = recorder->events.find(pe.x, pe.y);
  if (traced == None)
    return;
  recorder->events.endElements(traced, slot, recorder->trace);
  uint64_t begins = f.issue + (slot ? uint64_t(target.scalarAlu) : 0);
  traceEvent(pe, slot, PEEvent::Instruction, begins, f.end, textOf(pe, *f.inst),
             globalKernel(pe, f.kernel));
  if (waits)
    traceEvent(pe, 0, PEEvent::Instruction, pe.time, std::max(least, f.end),
               textOf(pe, pe.code->insts[pe.pc]), globalKernel(pe, pe.account));
}
