//===- Issue.cpp - Vector ops that were issued before ---------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// What an op is, how long and how fast depends on the instruction and on the
// walks that its descriptors hold, and all PEs of a class run one code: from
// its second issue on, that is kept by instruction. Addresses, registers and
// queues are the PE's own.
//
//===----------------------------------------------------------------------===//
#include "Machine.h"
#include <cstring>
#include <type_traits>

using namespace weft;
using namespace weft::sim;
using isa::OperandKind;

/// Forms at most, so that code which many classes run a few times costs little.
constexpr size_t MaxForms = 1 << 16;

/// Forms that do not fit are replaced so often.
constexpr unsigned MaxMisses = 8;

void Machine::resetForms() {
  forms.clear();
  formOf.clear();
  for (const Code &c : codes)
    formOf.emplace_back(c.insts.size(), None);
}

static const Shape *shapeOf(const PE &pe, isa::Operand o) {
  return o.kind == OperandKind::Dsr ? pe.dsrs[o.index].shape : nullptr;
}

/// The form of `i` if it fits what the PE's descriptors hold.
const IssueForm *Machine::formFor(const PE &pe, const Inst &i) const {
  uint32_t at = formOf[pe.cls][&i - pe.code->insts.data()];
  if (at >= forms.size())
    return nullptr;
  const IssueForm &form = forms[at];
  bool fits = form.known && form.shapes[0] == shapeOf(pe, i.dst) &&
              form.shapes[1] == shapeOf(pe, i.src0) &&
              form.shapes[2] == shapeOf(pe, i.src1);
  return fits ? &form : nullptr;
}

/// A place for the form of an instruction that is issued again, or null.
IssueForm *Machine::formToFill(const PE &pe, const Inst &i) {
  constexpr uint32_t Seen = None - 1;
  uint32_t &at = formOf[pe.cls][&i - pe.code->insts.data()];
  if (at == None) {
    at = Seen;
    return nullptr;
  }
  if (at == Seen) {
    if (forms.size() == MaxForms)
      return nullptr;
    at = uint32_t(forms.size());
    forms.emplace_back();
  }
  forms[at].known = false;
  return forms[at].misses++ < MaxMisses ? &forms[at] : nullptr;
}

/// `f` has its timing; `form` has the rest of it.
void Machine::fillForm(IssueForm &form, const PE &pe, const Flight &f) {
  const Inst &i = *f.inst;
  const isa::Operand operands[] = {i.dst, i.src0, i.src1};
  const Source *sources[] = {&f.dst, &f.src0, &f.src1};
  for (unsigned k = 0; k < 3; ++k) {
    form.shapes[k] = shapeOf(pe, operands[k]);
    form.bases[k] = sources[k]->base;
  }
  form.flight.rate = f.rate;
  form.flight.setup = f.setup;
  form.known = true;
}

/// What `o` is on this PE. False: it has no such queue.
bool Machine::bindOperand(const PE &pe, isa::Operand o, Source &s) const {
  switch (o.kind) {
  case OperandKind::Dsr:
    s.base = pe.dsrs[o.index].base;
    return true;
  case OperandKind::Reg:
    s.value = pe.regs[o.index];
    return true;
  case OperandKind::FabIn:
  case OperandKind::FabOut: {
    bool in = o.kind == OperandKind::FabIn;
    uint32_t color = (in ? pe.code->inColor : pe.code->outColor)[o.index],
             cell = cellOfRamp(pe.router, colorIndex[color], in);
    if (cell == None)
      return false;
    s.fifo = in ? cells[cell].queue : cell;
    return true;
  }
  case OperandKind::None:
    break;
  }
  return true;
}

/// A copy by lines; the compiler's own takes three times as long.
static void copyUnused(Flight &to, const Flight &from) {
  static_assert(std::is_trivially_copyable_v<Flight>);
  char *t = reinterpret_cast<char *>(&to);
  const char *f = reinterpret_cast<const char *>(&from);
  for (size_t at = 0; at < sizeof(Flight); at += 64)
    std::memcpy(t + at, f + at, 64);
}

/// Sets `f` up to its races and memory rules. False: the long way finds out
/// what is wrong.
bool Machine::startForm(const PE &pe, const IssueForm &form, Flight &f) const {
  copyUnused(f, form.flight);
  const Inst &i = *f.inst;
  return bindOperand(pe, i.dst, f.dst) && bindOperand(pe, i.src0, f.src0) &&
         bindOperand(pe, i.src1, f.src1);
}

bool Machine::sameBases(const IssueForm &form, const Flight &f) {
  return form.bases[0] == f.dst.base && form.bases[1] == f.src0.base &&
         form.bases[2] == f.src1.base;
}
