//===- Fabric.cpp - Routers and queues ------------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// R-FAB-5 and R-FAB-6 together: the ports of a router are given away in the
// order north, south, east, west, ramp. A port goes to the next colour in round
// robin order that can move and whose other ports are still free; it takes all
// of them. So a multicast never holds one link while it waits for another.
//
//===----------------------------------------------------------------------===//
#include "Machine.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/FormatVariadic.h"
#include <algorithm>

using namespace llvm;
using namespace weft;
using namespace weft::sim;

static constexpr uint8_t NoColor = 255;
static const char *const dirNames[NumDirs] = {"north", "south", "east", "west",
                                              "ramp"};

static unsigned opposite(unsigned dir) { return dir ^ 1; }

/// The direction of a port mask with one bit; NumDirs otherwise.
static unsigned dirOf(uint8_t port) {
  return port && port < 32 && !(port & (port - 1)) ? llvm::countr_zero(port)
                                                   : unsigned(NumDirs);
}

//===----------------------------------------------------------------------===//
// Building
//===----------------------------------------------------------------------===//

static bool onGrid(const bin::Pattern &p, const bin::Program &prog) {
  return p.w && p.h && p.dx && p.dy &&
         p.x0 + uint64_t(p.w - 1) * p.dx < prog.gridW &&
         p.y0 + uint64_t(p.h - 1) * p.dy < prog.gridH;
}

Error Machine::buildRoutes() {
  std::fill(std::begin(colorIndex), std::end(colorIndex), NoColor);
  bool used[256] = {};
  for (const bin::Route &r : program.routes)
    used[r.color] = true;
  for (const bin::PEClass &c : program.classes)
    for (const bin::QueueBinding &q : c.queues)
      used[q.color] = true;
  for (unsigned c = 0; c < 256; ++c) {
    if (!used[c])
      continue;
    const auto &user = target.userColors.value;
    if (std::find(user.begin(), user.end(), c) == user.end())
      return createStringError(
          formatv("colour {0} is not one that programs may use (R-FAB-1)", c));
    colorIndex[c] = colorId.size();
    colorId.push_back(c);
  }
  numColors = colorId.size();
  if (numColors > 32)
    return createStringError(
        formatv("{0} colours are used, the simulator knows 32", numColors));
  size_t cells = size_t(program.gridW) * program.gridH * numColors;
  rx.assign(cells, 0);
  tx.assign(cells, 0);
  for (const bin::Route &r : program.routes)
    if (Error e = addRoute(r))
      return e;
  return Error::success();
}

Error Machine::addRoute(const bin::Route &r) {
  auto bad = [&](const Twine &what) {
    return createStringError(formatv("route of colour {0} at ({1}, {2}): ",
                                     r.color, r.where.x0, r.where.y0) +
                             what);
  };
  if (!onGrid(r.where, program))
    return bad("the pattern leaves the grid (R-FAB-3)");
  if (dirOf(r.rx) == NumDirs || !r.tx || r.tx >= 32 || (r.tx & r.rx))
    return bad(formatv(
        "receive ports {0}, transmit ports {1}: one receive port and a set of "
        "others are allowed (R-FAB-2)",
        r.rx, r.tx));
  unsigned ci = colorIndex[r.color];
  for (uint32_t j = 0; j < r.where.h; ++j)
    for (uint32_t i = 0; i < r.where.w; ++i) {
      uint32_t x = r.where.x0 + i * r.where.dx, y = r.where.y0 + j * r.where.dy;
      size_t cell = size_t(routerAt(x, y)) * numColors + ci;
      if (rx[cell])
        return bad(formatv(
            "the router of ({0}, {1}) has two settings (R-FAB-2)", x, y));
      rx[cell] = r.rx;
      tx[cell] = r.tx;
    }
  return Error::success();
}

void Machine::makeFifo(Fifo &f, uint32_t capacity) {
  f.capacity = std::min<uint32_t>(capacity, 1u << 15);
  f.mask = llvm::bit_ceil(uint32_t(f.capacity)) - 1;
  f.ring = wavelets.size();
  wavelets.resize(wavelets.size() + f.mask + 1);
}

static uint32_t depthOf(const FactList &depths, uint32_t queue) {
  return queue < depths.value.size() ? depths.value[queue] : 0;
}

void Machine::buildQueues() {
  hop = std::max<uint32_t>(1, target.hop);
  ramp = std::max<uint32_t>(1, target.ramp);
  size_t routers = size_t(program.gridW) * program.gridH;
  fifos.assign(routers * numColors, {});
  queueOf.assign(routers * numColors, None);
  for (uint32_t r = 0; r < routers; ++r)
    for (unsigned ci = 0; ci < numColors; ++ci)
      if (rx[size_t(r) * numColors + ci] &&
          rx[size_t(r) * numColors + ci] != bin::Ramp)
        makeFifo(routerFifo(r, ci), target.routerBuffer + hop);
  for (const PE &pe : pes)
    for (const bin::QueueBinding &q : program.classes[pe.cls].queues) {
      unsigned ci = colorIndex[q.color];
      size_t cell = size_t(pe.router) * numColors + ci;
      if (q.output && rx[cell] == bin::Ramp)
        makeFifo(fifos[cell], depthOf(target.outQueueDepth, q.queue) + ramp);
      if (q.output)
        continue;
      queueOf[cell] = queues.size();
      queues.emplace_back();
      makeFifo(queues.back(), depthOf(target.inQueueDepth, q.queue) + ramp);
    }
  buildNeighbours();
  occupied.resize(routers);
  lastWinner.resize(routers * NumDirs);
  linkWavelets.resize(routers * NumDirs);
}

void Machine::buildNeighbours() {
  uint32_t w = program.gridW, h = program.gridH;
  neighbours.assign(size_t(w) * h * 4, None);
  for (uint32_t y = 0, r = 0; y < h; ++y)
    for (uint32_t x = 0; x < w; ++x, ++r) {
      uint32_t *n = &neighbours[size_t(r) * 4];
      n[DirNorth] = y ? r - w : None;
      n[DirSouth] = y + 1 < h ? r + w : None;
      n[DirEast] = x + 1 < w ? r + 1 : None;
      n[DirWest] = x ? r - 1 : None;
    }
}

void Machine::resetFabric() {
  for (std::vector<Fifo> *all : {&fifos, &queues})
    for (Fifo &f : *all) {
      f.head = f.count = 0;
      f.lastPop = ~uint32_t(0);
      f.pushed = 0;
    }
  std::fill(occupied.begin(), occupied.end(), 0);
  std::fill(lastWinner.begin(), lastWinner.end(), NoColor);
  std::fill(linkWavelets.begin(), linkWavelets.end(), 0);
  hops = 0;
  routerEvents.resize(occupied.size());
}

//===----------------------------------------------------------------------===//
// Moving
//===----------------------------------------------------------------------===//

void Machine::wakeRouter(uint32_t r, uint64_t at) {
  uint64_t delay = at > now ? at - now : 1;
  routerEvents.add(r, now, std::min(delay, Calendar::Horizon));
}

void Machine::wakePE(uint32_t pe, uint64_t at) {
  uint64_t delay = at > now ? at - now : 1;
  if (delay <= Calendar::Horizon)
    peEvents.add(pe, now, delay);
  else
    sleepers.push({at, pe});
}

/// Where a wavelet of colour `ci` goes from router `r` towards `dir`.
Fifo *Machine::targetOf(uint32_t r, unsigned ci, unsigned dir) {
  if (dir == DirRamp) {
    uint32_t q = queueOf[size_t(r) * numColors + ci];
    return q == None ? nullptr : &queues[q];
  }
  uint32_t n = neighbour(r, dir);
  if (n == None || rx[size_t(n) * numColors + ci] != 1u << opposite(dir))
    return nullptr;
  return &routerFifo(n, ci);
}

bool Machine::colorCanLeave(uint32_t r, unsigned ci) {
  const Fifo &f = routerFifo(r, ci);
  uint32_t ready = wavelets[f.ring + f.head].ready;
  if (ready > now) {
    wakeRouter(r, ready);
    return false;
  }
  for (unsigned ports = tx[size_t(r) * numColors + ci]; ports;
       ports &= ports - 1) {
    unsigned dir = llvm::countr_zero(ports);
    Fifo *to = targetOf(r, ci, dir);
    if (!to) {
      unrouted(r, ci, dir);
      return false;
    }
    if (!to->room(now))
      return false; // its reader wakes this router
  }
  return true;
}

unsigned Machine::pickRoundRobin(uint32_t mask, uint8_t last) const {
  uint32_t after = last == NoColor ? mask : mask & ~((uint32_t(2) << last) - 1);
  return llvm::countr_zero(after ? after : mask);
}

void Machine::stepRouter(uint32_t r) {
  uint32_t can = 0;
  for (uint32_t m = occupied[r]; m; m &= m - 1) {
    unsigned ci = llvm::countr_zero(m);
    if (colorCanLeave(r, ci))
      can |= 1u << ci;
  }
  const uint8_t *ports = &tx[size_t(r) * numColors];
  unsigned busy = 0;
  for (unsigned dir = 0; dir < NumDirs && can; ++dir) {
    if (busy >> dir & 1)
      continue;
    uint32_t want = 0;
    for (uint32_t m = can; m; m &= m - 1) {
      unsigned ci = llvm::countr_zero(m);
      if ((ports[ci] >> dir & 1) && !(ports[ci] & busy))
        want |= 1u << ci;
    }
    if (!want)
      continue;
    unsigned ci = pickRoundRobin(want, lastWinner[size_t(r) * NumDirs + dir]);
    busy |= ports[ci];
    can &= ~(1u << ci);
    forward(r, ci);
  }
  if (can)
    wakeRouter(r, now + 1);
}

void Machine::forward(uint32_t r, unsigned ci) {
  if (recorder)
    traceForward(r, ci);
  uint32_t word = popRouter(r, ci);
  for (unsigned ports = tx[size_t(r) * numColors + ci]; ports;
       ports &= ports - 1) {
    unsigned dir = llvm::countr_zero(ports);
    lastWinner[size_t(r) * NumDirs + dir] = ci;
    if (dir == DirRamp) {
      pushQueue(r, ci, word, now + ramp);
      continue;
    }
    ++hops;
    ++linkWavelets[size_t(r) * NumDirs + dir];
    pushRouter(neighbour(r, dir), ci, word, now + hop);
  }
}

static uint32_t popFifo(Fifo &f, const std::vector<Wavelet> &wavelets,
                        uint64_t now) {
  uint32_t word = wavelets[f.ring + f.head].word;
  f.head = (f.head + 1) & f.mask;
  --f.count;
  f.lastPop = uint32_t(now);
  return word;
}

static void pushFifo(Fifo &f, std::vector<Wavelet> &wavelets, uint32_t word,
                     uint64_t ready) {
  wavelets[f.ring + ((f.head + f.count) & f.mask)] = {word, uint32_t(ready)};
  ++f.count;
  ++f.pushed;
}

uint32_t Machine::popRouter(uint32_t r, unsigned ci) {
  Fifo &f = routerFifo(r, ci);
  bool wasFull = f.count >= f.capacity;
  uint32_t word = popFifo(f, wavelets, now);
  if (f.count)
    wakeRouter(r, wavelets[f.ring + f.head].ready);
  else
    occupied[r] &= ~(1u << ci);
  if (wasFull) {
    uint8_t from = rx[size_t(r) * numColors + ci];
    if (from == bin::Ramp)
      wakePE(peAt[r], now + 1);
    else
      wakeRouter(neighbour(r, dirOf(from)), now + 1);
  }
  return word;
}

uint32_t Machine::popQueue(PE &pe, uint32_t fifo) {
  Fifo &f = queues[fifo];
  if (f.count >= f.capacity)
    wakeRouter(pe.router, now + 1);
  return popFifo(f, wavelets, now);
}

void Machine::pushRouter(uint32_t r, unsigned ci, uint32_t word,
                         uint64_t ready) {
  Fifo &f = routerFifo(r, ci);
  if (!f.count)
    wakeRouter(r, ready);
  occupied[r] |= 1u << ci;
  pushFifo(f, wavelets, word, ready);
}

void Machine::pushQueue(uint32_t r, unsigned ci, uint32_t word,
                        uint64_t ready) {
  Fifo &f = queues[queueOf[size_t(r) * numColors + ci]];
  if (!f.count)
    wakePE(peAt[r], ready);
  pushFifo(f, wavelets, word, ready);
}

void Machine::unrouted(uint32_t r, unsigned ci, unsigned dir) {
  std::string what = dir == DirRamp
                         ? "whose PE binds no input queue to it (R-QUE-3)"
                         : formatv("whose route leads {0} to no router that "
                                   "receives it from there (R-FAB-3)",
                                   dirNames[dir])
                               .str();
  faults.push_back({RunError::Fault, dir == DirRamp ? "R-QUE-3" : "R-FAB-3",
                    formatv("cycle {0}: unrouted wavelet of {1}, {2}", now,
                            colorAt(r, ci), what)});
}
