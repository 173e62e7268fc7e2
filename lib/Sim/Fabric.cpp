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
#include "Moves.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/FormatVariadic.h"
#include <algorithm>
#include <tuple>

using namespace llvm;
using namespace weft;
using namespace weft::sim;

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
  std::vector<Setting> settings;
  for (uint32_t i = 0; i < program.routes.size(); ++i)
    if (Error e = expandRoute(i, settings))
      return e;
  return buildCells(settings);
}

static std::string routeText(const bin::Route &r) {
  return formatv("route of colour {0} at ({1}, {2}): ", r.color, r.where.x0,
                 r.where.y0);
}

Error Machine::expandRoute(uint32_t route, std::vector<Setting> &settings) {
  const bin::Route &r = program.routes[route];
  if (!onGrid(r.where, program))
    return createStringError(routeText(r) +
                             "the pattern leaves the grid (R-FAB-3)");
  if (dirOf(r.rx) == NumDirs || !r.tx || r.tx >= 32 || (r.tx & r.rx))
    return createStringError(
        routeText(r) +
        formatv("receive ports {0}, transmit ports {1}: one receive port and a "
                "set of others are allowed (R-FAB-2)",
                r.rx, r.tx)
            .str());
  for (uint32_t j = 0; j < r.where.h; ++j)
    for (uint32_t i = 0; i < r.where.w; ++i)
      settings.push_back(
          {routerAt(r.where.x0 + i * r.where.dx, r.where.y0 + j * r.where.dy),
           route, colorIndex[r.color]});
  return Error::success();
}

Error Machine::buildCells(std::vector<Setting> &settings) {
  llvm::sort(settings, [](const Setting &a, const Setting &b) {
    return std::tie(a.router, a.color, a.route) <
           std::tie(b.router, b.color, b.route);
  });
  const Setting *twice = nullptr;
  routers.assign(size_t(program.gridW) * program.gridH, {});
  cells.reserve(settings.size());
  for (size_t i = 0; i < settings.size(); ++i) {
    const Setting &s = settings[i];
    if (i && s.router == settings[i - 1].router &&
        s.color == settings[i - 1].color && (!twice || s.route < twice->route))
      twice = &s;
    Router &r = routers[s.router];
    if (!r.count++)
      r.first = uint32_t(cells.size());
    Cell c;
    c.router = s.router;
    c.rx = program.routes[s.route].rx;
    c.tx = program.routes[s.route].tx;
    c.color = s.color;
    cells.push_back(c);
  }
  if (!twice)
    return Error::success();
  return createStringError(
      routeText(program.routes[twice->route]) +
      formatv("the router of ({0}, {1}) has two settings (R-FAB-2)",
              twice->router % program.gridW, twice->router / program.gridW)
          .str());
}

uint32_t Machine::cellAt(uint32_t router, unsigned ci) const {
  const Router &r = routers[router];
  for (uint32_t c = r.first; c < r.first + r.count; ++c)
    if (cells[c].color == ci)
      return c;
  return None;
}

uint32_t Machine::neighbour(uint32_t r, unsigned dir) const {
  uint32_t w = program.gridW, x = r % w, y = r / w;
  switch (dir) {
  case DirNorth:
    return y ? r - w : None;
  case DirSouth:
    return y + 1 < program.gridH ? r + w : None;
  case DirEast:
    return x + 1 < w ? r + 1 : None;
  default:
    return x ? r - 1 : None;
  }
}

/// Where wavelets go: to cells of the same colour that receive from here.
void Machine::linkCells() {
  for (uint32_t i = 0; i < cells.size(); ++i)
    for (unsigned dir = 0; dir < DirRamp; ++dir) {
      if (!(cells[i].tx >> dir & 1))
        continue;
      uint32_t n = neighbour(cells[i].router, dir),
               to = n == None ? None : cellAt(n, cells[i].color);
      if (to == None || cells[to].rx != 1u << opposite(dir))
        continue;
      cells[i].next[dir] = to;
      cells[to].up = i;
    }
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
  turn = target.turn;
  linkCells();
  for (Cell &c : cells)
    if (c.rx != bin::Ramp)
      makeFifo(
          c.fifo,
          target.routerBuffer +
              (c.up == None ? hop : wire(cells[c.up], opposite(dirOf(c.rx)))));
  for (uint32_t pe = 0; pe < pes.size(); ++pe)
    for (const bin::QueueBinding &q : program.classes[pes.classOf(pe)].queues) {
      uint32_t cell = cellAt(routerOf[pe], colorIndex[q.color]);
      if (cell == None)
        continue; // R-QUE-3 when an op uses it
      Cell &c = cells[cell];
      if (q.output && c.rx == bin::Ramp)
        makeFifo(c.fifo, depthOf(target.outQueueDepth, q.queue) + ramp);
      if (q.output)
        continue;
      c.queue = queues.size();
      queues.push_back({{}, cell, pe});
      makeFifo(queues.back().fifo,
               depthOf(target.inQueueDepth, q.queue) + ramp);
    }
}

static void empty(Fifo &f) {
  f.count = 0;
  f.lastPop = ~uint32_t(0);
  f.popped = 0;
}

void Machine::resetFabric() {
  for (Cell &c : cells)
    empty(c.fifo);
  for (Queue &q : queues)
    empty(q.fifo);
  for (Router &r : routers) {
    r.occupied = 0;
    std::fill(std::begin(r.lastWinner), std::end(r.lastWinner), NoColor);
  }
  routerEvents.resize(routers.size());
}

//===----------------------------------------------------------------------===//
// Moving
//===----------------------------------------------------------------------===//

static unsigned pickRoundRobin(uint32_t mask, uint8_t last) {
  uint32_t after = last == NoColor ? mask : mask & ~((uint32_t(2) << last) - 1);
  return llvm::countr_zero(after ? after : mask);
}

/// Which of the cells that can move do.
uint32_t Machine::choose(const Router &r, uint32_t can) const {
  if (!(can & (can - 1)))
    return can;
  uint32_t chosen = 0;
  unsigned busy = 0;
  for (unsigned dir = 0; dir < NumDirs && can; ++dir) {
    if (busy >> dir & 1)
      continue;
    uint32_t want = 0;
    for (uint32_t m = can; m; m &= m - 1) {
      unsigned i = llvm::countr_zero(m), tx = cells[r.first + i].tx;
      if ((tx >> dir & 1) && !(tx & busy))
        want |= 1u << i;
    }
    if (!want)
      continue;
    unsigned i = pickRoundRobin(want, r.lastWinner[dir]);
    busy |= cells[r.first + i].tx;
    can &= ~(1u << i);
    chosen |= 1u << i;
  }
  return chosen;
}

void Machine::stepRouter(uint32_t index) {
  Router &r = routers[index];
  uint32_t can = 0;
  if (llvm::has_single_bit(r.occupied)) {
    uint32_t only = r.first + unsigned(llvm::countr_zero(r.occupied));
    if (canLeave(cells[only]))
      forward(r, only);
    return;
  }
  for (uint32_t m = r.occupied; m; m &= m - 1) {
    unsigned i = llvm::countr_zero(m);
    if (canLeave(cells[r.first + i]))
      can |= 1u << i;
  }
  uint32_t chosen = choose(r, can);
  for (uint32_t m = chosen; m; m &= m - 1)
    forward(r, r.first + unsigned(llvm::countr_zero(m)));
  if (can & ~chosen)
    wakeRouter(index, now + 1);
}

void Machine::unrouted(const Cell &c, unsigned dir) {
  std::string what = dir == DirRamp
                         ? "whose PE binds no input queue to it (R-QUE-3)"
                         : formatv("whose route leads {0} to no router that "
                                   "receives it from there (R-FAB-3)",
                                   dirNames[dir])
                               .str();
  faults.push_back({RunError::Fault, dir == DirRamp ? "R-QUE-3" : "R-FAB-3",
                    formatv("cycle {0}: unrouted wavelet of {1}, {2}", now,
                            colorAt(c), what),
                    now});
}
