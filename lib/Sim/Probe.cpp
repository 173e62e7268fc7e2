//===- Probe.cpp - Values that live for a while ---------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Buffers are reused, so a value that is asked for is copied from each PE when
// that PE's call for the value's kernel ends: at that point of its program, not
// at one cycle of all PEs. Only the main thread's order counts: it may run
// ahead of the clock, but its memory is then that of its own place.
//
//===----------------------------------------------------------------------===//
#include "Machine.h"
#include "Tiles.h"
#include "weft/Sim/Elements.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/FormatVariadic.h"
#include <cstring>

using namespace llvm;
using namespace weft;
using namespace weft::sim;

std::pair<uint32_t, uint32_t> sim::holderOf(const bin::Placement &p,
                                            uint64_t element) {
  uint32_t x = p.where.x0, y = p.where.y0;
  for (const bin::DimMap &d : llvm::reverse(p.dims)) {
    uint32_t tile = uint32_t(element % d.extent) / d.tile;
    element /= d.extent;
    if (d.axis != bin::Axis::None)
      (d.axis == bin::Axis::X ? x : y) += tile;
  }
  return {x, y};
}

static std::string nameOf(const bin::NamedValue &v) {
  return "value '" + v.name + "'";
}

Error Machine::addProbe(size_t value) {
  if (value >= program.values.size())
    return createStringError(
        formatv("value {0} of {1}", value, program.values.size()));
  const bin::NamedValue &v = program.values[value];
  const bin::Placement &p = v.place;
  if (v.kernel >= program.kernels.size())
    return createStringError(formatv("{0} is of kernel {1} of {2}", nameOf(v),
                                     v.kernel, program.kernels.size()));
  if (countOf(v.shape))
    if (Error e = checkPlacement(p, v.shape, target, nameOf(v)))
      return e;
  Probe probe;
  probe.value = uint32_t(value);
  if (countOf(v.shape))
    probe.tileBytes = size_t(p.localElems()) * bin::elemBytes(p.storage);
  probe.tiles.resize(probe.tileBytes * p.where.count());
  probe.states.resize(p.where.count());
  probesOf.resize(program.kernels.size());
  probesOf[v.kernel].push_back(uint32_t(probes.size()));
  probes.push_back(std::move(probe));
  return Error::success();
}

/// Does an op that `kernel` issued on this PE still receive or send?
bool Machine::inFlight(const PE &pe, uint32_t kernel) const {
  for (uint32_t m = pe.live; m; m &= m - 1)
    if (pe.flights[countr_zero(m)].kernel == kernel)
      return true;
  return false;
}

void Machine::endOfKernel(PE &pe, uint32_t kernel) {
  if (kernel == None || kernel == ByAddress ||
      probesOf[pe.code->kernels[kernel]].empty())
    return;
  if (inFlight(pe, kernel))
    lateKernels.push_back({pe.id, kernel});
  else
    keepValues(pe, pe.code->kernels[kernel]);
}

/// An op has ended on this PE. Was it the last of a kernel it had left?
void Machine::keepLate(PE &pe) {
  for (size_t i = 0; i < lateKernels.size();) {
    auto [id, kernel] = lateKernels[i];
    if (id != pe.id || inFlight(pe, kernel)) {
      ++i;
      continue;
    }
    keepValues(pe, pe.code->kernels[kernel]);
    lateKernels.erase(lateKernels.begin() + ptrdiff_t(i));
  }
}

void Machine::keepValues(const PE &pe, uint32_t kernel) {
  for (uint32_t probe : probesOf[kernel])
    if (program.values[probes[probe].value].place.where.contains(pe.x, pe.y))
      keepTile(probes[probe], pe);
}

void Machine::keepTile(Probe &probe, const PE &pe) {
  const bin::Placement &p = program.values[probe.value].place;
  uint32_t i = pe.x - p.where.x0, j = pe.y - p.where.y0;
  size_t at = size_t(j) * p.where.w + i;
  unsigned size = bin::elemBytes(p.storage);
  if (probe.tileBytes)
    memory.read(pe.id, p.addr, p.addr + int64_t(probe.tileBytes),
                probe.tiles.data() + at * probe.tileBytes);
  bool written =
      !probe.tileBytes ||
      TileWalk(p, i, j).each([&](uint64_t local, int64_t global, uint64_t k) {
        int64_t addr = p.addr + int64_t(local) * size;
        return global < 0 ||
               memory.written(pe.id, addr, addr + int64_t(k * size));
      });
  probe.states[at] = written ? Probe::Kept : Probe::Unwritten;
}

std::pair<bool, bool> sim::axesOf(const bin::Placement &p) {
  std::pair<bool, bool> uses;
  for (const bin::DimMap &d : p.dims) {
    uses.first |= d.axis == bin::Axis::X;
    uses.second |= d.axis == bin::Axis::Y;
  }
  return uses;
}

Expected<std::vector<uint8_t>> Machine::getProbe(size_t value) const {
  auto probe =
      llvm::find_if(probes, [&](const Probe &q) { return q.value == value; });
  if (probe == probes.end())
    return createStringError(formatv("value {0} was not asked for", value));
  const bin::NamedValue &v = program.values[value];
  const bin::Placement &p = v.place;
  unsigned size = bin::elemBytes(p.storage);
  std::vector<uint8_t> stored(countOf(v.shape) * size);
  auto [usesX, usesY] = axesOf(p);
  for (uint32_t j = 0; probe->tileBytes && j < (usesY ? p.where.h : 1); ++j)
    for (uint32_t i = 0; i < (usesX ? p.where.w : 1); ++i) {
      size_t at = size_t(j) * p.where.w + i;
      if (probe->states[at] != Probe::Kept)
        return createStringError(
            formatv("{0}: PE ({1}, {2}) {3} kernel '{4}'", nameOf(v),
                    p.where.x0 + i, p.where.y0 + j,
                    probe->states[at] == Probe::Missing
                        ? "makes no call for"
                        : "has not written all of its tile (R-MEM-3) after",
                    program.kernels[v.kernel].name));
      const uint8_t *tile = probe->tiles.data() + at * probe->tileBytes;
      TileWalk(p, i, j).each([&](uint64_t local, int64_t global, uint64_t k) {
        if (global >= 0)
          memcpy(stored.data() + global * size, tile + local * size, k * size);
        return true;
      });
    }
  return fromStorage(stored, p.storage, v.type);
}
