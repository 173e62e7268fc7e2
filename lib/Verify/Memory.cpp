//===- Memory.cpp - What the loader puts into each PE's SRAM --------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// A class is cut into pieces that hold the same placements; a byte is certain
// if every piece has it. Integer constants (address tables) are kept with the
// values they take over the PEs of the class, since the code loads addresses
// from them.
//
//===----------------------------------------------------------------------===//
#include "Internal.h"
#include "llvm/ADT/STLExtras.h"
#include <algorithm>
#include <cstring>
#include <functional>

using namespace weft;
using namespace weft::verify;
using bin::Axis;
using bin::DimMap;
using bin::ElemType;
using bin::Pattern;
using bin::Placement;

namespace {

constexpr uint64_t MaxTableElems = 1 << 14; // tiles kept as known integers

/// Calls `visit(local index per dimension, offset in elements)` for each
/// element of a tile whose index along d is below limit[d].
void forEachElem(
    const Placement &p, const std::vector<uint64_t> &limit,
    const std::function<void(const std::vector<uint64_t> &, uint64_t)> &visit) {
  for (uint64_t n : limit)
    if (n == 0)
      return;
  std::vector<uint64_t> at(p.dims.size(), 0);
  while (true) {
    uint64_t offset = 0;
    for (size_t d = 0; d != at.size(); ++d)
      offset += at[d] * p.dims[d].stride;
    visit(at, offset);
    size_t d = at.size();
    while (d != 0 && ++at[d - 1] == limit[d - 1])
      at[--d] = 0;
    if (d == 0)
      return;
  }
}

std::vector<uint64_t> tiles(const Placement &p) {
  std::vector<uint64_t> r;
  for (const DimMap &d : p.dims)
    r.push_back(d.tile);
  return r;
}

/// The tile's bytes; those of padding only if `padding`, judged on the PE of
/// `piece` that holds the most.
llvm::BitVector bytesOf(const Placement &p, unsigned sram,
                        const Pattern *piece) {
  llvm::BitVector bits(sram);
  unsigned size = storageBytes(p.storage);
  std::vector<uint64_t> limit = tiles(p);
  for (size_t d = 0; piece && d != p.dims.size(); ++d) {
    uint64_t first = p.dims[d].axis == Axis::X   ? piece->x0 - p.where.x0
                     : p.dims[d].axis == Axis::Y ? piece->y0 - p.where.y0
                                                 : 0;
    uint64_t start = first * p.dims[d].tile;
    limit[d] = std::min<uint64_t>(
        limit[d], p.dims[d].extent > start ? p.dims[d].extent - start : 0);
  }
  forEachElem(p, limit, [&](const std::vector<uint64_t> &, uint64_t offset) {
    uint64_t a = p.addr + offset * size;
    bits.set(unsigned(a), unsigned(a + size));
  });
  return bits;
}

/// A placement as the loader sees it.
struct Item {
  std::string what;
  const Placement *place = nullptr;
  const bin::DataInit *init = nullptr; // nullptr: an input, content unknown
};

class ImageBuilder {
public:
  ImageBuilder(Context &c, size_t cls)
      : c(c), cls(cls), sram(c.target.sramBytes) {}

  LoadImage run() {
    image.certain.resize(sram);
    image.results.resize(sram);
    image.constants.resize(sram);
    collect();
    declare();
    bool first = true;
    auto place = [](const Item &i) { return i.place->where; };
    auto pieces =
        cut<Item>(c.where[cls], llvm::make_pointer_range(items), place);
    if (!pieces)
      c.findings.add("R-FILE", className(c, cls) +
                                   ": its data overlaps in too many ways");
    else
      for (const Piece<Item> &p : *pieces) {
        addPiece(p, first);
        first = false;
      }
    for (const bin::IOTensor &out : c.program.outputs)
      if (out.kind == bin::IOTensor::OnWafer && usable(out.place))
        for (const Pattern &p : c.where[cls])
          if (auto both = intersect(p, out.place.where);
              both && c.budget.spend(tileElems(out.place)))
            image.results |= bytesOf(out.place, sram, &*both);
    return std::move(image);
  }

private:
  using Words = decltype(LoadImage::words);

  bool usable(const Placement &p) const {
    unsigned size = storageBytes(p.storage);
    return size && onGrid(p.where, c.grid) && tileElems(p) <= MaxLocalElems &&
           tileElems(p) > 0 && satAdd(p.addr, satMul(span(p), size)) <= sram;
  }

  void collect() {
    for (const bin::DataInit &i : c.program.inits)
      if (i.tensor < c.program.tensors.size() && usable(i.place))
        items.push_back({"constant '" + c.program.tensors[i.tensor].name + "'",
                         &i.place, &i});
    for (const bin::IOTensor &in : c.program.inputs)
      if (in.kind == bin::IOTensor::OnWafer && usable(in.place))
        items.push_back({"input '" + in.name + "'", &in.place, nullptr});
  }

  /// Ranges of one buffer may lie on several rectangles.
  void declare() {
    std::map<std::pair<uint32_t, uint32_t>, Region> ranges;
    for (const bin::MemRange &m : c.program.memory)
      if (onGrid(m.where, c.grid) && satAdd(m.addr, m.bytes) <= sram)
        ranges[{m.addr, m.bytes}].push_back(m.where);
    if (!statesData(c.program))
      return;
    image.declared.resize(sram);
    for (const auto &[range, where] : ranges)
      if (subtract(c.where[cls], where).empty())
        image.declared.set(range.first, range.first + range.second);
  }

  const llvm::BitVector &bits(const Item &item) {
    auto [it, isNew] = cache.try_emplace(item.place);
    if (isNew)
      it->second = bytesOf(*item.place, sram, nullptr);
    return it->second;
  }

  void addPiece(const Piece<Item> &p, bool first) {
    const bin::PEClass &k = c.program.classes[cls];
    llvm::BitVector here(sram);
    uint64_t codeEnd =
        std::min<uint64_t>(k.codeAddr + uint64_t(k.code.size()) * 4, sram);
    if (k.codeAddr < codeEnd)
      here.set(k.codeAddr, unsigned(codeEnd));
    llvm::BitVector code = here;
    Words words;
    for (const Item *item : p.items) {
      const llvm::BitVector &b = bits(*item);
      if (here.anyCommon(b))
        c.findings.add("R-MEM-4", item->what + " at " + describe(p.where) +
                                      " overlaps " +
                                      (code.anyCommon(b)
                                           ? "the code of " + className(c, cls)
                                           : std::string("other loaded data")));
      here |= b;
      if (item->init)
        image.constants |= b;
      addWords(*item, p.where, words);
    }
    here.reset(code);
    if (first) {
      image.words = std::move(words);
      image.certain = here;
    } else {
      joinWords(words);
      image.certain &= here;
    }
  }

  void joinWords(const Words &piece) {
    Words both;
    for (const auto &[place, value] : image.words)
      if (auto other = piece.find(place); other != piece.end())
        both[place] = join(value, other->second);
    image.words = std::move(both);
  }

  void addWords(const Item &item, const Pattern &where, Words &words) {
    const Placement &p = *item.place;
    if (!item.init || tileElems(p) > MaxTableElems ||
        (p.storage != ElemType::I32 && p.storage != ElemType::I16))
      return;
    const bin::Tensor &t = c.program.tensors[item.init->tensor];
    unsigned size = storageBytes(p.storage);
    forEachElem(p, tiles(p),
                [&](const std::vector<uint64_t> &at, uint64_t offset) {
                  if (auto v = valuesOver(p, t, where, at))
                    words[{uint32_t(p.addr + offset * size), size}] = *v;
                });
  }

  /// The values that local element `at` takes on the PEs of `where`: O(w + h),
  /// as a table that differs along both axes is left unknown beyond a line.
  std::optional<Value> valuesOver(const Placement &p, const bin::Tensor &t,
                                  const Pattern &where,
                                  const std::vector<uint64_t> &at) {
    bool alongX = false, alongY = false;
    for (const DimMap &d : p.dims) {
      alongX |= d.axis == Axis::X;
      alongY |= d.axis == Axis::Y;
    }
    uint64_t nx = alongX ? where.w : 1, ny = alongY ? where.h : 1;
    if (nx * ny > 4096 || !c.budget.spend(nx * ny))
      return std::nullopt;
    std::optional<Value> r;
    for (uint64_t i = 0; i != nx; ++i)
      for (uint64_t j = 0; j != ny; ++j) {
        auto v =
            valueAt(p, t, where.x0 + i * where.dx, where.y0 + j * where.dy, at);
        if (!v)
          return std::nullopt;
        Value one = Value::constant(*v);
        r = r ? join(*r, one) : one;
      }
    return r;
  }

  std::optional<int64_t> valueAt(const Placement &p, const bin::Tensor &t,
                                 uint64_t x, uint64_t y,
                                 const std::vector<uint64_t> &at) {
    uint64_t index = 0;
    for (size_t d = 0; d != p.dims.size(); ++d) {
      const DimMap &m = p.dims[d];
      uint64_t pos = m.axis == Axis::X   ? x - p.where.x0
                     : m.axis == Axis::Y ? y - p.where.y0
                                         : 0;
      uint64_t global = pos * m.tile + at[d];
      if (global >= m.extent)
        return 0;
      index = satAdd(satMul(index, m.extent), global);
    }
    auto v = element(t, index);
    if (!v)
      return std::nullopt;
    return p.storage == ElemType::I32 ? int64_t(int32_t(*v))
                                      : int64_t(int16_t(*v));
  }

  Context &c;
  size_t cls;
  unsigned sram;
  std::vector<Item> items;
  std::map<const Placement *, llvm::BitVector> cache; // looked up, never walked
  LoadImage image;
};

} // namespace

std::optional<int64_t> weft::verify::element(const bin::Tensor &t,
                                             uint64_t index) {
  unsigned size = bin::elemBytes(t.type);
  if (!t.data || !size || index >= t.bytes / size)
    return std::nullopt;
  const uint8_t *at = t.data + index * size;
  uint64_t raw = 0;
  for (unsigned i = 0; i != size; ++i)
    raw |= uint64_t(at[i]) << (8 * i);
  switch (t.type) {
  case ElemType::I8:
    return int8_t(raw);
  case ElemType::I16:
    return int16_t(raw);
  case ElemType::I32:
  case ElemType::U32: // registers see the same bits
    return int32_t(raw);
  case ElemType::Bool:
    return raw != 0;
  case ElemType::U64:
    return int64_t(std::min<uint64_t>(raw, INT64_MAX));
  case ElemType::U8:
  case ElemType::U16:
  case ElemType::I64:
    return int64_t(raw);
  default:
    return std::nullopt;
  }
}

LoadImage weft::verify::loadImage(Context &c, size_t cls) {
  return ImageBuilder(c, cls).run();
}
