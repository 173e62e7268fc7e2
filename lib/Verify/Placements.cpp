//===- Placements.cpp - Where the file says data and code lie -------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "Internal.h"
#include "llvm/ADT/STLExtras.h"

using namespace weft;
using namespace weft::verify;
using bin::DimMap;
using bin::ElemType;
using bin::Placement;

unsigned weft::verify::storageBytes(ElemType t) {
  return bin::isStorage(t) ? bin::elemBytes(t) : 0;
}

uint64_t weft::verify::span(const Placement &p) {
  uint64_t n = 1;
  for (const DimMap &d : p.dims)
    n = satAdd(n, satMul(d.tile ? d.tile - 1 : 0, d.stride));
  return n;
}

uint64_t weft::verify::tileElems(const Placement &p) {
  uint64_t n = 1;
  for (const DimMap &d : p.dims)
    n = satMul(n, d.tile);
  return n;
}

/// R-MEM-7: the buffer is one that .weft.memory states, to the byte.
static void checkStated(Context &c, const std::string &what, const Placement &p,
                        uint64_t bytes) {
  if (!statesData(c.program))
    return;
  Region stated;
  for (const bin::MemRange &m : c.program.memory)
    if (m.addr == p.addr && m.bytes == bytes)
      stated.push_back(m.where);
  Region rest = subtract(Region{p.where}, stated);
  if (!rest.empty())
    c.findings.add("R-MEM-7",
                   cat(what, " at ", describe(rest[0]),
                       " is no range of .weft.memory of that size there"));
}

bool weft::verify::statesData(const bin::Program &p) {
  using bin::MemRange;
  return llvm::any_of(p.memory, [](const MemRange &m) {
    return m.cls == MemRange::Weights || m.cls == MemRange::Activations ||
           m.cls == MemRange::IO;
  });
}

static bool isFloat(ElemType t) {
  return t == ElemType::F32 || t == ElemType::F16 || t == ElemType::BF16;
}

/// The host converts within floats and within integers, and PEs without code
/// are not there for it: then `rule` is broken.
static void checkPlacement(Context &c, const std::string &name,
                           const Placement &p, ElemType type,
                           const Region &running, const char *rule = "R-FILE") {
  unsigned size = storageBytes(p.storage);
  if (!size || p.where.dx != 1 || p.where.dy != 1 || !onGrid(p.where, c.grid) ||
      tileElems(p) == 0)
    return c.findings.add(
        "R-FILE", cat(name, ": not a tile per PE of a rectangle on the grid, "
                            "stored as f32, f16, bf16, i32 or i16"));
  if (isFloat(type) != isFloat(p.storage))
    c.findings.add("R-FILE",
                   name + (isFloat(type) ? ": floats are stored as integers"
                                         : ": integers are stored as floats"));
  if (Region rest = subtract(Region{p.where}, running); !rest.empty())
    c.findings.add(rule, cat(name, " lies at ", describe(rest[0]),
                             ", where no code runs"));
  uint64_t bytes = satMul(span(p), size), end = satAdd(p.addr, bytes);
  std::string range = cat(name, ": bytes ", p.addr, " to ", end);
  if (p.addr < c.target.reservedBytes)
    c.findings.add("R-MEM-1", cat(range, " lie in the reserved ",
                                  c.target.reservedBytes.value, " bytes"));
  if (end > c.target.sramBytes || tileElems(p) > MaxLocalElems)
    c.findings.add("R-MEM-1", cat(range, " do not fit in ",
                                  c.target.sramBytes.value, " bytes of SRAM"));
  if (p.addr % size)
    c.findings.add("R-MEM-2", cat(range, " are not aligned to ", size));
  checkStated(c, range, p, bytes);
}

/// An integer that its storage cannot hold. Of u32 an i32 keeps the bits.
static void checkValues(Context &c, const bin::Tensor &t, ElemType storage) {
  for (uint64_t i = 0; auto v = element(t, i); ++i)
    if (storage == ElemType::I16
            ? *v != int16_t(*v) || (t.type == ElemType::U32 && *v < 0)
            : *v != int32_t(*v))
      return c.findings.add("R-FILE",
                            cat("constant '", t.name, "': element ", i, " is ",
                                *v, ", which its storage cannot hold"));
}

static void checkCode(Context &c, size_t cls) {
  const bin::PEClass &k = c.program.classes[cls];
  uint64_t end = k.codeAddr + uint64_t(k.code.size()) * 4;
  std::string range =
      cat(className(c, cls), ": code at bytes ", k.codeAddr, " to ", end);
  if (k.codeAddr < c.target.reservedBytes || end > c.target.sramBytes)
    c.findings.add("R-MEM-1",
                   cat(range, " lies outside the ",
                       c.target.reservedBytes.value, " to ",
                       c.target.sramBytes.value, " that programs may use"));
  if (k.codeAddr % 4)
    c.findings.add("R-MEM-2", cat(range, " is not aligned to 4"));
  for (const bin::MemRange &m : c.program.memory)
    if (m.cls != bin::MemRange::Code && m.addr < end &&
        m.addr + uint64_t(m.bytes) > k.codeAddr)
      for (const Pattern &p : c.where[cls])
        if (auto both = intersect(p, m.where))
          c.findings.add("R-MEM-7",
                         cat("range '", m.name, "' of .weft.memory, bytes ",
                             m.addr, " to ", m.addr + uint64_t(m.bytes),
                             ", overlaps the code of ", className(c, cls),
                             " at ", describe(*both)));
}

void weft::verify::checkPlacements(Context &c) {
  const bin::Program &p = c.program;
  Region running;
  for (const Region &r : c.where)
    running.insert(running.end(), r.begin(), r.end());
  running = coalesce(std::move(running));
  std::set<std::pair<uint32_t, ElemType>> seen;
  for (const bin::DataInit &i : p.inits) {
    if (i.tensor >= p.tensors.size()) {
      c.findings.add("R-FILE", cat("initial data names tensor ", i.tensor,
                                   " of ", p.tensors.size()));
      continue;
    }
    const bin::Tensor &t = p.tensors[i.tensor];
    checkPlacement(c, cat("constant '", t.name, "'"), i.place, t.type, running);
    if (seen.insert({i.tensor, i.place.storage}).second)
      checkValues(c, t, i.place.storage);
  }
  for (const bin::IOTensor &t : p.inputs)
    if (t.kind == bin::IOTensor::OnWafer)
      checkPlacement(c, cat("input '", t.name, "'"), t.place, t.type, running);
  for (const bin::IOTensor &t : p.outputs)
    if (t.kind == bin::IOTensor::OnWafer)
      checkPlacement(c, cat("output '", t.name, "'"), t.place, t.type, running,
                     "R-MEM-3");
  for (size_t k = 0; k != p.classes.size(); ++k)
    checkCode(c, k);
}
