//===- Map.cpp - The picture of the grid ----------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// A wafer has hundreds of thousands of PEs, a terminal about a hundred columns:
// the ASCII map shows one character per block of PEs, the class that has most
// PEs in it. Work grows with patterns and blocks, never with PEs.
//
//===----------------------------------------------------------------------===//
#include "DumpText.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include <algorithm>
#include <map>
#include <set>

using namespace weft::bin;
using llvm::raw_ostream;

namespace {

constexpr uint32_t MaxColumns = 96;
constexpr unsigned MaxBorders = 24; // more would be noise

char letter(size_t index) {
  static constexpr char letters[] =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  return index < sizeof(letters) - 1 ? letters[index] : '#';
}

/// How many of from, from + step, ... (n of them) lie in [lo, hi).
uint64_t countIn(uint64_t from, uint64_t n, uint64_t step, uint64_t lo,
                 uint64_t hi) {
  auto below = [&](uint64_t limit) {
    return limit <= from ? 0 : std::min(n, (limit - from + step - 1) / step);
  };
  return below(hi) - below(lo);
}

/// One character per block, and the boxes of stages around them. Columns and
/// rows are inserted where a stage begins or ends.
class Map {
public:
  Map(const Program &p) : p(p) {
    block = std::max(1u, (p.gridW + MaxColumns - 1) / MaxColumns);
    columns = (p.gridW + block - 1) / block;
    rows = (p.gridH + block - 1) / block;
    cells.assign(uint64_t(columns) * rows, '.');
    fill();
    findBorders();
  }

  void print(raw_ostream &os) const {
    os << "grid " << p.gridW << "x" << p.gridH;
    if (block > 1)
      os << ", one character per " << block << "x" << block << " PEs";
    os << "\n";
    std::vector<std::string> canvas = draw();
    for (const std::string &line : canvas)
      os << llvm::StringRef(line).rtrim() << "\n";
  }

private:
  void fill() {
    std::vector<uint64_t> most(cells.size(), 0), count(cells.size(), 0);
    for (size_t c = 0; c < p.classes.size(); ++c) {
      std::set<uint64_t> touched;
      for (const Pattern &q : p.classes[c].where)
        addCounts(q, count, touched);
      for (uint64_t cell : touched) {
        if (count[cell] > most[cell]) {
          most[cell] = count[cell];
          cells[cell] = letter(c);
        }
        count[cell] = 0;
      }
    }
  }

  void addCounts(const Pattern &q, std::vector<uint64_t> &count,
                 std::set<uint64_t> &touched) const {
    uint32_t x1 = (q.x0 + (q.w - 1) * q.dx) / block,
             y1 = (q.y0 + (q.h - 1) * q.dy) / block;
    for (uint32_t by = q.y0 / block; by <= y1; ++by)
      for (uint32_t bx = q.x0 / block; bx <= x1; ++bx) {
        uint64_t n = countIn(q.x0, q.w, q.dx, uint64_t(bx) * block,
                             uint64_t(bx + 1) * block) *
                     countIn(q.y0, q.h, q.dy, uint64_t(by) * block,
                             uint64_t(by + 1) * block);
        if (!n)
          continue;
        uint64_t cell = uint64_t(by) * columns + bx;
        count[cell] += n;
        touched.insert(cell);
      }
  }

  /// First block of a stage, and the block after its last.
  struct Box {
    uint32_t x0, y0, x1, y1;
  };
  Box box(const Pattern &q) const {
    uint32_t xEnd = q.x0 + (q.w - 1) * q.dx + 1,
             yEnd = q.y0 + (q.h - 1) * q.dy + 1;
    return {q.x0 / block, q.y0 / block, (xEnd + block - 1) / block,
            (yEnd + block - 1) / block};
  }

  void findBorders() {
    for (const Stage &s : p.stages) {
      Box b = box(s.where);
      xBorders.insert({b.x0, b.x1});
      yBorders.insert({b.y0, b.y1});
    }
    if (xBorders.size() + yBorders.size() > 2 * MaxBorders) {
      xBorders.clear();
      yBorders.clear();
    }
  }

  /// Canvas coordinate of the border before block `b` / of block `b` itself.
  static unsigned border(const std::set<uint32_t> &borders, uint32_t b) {
    return b + std::distance(borders.begin(), borders.lower_bound(b));
  }
  static unsigned inside(const std::set<uint32_t> &borders, uint32_t b) {
    return b + std::distance(borders.begin(), borders.upper_bound(b));
  }

  std::vector<std::string> draw() const {
    std::vector<std::string> canvas(
        rows + yBorders.size(), std::string(columns + xBorders.size(), ' '));
    for (uint32_t y = 0; y < rows; ++y)
      for (uint32_t x = 0; x < columns; ++x)
        canvas[inside(yBorders, y)][inside(xBorders, x)] =
            cells[uint64_t(y) * columns + x];
    if (!xBorders.empty())
      for (const Stage &s : p.stages)
        drawBox(canvas, s);
    return canvas;
  }

  void drawBox(std::vector<std::string> &canvas, const Stage &s) const {
    Box b = box(s.where);
    unsigned x0 = border(xBorders, b.x0), x1 = border(xBorders, b.x1),
             y0 = border(yBorders, b.y0), y1 = border(yBorders, b.y1);
    for (unsigned x = x0 + 1; x < x1; ++x)
      canvas[y0][x] = canvas[y1][x] = '-';
    for (unsigned y = y0 + 1; y < y1; ++y)
      canvas[y][x0] = canvas[y][x1] = '|';
    canvas[y0][x0] = canvas[y0][x1] = canvas[y1][x0] = canvas[y1][x1] = '+';
    std::string name = quoted(s.name);
    name = name.substr(1, name.size() - 2);
    for (unsigned i = 0; i < name.size() && x0 + 1 + i < x1; ++i)
      canvas[y0][x0 + 1 + i] = name[i];
  }

  const Program &p;
  uint32_t block, columns, rows;
  std::vector<char> cells;
  std::set<uint32_t> xBorders, yBorders;
};

} // namespace

void weft::bin::dumpMap(const Program &p, raw_ostream &os) {
  Map(p).print(os);
  for (size_t i = 0; i < p.classes.size(); ++i) {
    uint64_t pes = 0;
    for (const Pattern &q : p.classes[i].where)
      pes += q.count();
    os << "  " << letter(i) << "  class " << quoted(p.classes[i].name) << ", "
       << pes << " PEs\n";
  }
  for (const Stage &s : p.stages)
    os << "  stage " << quoted(s.name) << " " << text(s.where) << "\n";
}

//===----------------------------------------------------------------------===//
// SVG
//===----------------------------------------------------------------------===//

static std::string escaped(llvm::StringRef name) {
  std::string printable = quoted(name), s;
  llvm::raw_string_ostream os(s);
  llvm::printHTMLEscaped(llvm::StringRef(printable).drop_front().drop_back(),
                         os);
  return s;
}

namespace {

class Svg {
public:
  Svg(const Program &p, raw_ostream &os) : p(p), os(os) {
    scale = std::max(1u, 960 / std::max(p.gridW, p.gridH));
  }

  void print() {
    constexpr unsigned LegendWidth = 320, Line = 18;
    uint64_t lines = p.classes.size() + p.stages.size() + 1;
    uint64_t w = uint64_t(p.gridW) * scale, h = uint64_t(p.gridH) * scale;
    os << "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\""
       << w + LegendWidth << "\" height=\"" << std::max(h, lines * Line) + 20
       << "\" font-family=\"sans-serif\" font-size=\"13\">\n"
       << "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
       << "<g transform=\"translate(10,10)\">\n"
       << "<rect width=\"" << w << "\" height=\"" << h
       << "\" fill=\"#eee\"/>\n";
    for (size_t i = 0; i < p.classes.size(); ++i)
      drawClass(i);
    for (const Stage &s : p.stages)
      drawStage(s);
    os << "<g transform=\"translate(" << w + 12 << ",0)\">\n";
    for (size_t i = 0; i < p.classes.size(); ++i)
      os << "<rect y=\"" << i * Line << "\" width=\"14\" height=\"14\" fill=\""
         << color(i) << "\"/><text x=\"20\" y=\"" << i * Line + 12 << "\">"
         << escaped(p.classes[i].name) << "</text>\n";
    os << "</g>\n</g>\n</svg>\n";
  }

private:
  /// Hues a golden angle apart, so that neighbours differ.
  static std::string color(size_t i) {
    return "hsl(" + std::to_string(i * 137 % 360) + ",60%," +
           std::to_string(i / 8 % 2 ? 50 : 68) + "%)";
  }

  void rect(uint64_t x, uint64_t y, uint64_t w, uint64_t h) {
    os << "<rect x=\"" << x * scale << "\" y=\"" << y * scale << "\" width=\""
       << w * scale << "\" height=\"" << h * scale << "\"/>";
  }

  void drawClass(size_t i) {
    const PEClass &c = p.classes[i];
    os << "<g fill=\"" << color(i) << "\"><title>" << escaped(c.name)
       << "</title>\n";
    for (const Pattern &q : c.where)
      drawPattern(q);
    os << "</g>\n";
  }

  /// Strided patterns are drawn as lines of PEs where they are few, and as
  /// their shaded hull where they are many.
  void drawPattern(const Pattern &q) {
    uint32_t dx = q.w > 1 ? q.dx : 1, dy = q.h > 1 ? q.dy : 1;
    uint64_t runsX = dx == 1 ? 1 : q.w, runsY = dy == 1 ? 1 : q.h;
    if (runsX * runsY > 256) {
      os << "<g fill-opacity=\"0.4\">";
      rect(q.x0, q.y0, uint64_t(q.w - 1) * dx + 1, uint64_t(q.h - 1) * dy + 1);
      os << "</g>\n";
      return;
    }
    for (uint64_t j = 0; j < runsY; ++j)
      for (uint64_t i = 0; i < runsX; ++i)
        rect(q.x0 + i * dx, q.y0 + j * dy, dx == 1 ? q.w : 1,
             dy == 1 ? q.h : 1);
    os << "\n";
  }

  void drawStage(const Stage &s) {
    const Pattern &q = s.where;
    os << "<g fill=\"none\" stroke=\"black\" stroke-width=\"1.5\">";
    rect(q.x0, q.y0, uint64_t(q.w - 1) * q.dx + 1,
         uint64_t(q.h - 1) * q.dy + 1);
    os << "</g><text x=\"" << uint64_t(q.x0) * scale + 4 << "\" y=\""
       << uint64_t(q.y0) * scale + 14 << "\">" << escaped(s.name)
       << "</text>\n";
  }

  const Program &p;
  raw_ostream &os;
  uint32_t scale;
};

} // namespace

void weft::bin::dumpSvg(const Program &p, raw_ostream &os) {
  Svg(p, os).print();
}
