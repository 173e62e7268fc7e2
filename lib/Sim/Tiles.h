//===- Tiles.h - Elements of a tensor in the tiles of PEs -----------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// What host border and probes share: where the elements of a placed tensor lie.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_SIM_TILES_H
#define WEFT_LIB_SIM_TILES_H

#include "weft/Binary/Program.h"
#include "weft/Target/Target.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include <algorithm>
#include <string>

namespace weft::sim {

inline uint64_t countOf(llvm::ArrayRef<uint64_t> shape) {
  uint64_t n = 1;
  for (uint64_t d : shape)
    n *= d;
  return n;
}

/// Which of the axes x and y hold no replicas.
std::pair<bool, bool> axesOf(const bin::Placement &p);

/// The rules a placement must keep so that tiles can be found at all.
llvm::Error checkPlacement(const bin::Placement &p,
                           llvm::ArrayRef<uint64_t> shape, const Target &t,
                           const std::string &what);

/// One PE's tile against the dense tensor.
class TileWalk {
public:
  TileWalk(const bin::Placement &p, uint32_t px, uint32_t py) : place(p) {
    uint64_t step = 1;
    global.resize(p.dims.size());
    first.resize(p.dims.size());
    for (size_t d = p.dims.size(); d-- > 0;) {
      const bin::DimMap &m = p.dims[d];
      uint64_t at = m.axis == bin::Axis::X   ? px
                    : m.axis == bin::Axis::Y ? py
                                             : 0;
      global[d] = step;
      first[d] = at * m.tile;
      step *= m.extent;
    }
  }
  /// f(local element, global element or -1 for padding, count): runs that are
  /// dense on both sides, in row-major order, until f returns false.
  template <typename F> bool each(F f) const { return walk(0, 0, 0, f); }

private:
  template <typename F>
  bool walk(size_t d, uint64_t local, int64_t at, F &f) const {
    if (d == place.dims.size())
      return f(local, at, uint64_t(1));
    const bin::DimMap &m = place.dims[d];
    if (d + 1 == place.dims.size() && m.stride == 1) {
      uint64_t inside = at < 0 || first[d] >= m.extent
                            ? 0
                            : std::min<uint64_t>(m.tile, m.extent - first[d]);
      return (!inside || f(local, at + int64_t(first[d]), inside)) &&
             (inside == m.tile ||
              f(local + inside, int64_t(-1), m.tile - inside));
    }
    for (uint32_t l = 0; l < m.tile; ++l) {
      uint64_t g = first[d] + l;
      int64_t next = at < 0 || g >= m.extent ? -1 : at + int64_t(g * global[d]);
      if (!walk(d + 1, local + uint64_t(l) * m.stride, next, f))
        return false;
    }
    return true;
  }
  const bin::Placement &place;
  std::vector<uint64_t> global, first;
};

} // namespace weft::sim
#endif
