//===- HostBorder.cpp - Tensors to tiles and back -------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Before cycle 0 and after the last halt the host reads and writes tiles in
// SRAM. Elements outside the tensor are padding and hold zero; an axis that no
// dimension uses holds replicas.
//
//===----------------------------------------------------------------------===//
#include "Machine.h"
#include "Tiles.h"
#include "weft/Sim/Elements.h"
#include "llvm/Support/FormatVariadic.h"
#include <algorithm>
#include <cstring>

using namespace llvm;
using namespace weft;
using namespace weft::sim;
using bin::ElemType;

Error sim::checkPlacement(const bin::Placement &p, ArrayRef<uint64_t> shape,
                          const Target &t, const std::string &what) {
  auto bad = [&](const Twine &why) {
    return createStringError(what + ": " + why);
  };
  uint64_t n = 1;
  double span = 1;
  for (const bin::DimMap &d : p.dims) {
    uint64_t pes = d.axis == bin::Axis::X   ? p.where.w
                   : d.axis == bin::Axis::Y ? p.where.h
                                            : 1;
    if (!d.tile || !d.extent || pes * d.tile < d.extent)
      return bad(formatv("{0} tiles of {1} do not cover an extent of {2}", pes,
                         d.tile, d.extent));
    n *= d.extent;
    span += double(d.tile - 1) * d.stride;
  }
  if (n != countOf(shape))
    return bad(formatv("the placement holds {0} elements, the tensor {1}", n,
                       countOf(shape)));
  unsigned size = bin::elemBytes(p.storage);
  if (!isStorage(p.storage) || p.addr % size ||
      p.addr + span * size > t.sramBytes)
    return bad(
        formatv("a tile at byte {0} does not lie in SRAM (R-MEM-2)", p.addr));
  return Error::success();
}

/// Tiles of a constant that at least two PEs each hold alike, kept once, or
/// None. `keep`: `stored` is no part of the loaded file.
uint32_t Machine::shareTiles(const bin::Placement &p, ArrayRef<uint8_t> stored,
                             bool keep) {
  constexpr uint64_t Least = 256; // bytes; fewer are not worth their search
  auto [usesX, usesY] = axesOf(p);
  uint64_t distinct = uint64_t(usesX ? p.where.w : 1) * (usesY ? p.where.h : 1);
  unsigned size = bin::elemBytes(p.storage);
  uint64_t elems = 1, bytes = p.localElems() * size;
  for (const bin::DimMap &d : p.dims)
    elems *= d.tile;
  if (p.where.count() < 2 * distinct || elems != p.localElems() ||
      bytes < Least || bytes % 4 || p.addr % 4)
    return None;
  SharedTile tile;
  tile.lo = p.addr;
  tile.hi = p.addr + int64_t(bytes);
  tile.where = p.where;
  tile.stepX = usesX;
  tile.stepY = usesY ? (usesX ? p.where.w : 1) : 0;
  tile.held.resize(distinct * bytes);
  bool same = distinct == 1; // as the dense tensor
  for (uint64_t k = 0; k < distinct; ++k)
    TileWalk(p, usesX ? uint32_t(k % p.where.w) : 0,
             uint32_t(usesX ? k / p.where.w : k))
        .each([&](uint64_t local, int64_t global, uint64_t n) {
          same &= global == int64_t(local);
          if (global >= 0)
            memcpy(&tile.held[k * bytes + local * size],
                   stored.data() + global * size, n * size);
          return true;
        });
  if (same && !keep && reinterpret_cast<uintptr_t>(stored.data()) % 4 == 0) {
    tile.held = {};
    tile.tiles = stored.data();
  }
  return memory.addShared(std::move(tile), routerOf.data(), program.gridW);
}

Error Machine::writeTiles(const bin::Placement &p, ElemType type,
                          ArrayRef<uint64_t> shape, ArrayRef<uint8_t> bytes,
                          const std::string &what, bool constant) {
  if (countOf(shape) == 0)
    return Error::success();
  if (Error e = checkPlacement(p, shape, target, what))
    return e;
  std::vector<uint8_t> converted;
  if (type != p.storage) {
    Expected<std::vector<uint8_t>> stored = toStorage(bytes, type, p.storage);
    if (!stored)
      return createStringError(what + ": " + toString(stored.takeError()));
    converted = std::move(*stored);
  }
  ArrayRef<uint8_t> stored = type == p.storage ? bytes : ArrayRef(converted);
  unsigned size = bin::elemBytes(p.storage);
  if (stored.size() != countOf(shape) * size)
    return createStringError(formatv("{0}: {1} bytes for {2} elements", what,
                                     bytes.size(), countOf(shape)));
  uint32_t common =
      constant ? shareTiles(p, stored, /*keep=*/type != p.storage) : None;
  for (uint32_t j = 0; j < p.where.h; ++j)
    for (uint32_t i = 0; i < p.where.w; ++i) {
      uint64_t x = p.where.x0 + uint64_t(i) * p.where.dx,
               y = p.where.y0 + uint64_t(j) * p.where.dy;
      uint32_t pe =
          x < program.gridW && y < program.gridH ? peAt[routerAt(x, y)] : None;
      if (pe == None)
        return createStringError(
            formatv("{0}: ({1}, {2}) holds a tile but no class", what, x, y));
      if (common != None && memory.share(pe, common))
        continue;
      TileWalk(p, i, j).each([&](uint64_t local, int64_t global, uint64_t k) {
        int64_t addr = p.addr + local * size;
        memory.own(pe, addr, addr + k * size);
        uint8_t *to = memory.at(pe, addr);
        if (global < 0)
          memset(to, 0, k * size);
        else
          memcpy(to, stored.data() + global * size, k * size);
        memory.mark(pe, addr, addr + k * size);
        return true;
      });
    }
  return Error::success();
}

Expected<std::vector<uint8_t>>
Machine::readTiles(const bin::IOTensor &t) const {
  const bin::Placement &p = t.place;
  std::string what = "output '" + t.name + "'";
  uint64_t n = countOf(t.shape);
  unsigned size = bin::elemBytes(p.storage);
  std::vector<uint8_t> stored(n ? n * size : 0);
  if (n)
    if (Error e = checkPlacement(p, t.shape, target, what))
      return e;
  auto [usesX, usesY] = axesOf(p);
  std::string error;
  for (uint32_t j = 0; n && j < (usesY ? p.where.h : 1); ++j)
    for (uint32_t i = 0; i < (usesX ? p.where.w : 1); ++i) {
      uint64_t x = p.where.x0 + uint64_t(i) * p.where.dx,
               y = p.where.y0 + uint64_t(j) * p.where.dy;
      uint32_t pe =
          x < program.gridW && y < program.gridH ? peAt[routerAt(x, y)] : None;
      auto read = [&](uint64_t local, int64_t global, uint64_t k) {
        int64_t addr = p.addr + local * size;
        if (global < 0)
          return true;
        memory.read(pe, addr, addr + k * size, stored.data() + global * size);
        return memory.written(pe, addr, addr + k * size);
      };
      bool ok = pe != None && TileWalk(p, i, j).each(read);
      if (!ok)
        return createStringError(
            formatv("{0}: PE ({1}, {2}) {3}", what, x, y,
                    pe == None ? "is in no class"
                               : "never wrote part of its tile (R-MEM-3)"));
    }
  if (p.storage != t.type) {
    Expected<std::vector<uint8_t>> out = fromStorage(stored, p.storage, t.type);
    if (!out)
      return out.takeError();
    stored = std::move(*out);
  }
  if (t.perm.empty())
    return stored;
  return permuteElements(stored, t.shape, t.perm, bin::elemBytes(t.type),
                         /*inverse=*/true);
}

Error Machine::setInput(size_t index, ArrayRef<uint8_t> bytes) {
  if (index >= program.inputs.size())
    return createStringError(
        formatv("input {0} of {1}", index, program.inputs.size()));
  const bin::IOTensor &t = program.inputs[index];
  if (bytes.size() != countOf(t.shape) * bin::elemBytes(t.type))
    return createStringError(formatv(
        "input '{0}': {1} bytes, {2} elements of {3} bytes are due", t.name,
        bytes.size(), countOf(t.shape), bin::elemBytes(t.type)));
  if (llvm::any_of(program.outputs, [&](const bin::IOTensor &o) {
        return o.kind == bin::IOTensor::InputAlias && o.ref == index;
      }))
    inputBytes[uint32_t(index)] = bytes.vec();
  if (t.kind != bin::IOTensor::OnWafer ||
      t.place.dims.size() + t.place.where.count() == 0)
    return Error::success();
  std::string what = "input '" + t.name + "'";
  if (t.perm.empty())
    return writeTiles(t.place, t.type, t.shape, bytes, what);
  return writeTiles(t.place, t.type, permuteShape(t.shape, t.perm),
                    permuteElements(bytes, t.shape, t.perm,
                                    bin::elemBytes(t.type), /*inverse=*/false),
                    what);
}

Expected<std::vector<uint8_t>> Machine::getOutput(size_t index) const {
  if (index >= program.outputs.size())
    return createStringError(
        formatv("output {0} of {1}", index, program.outputs.size()));
  const bin::IOTensor &t = program.outputs[index];
  if (t.kind == bin::IOTensor::OnWafer)
    return readTiles(t);
  if (t.kind == bin::IOTensor::InputAlias) {
    auto input = inputBytes.find(uint32_t(t.ref));
    if (input == inputBytes.end())
      return createStringError(formatv(
          "output '{0}' is input {1}, which was not set", t.name, t.ref));
    return input->second;
  }
  if (t.ref >= program.tensors.size() || !program.tensors[t.ref].data)
    return createStringError("output '" + t.name +
                             "' names no tensor of the file");
  const bin::Tensor &c = program.tensors[t.ref];
  return convertElements(ArrayRef(c.data, c.bytes), c.type, t.type);
}
