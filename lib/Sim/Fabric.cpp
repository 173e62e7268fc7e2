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

static std::string routeText(const bin::Route &r) {
  return formatv("route of colour {0} at ({1}, {2}): ", r.color, r.where.x0,
                 r.where.y0);
}

Error Machine::buildRoutes() {
  std::fill(std::begin(colorIndex), std::end(colorIndex), NoColor);
  bool used[256] = {};
  for (const bin::Route &r : program.routes)
    used[r.color] = true;
  for (const bin::Switch &s : program.switches)
    used[s.color] = true;
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
    if (Error e = expandRoute(program.routes[i], {0, i, 0, 0, 0, 0},
                              routeText(program.routes[i]), settings))
      return e;
  for (uint32_t i = 0; i < program.switches.size(); ++i) {
    const bin::Switch &s = program.switches[i];
    if (Error e = expandRoute(s, {0, i, 0, s.position, 0, 0}, switchText(s),
                              settings))
      return e;
  }
  return buildCells(settings);
}

/// The settings of all routers of a pattern, each like `like`.
template <typename Route>
Error Machine::expandRoute(const Route &r, Setting like,
                           const std::string &name,
                           std::vector<Setting> &settings) {
  if (!onGrid(r.where, program))
    return createStringError(name + "the pattern leaves the grid (R-FAB-3)");
  if (dirOf(r.rx) == NumDirs || !r.tx || r.tx >= 32 || (r.tx & r.rx))
    return createStringError(
        name +
        formatv("receive ports {0}, transmit ports {1}: one receive port and a "
                "set of others are allowed (R-FAB-2)",
                r.rx, r.tx)
            .str());
  like.color = colorIndex[r.color];
  like.rx = r.rx;
  like.tx = r.tx;
  for (uint32_t j = 0; j < r.where.h; ++j)
    for (uint32_t i = 0; i < r.where.w; ++i) {
      like.router =
          routerAt(r.where.x0 + i * r.where.dx, r.where.y0 + j * r.where.dy);
      settings.push_back(like);
    }
  return Error::success();
}

/// A cell of the last router so far.
uint32_t Machine::addCell(const Setting &s) {
  Router &r = routers[s.router];
  if (!r.count++)
    r.first = uint32_t(cells.size());
  Cell c;
  c.router = s.router;
  c.rx = s.rx;
  c.tx = c.everTx = s.tx;
  c.color = s.color;
  cells.push_back(c);
  return uint32_t(cells.size() - 1);
}

Error Machine::buildCells(std::vector<Setting> &settings) {
  llvm::sort(settings, [](const Setting &a, const Setting &b) {
    return std::tie(a.router, a.color, a.position, a.route) <
           std::tie(b.router, b.color, b.position, b.route);
  });
  const Setting *twice = nullptr;
  routers.assign(size_t(program.gridW) * program.gridH, {});
  cells.reserve(settings.size());
  for (size_t i = 0; i < settings.size(); ++i) {
    const Setting &s = settings[i], *before = i ? &settings[i - 1] : nullptr;
    if (routers[s.router].count == 32)
      return createStringError(
          formatv("the router of ({0}, {1}) has buffers for more than 32 "
                  "colours and receive ports, the simulator knows 32",
                  s.router % program.gridW, s.router / program.gridW));
    bool same =
        before && s.router == before->router && s.color == before->color;
    if (!s.position) {
      if (same && (!twice || s.route < twice->route))
        twice = &s;
      addCell(s);
      continue;
    }
    if (twice)
      continue;
    if (!same)
      return createStringError(switchText(program.switches[s.route]) +
                               "there is no setting of position 0 (R-FAB-10)");
    if (Error e = addPosition(s))
      return e;
  }
  if (!twice)
    return Error::success();
  return createStringError(
      routeText(program.routes[twice->route]) +
      formatv("the router of ({0}, {1}) has two settings (R-FAB-2)",
              twice->router % program.gridW, twice->router / program.gridW)
          .str());
}

/// The cell of a colour that receives from port `rx`.
uint32_t Machine::cellAt(uint32_t router, unsigned ci, unsigned rx) const {
  const Router &r = routers[router];
  for (uint32_t c = r.first; c < r.first + r.count; ++c)
    if (cells[c].color == ci && cells[c].rx == rx)
      return c;
  return None;
}

/// The cell of a colour that takes words from the PE, or gives it some.
uint32_t Machine::cellOfRamp(uint32_t router, unsigned ci, bool in) const {
  const Router &r = routers[router];
  for (uint32_t c = r.first; c < r.first + r.count; ++c)
    if (cells[c].color == ci &&
        (in ? cells[c].everTx & bin::Ramp : cells[c].rx == bin::Ramp))
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
      if (!(cells[i].everTx >> dir & 1))
        continue;
      uint32_t n = neighbour(cells[i].router, dir),
               to = n == None ? None
                              : cellAt(n, cells[i].color, 1u << opposite(dir));
      if (to == None)
        continue;
      cells[i].next[dir] = to;
      uint32_t &up = cells[to].up; // the one with the longest wire
      if (up == None || wire(cells[i], dir) > wire(cells[up], dir))
        up = i;
      cells[to].delay = wire(cells[up], dir);
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
  for (Cell &c : cells)
    c.delay = 1 + ramp; // unless another one feeds it
  linkCells();
  for (Cell &c : cells)
    if (c.rx != bin::Ramp)
      makeFifo(
          c.fifo,
          target.routerBuffer +
              (c.up == None ? hop : wire(cells[c.up], opposite(dirOf(c.rx)))));
  for (uint32_t pe = 0; pe < pes.size(); ++pe)
    for (const bin::QueueBinding &q : program.classes[pes.classOf(pe)].queues) {
      uint32_t cell = cellOfRamp(routerOf[pe], colorIndex[q.color], !q.output);
      if (cell == None)
        continue; // R-QUE-3 when an op uses it
      if (q.output) {
        makeFifo(cells[cell].fifo,
                 depthOf(target.outQueueDepth, q.queue) + ramp);
        continue;
      }
      const Router &r = routers[routerOf[pe]];
      for (uint32_t c = cell; c < r.first + r.count; ++c)
        if (cells[c].color == cells[cell].color)
          cells[c].queue = queues.size();
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
  resetSwitches();
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

template <bool Plain> void Machine::stepRouter(uint32_t index) {
  Router &r = routers[index];
  if (llvm::has_single_bit(r.occupied)) {
    uint32_t only = r.first + unsigned(llvm::countr_zero(r.occupied));
    if (canLeave(cells[only]))
      forward<Plain>(r, only);
    return;
  }
  uint32_t can = 0;
  unsigned busy = 0, twice = 0; // ports
  for (uint32_t m = r.occupied; m; m &= m - 1) {
    Cell &c = cells[r.first + unsigned(llvm::countr_zero(m))];
    if (!canLeave(c))
      continue;
    can |= m & -m;
    twice |= busy & c.tx;
    busy |= c.tx;
  }
  uint32_t chosen = twice ? choose(r, can) : can;
  for (uint32_t m = chosen; m; m &= m - 1)
    forward<Plain>(r, r.first + unsigned(llvm::countr_zero(m)));
  if (can & ~chosen)
    wakeRouter(index, now + 1);
}
template void Machine::stepRouter<false>(uint32_t index);
template void Machine::stepRouter<true>(uint32_t index);

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
