//===- DumpText.cpp - Pieces of text of the views -------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "DumpText.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace weft;
using namespace weft::bin;

std::string weft::bin::quoted(llvm::StringRef name) {
  std::string s;
  llvm::raw_string_ostream os(s);
  os << '\'';
  llvm::printEscapedString(name.take_front(200), os);
  os << (name.size() > 200 ? "...'" : "'");
  return s;
}

std::string weft::bin::text(const Pattern &p) {
  auto n = [](uint32_t v) { return std::to_string(v); };
  std::string s = "(" + n(p.x0) + ", " + n(p.y0) + ") " + n(p.w) + "x" + n(p.h);
  if ((p.dx != 1 && p.w > 1) || (p.dy != 1 && p.h > 1))
    s += " step (" + n(p.dx) + ", " + n(p.dy) + ")";
  return s;
}

static const char *name(ElemType t) {
  switch (t) {
  case ElemType::F32:
    return "f32";
  case ElemType::U8:
    return "u8";
  case ElemType::I8:
    return "i8";
  case ElemType::U16:
    return "u16";
  case ElemType::I16:
    return "i16";
  case ElemType::I32:
    return "i32";
  case ElemType::I64:
    return "i64";
  case ElemType::Bool:
    return "bool";
  case ElemType::F16:
    return "f16";
  case ElemType::U32:
    return "u32";
  case ElemType::U64:
    return "u64";
  case ElemType::BF16:
    return "bf16";
  }
  return "?";
}

std::string weft::bin::text(ElemType type, const std::vector<uint64_t> &shape) {
  std::string s = std::string(name(type)) + "[";
  for (size_t i = 0; i < shape.size(); ++i)
    s += (i ? "x" : "") + std::to_string(shape[i]);
  return s + "]";
}

std::string weft::bin::portsText(uint8_t rx, uint8_t tx) {
  auto names = [](uint8_t mask) {
    static constexpr const char *ports[] = {"north", "south", "east", "west",
                                            "ramp"};
    std::string s;
    for (unsigned i = 0; i < 5; ++i)
      if (mask >> i & 1)
        s += std::string(s.empty() ? "" : " ") + ports[i];
    return s;
  };
  return names(rx) + " -> " + names(tx);
}

std::string weft::bin::listText(const std::vector<Pattern> &where) {
  std::string s;
  for (const Pattern &p : llvm::ArrayRef(where).take_front(8))
    s += (s.empty() ? "" : "; ") + text(p);
  if (where.size() > 8)
    s += "; and " + std::to_string(where.size() - 8) + " more";
  return s;
}

uint64_t weft::bin::countPEs(const std::vector<Pattern> &where) {
  uint64_t n = 0;
  for (const Pattern &p : where)
    n += p.count();
  return n;
}

std::string weft::bin::placementText(const Placement &q) {
  std::string s = std::string(name(q.storage)) + " at 0x" +
                  llvm::utohexstr(q.addr, true) + " on " + text(q.where) +
                  ": [";
  for (size_t i = 0; i < q.dims.size(); ++i) {
    const DimMap &d = q.dims[i];
    s += (i ? ", " : "") + std::to_string(d.extent);
    if (d.axis == Axis::None)
      s += " whole";
    else
      s += " by " + std::to_string(d.tile) +
           (d.axis == Axis::X ? " along x" : " along y");
    s += " stride " + std::to_string(d.stride);
  }
  return s + "]";
}
