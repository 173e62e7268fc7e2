//===- Color.h - Colours of streams ---------------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Streams that meet on a router with different settings need different colours.
// Streams are given as strided rectangles of routers, so the problem does not
// grow with the grid. The solver is shadowed by verify(), which tests for
// common routers in its own way.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_SOLVE_COLOR_H
#define WEFT_SOLVE_COLOR_H

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace weft::solve {

/// The routers (x0 + i*dx, y0 + j*dy), 0 <= i < w, 0 <= j < h.
struct Region {
  uint32_t x0 = 0, y0 = 0, w = 1, h = 1, dx = 1, dy = 1;
  bool operator==(const Region &) const = default;
};

/// On each router of `where` the stream takes wavelets from port `rx` and
/// forwards them to the ports `tx` (bits of a mask; their meaning is the
/// caller's).
struct RouterSetting {
  Region where;
  uint8_t rx = 0, tx = 0;
};

struct ColorStream {
  std::string name; // for messages
  std::vector<RouterSetting> routers;
  std::optional<unsigned> fixed = std::nullopt; // the colour it must have
};

struct ColorSolution {
  std::vector<unsigned> color; // by stream
  unsigned used = 0;           // different colours
  unsigned lowerBound = 0;     // a clique of conflicts: as many are needed
};

class ColorProblem {
public:
  std::vector<unsigned> colors; // that may be given out, preferred ones first
  std::vector<ColorStream> streams;
  /// (a, b): the last wavelet of a is consumed before the first of b is sent.
  /// Proved by the caller; taken as given, not closed transitively.
  std::vector<std::pair<unsigned, unsigned>> before;
  /// May a router's setting change between ordered streams (a switch, or the PE
  /// rewriting it)? If not, as in files of today, R-FAB-2 forbids two settings
  /// of a colour on one router for ever, and order does not help.
  bool reconfigurable = false;

  unsigned add(ColorStream s) {
    streams.push_back(std::move(s));
    return unsigned(streams.size() - 1);
  }
  /// Is the problem well formed? "" or the first fault found.
  std::string check() const;
  /// Is `s` a solution? "" or the first fault found. Independent of the solver.
  std::string verify(const ColorSolution &s) const;
};

struct ColorFailure {
  Region where; // routers where colours run out
  unsigned demand = 0, capacity = 0;
  std::vector<unsigned> streams; // that need different colours there
};

struct ColorResult {
  std::optional<ColorSolution> solution;
  ColorFailure failure;
  std::string message; // why there is none
  explicit operator bool() const { return solution.has_value(); }
};

/// DSATUR, then a search with backtracking that is bounded by `steps`.
ColorResult solveColor(const ColorProblem &p, uint64_t steps = 200000);

} // namespace weft::solve
#endif
