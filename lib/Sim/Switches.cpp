//===- Switches.cpp - Settings of a router that follow each other ---------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// A colour that has several positions on a router has a cell, with a buffer of
// its own, for each port that some position receives from; only that of the
// present position forwards. Programs with switches run cycle by cycle: the
// words of a route do not come from one sender.
//
//===----------------------------------------------------------------------===//
#include "Moves.h"
#include "llvm/Support/FormatVariadic.h"

using namespace llvm;
using namespace weft;
using namespace weft::sim;

std::string sim::switchText(const bin::Switch &s) {
  return formatv("position {0} of colour {1} at ({2}, {3}): ", s.position,
                 s.color, s.where.x0, s.where.y0);
}

/// R-FAB-10 of one later position against those before it.
Error Machine::checkPosition(const Setting &s, const Switch &sw) const {
  auto refuse = [&](const Twine &what) {
    return createStringError(switchText(program.switches[s.route]) + what +
                             " (R-FAB-10)");
  };
  if (s.position != sw.positions.size())
    return refuse(formatv("the router of ({0}, {1}) has {2}",
                          s.router % program.gridW, s.router / program.gridW,
                          s.position < sw.positions.size() ? "it twice"
                                                           : "none before it"));
  if (s.position >= target.switchPositions)
    return refuse(
        formatv("the target has {0} positions", target.switchPositions.value));
  const Position &last = sw.positions.back();
  if (!target.switchBoth && cells[last.cell].rx != s.rx && last.tx != s.tx)
    return refuse("it changes both receive and transmit ports");
  return Error::success();
}

/// A later position of the last colour of the last router so far.
Error Machine::addPosition(const Setting &s) {
  uint32_t cell = uint32_t(cells.size() - 1);
  if (!switchOf.count(cell)) {
    switchOf[cell] = uint32_t(switches.size());
    switches.emplace_back().positions = {{cell, cells[cell].tx}};
  }
  uint32_t index = switchOf[cell];
  Switch &sw = switches[index];
  if (Error e = checkPosition(s, sw))
    return e;
  cell = cellAt(s.router, s.color, s.rx);
  if (cell == None) {
    cell = addCell(s);
    switchOf[cell] = index;
  }
  cells[cell].everTx |= s.tx;
  sw.positions.push_back({cell, s.tx});
  return Error::success();
}

void Machine::resetSwitches() {
  for (Switch &s : switches) {
    for (const Position &p : s.positions)
      cells[p.cell].tx = 0;
    for (Position &p : s.positions)
      p.moved = 0;
    cells[s.positions[0].cell].tx = s.positions[0].tx;
    s.at = s.issued = s.since = 0;
    s.pending.clear();
  }
}

/// R-FAB-10 of an op that is issued: may it move the switch of its router?
bool Machine::mayAdvance(PE &pe, uint32_t root) {
  const char *what = nullptr;
  auto it = switchOf.find(root);
  if (!target.switchAdvance)
    what = "the target's routers do not advance with an op";
  else if (it == switchOf.end() || switches[it->second].issued + 1 ==
                                       switches[it->second].positions.size())
    what = "the router has no further position";
  if (what)
    return fault(pe, "R-FAB-10", what), false;
  ++switches[it->second].issued;
  return true;
}

/// An op has sent its last wavelet, which will move the switch of `root`.
void Machine::advanceAfter(uint32_t root) {
  switches[switchOf.find(root)->second].pending.push_back(
      cells[root].fifo.pushed());
}

/// A wavelet has left the PE: the next position holds from the next cycle on.
void Machine::passedSwitch(uint32_t root) {
  auto it = switchOf.find(root);
  if (it == switchOf.end())
    return;
  Switch &s = switches[it->second];
  if (s.pending.empty() || s.pending.front() != cells[root].fifo.popped)
    return;
  s.pending.pop_front();
  s.positions[s.at].moved = cells[root].fifo.popped - s.since;
  cells[root].tx = 0;
  const Position &next = s.positions[++s.at];
  cells[next.cell].tx = next.tx;
  s.since = cells[next.cell].fifo.popped;
  wakeRouter(cells[next.cell].router, now + 1);
}

/// The last cell of the colour of `cell` on its router.
uint32_t Machine::lastOfColor(const Router &r, uint32_t cell) const {
  while (cell + 1 < r.first + r.count &&
         cells[cell + 1].color == cells[cell].color)
    ++cell;
  return cell;
}

/// Wavelets that a cell has sent in direction `dir`.
uint64_t Machine::crossed(uint32_t cell, unsigned dir) const {
  const Cell &c = cells[cell];
  auto it = switchOf.find(cell);
  if (it == switchOf.end())
    return c.tx >> dir & 1 ? c.fifo.popped : 0;
  const Switch &s = switches[it->second];
  uint64_t n = 0;
  for (unsigned k = 0; k <= s.at; ++k)
    if (const Position &p = s.positions[k]; p.cell == cell && (p.tx >> dir & 1))
      n += k < s.at ? p.moved : c.fifo.popped - s.since;
  return n;
}
