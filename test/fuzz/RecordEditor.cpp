//===- RecordEditor.cpp - Changes to the code of a .weft file -------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Most changed bits are refused by the decoder. To reach what comes after it,
// instructions are changed as instructions.
//
//===----------------------------------------------------------------------===//
#include "RecordEditor.h"
#include "weft/Binary/Isa.h"

using namespace weft;
using namespace weft::isa;
using fuzz::Random;

/// Another opcode; neighbours mostly take the same fields.
static void editOp(Instr &i, Random &random) {
  unsigned near = random.oneIn(4) ? 16 : 2;
  uint8_t op = uint8_t(i.op) + uint8_t(random.below(2 * near + 1) - near);
  if (mnemonic(op))
    i.op = Op(op);
}

static void editOperand(Operand &o, Random &random) {
  o.index = random.oneIn(2) ? random.below(4) : random.below(16);
  if (random.oneIn(3))
    o.kind = OperandKind(random.below(5));
}

static void editFields(Instr &i, Random &random) {
  switch (random.below(10)) {
  case 0:
    return editOp(i, random);
  case 1:
    i.a = random.below(32);
    break;
  case 2:
    i.b = random.below(32);
    break;
  case 3:
    i.c = random.below(32);
    break;
  case 4:
    return editOperand(i.dst, random);
  case 5:
    return editOperand(i.src0, random);
  case 6:
    return editOperand(i.src1, random);
  case 7:
    i.length = random.changed(i.length);
    i.extended = true;
    break;
  case 8:
    i.async = !i.async;
    i.extended = true;
    i.microthread = i.async ? random.below(16) : 0;
    break;
  default:
    if (!i.dims.empty() && random.oneIn(2)) {
      DsdDim &d = i.dims[random.below(i.dims.size())];
      random.oneIn(2) ? void(d.length = random.changed(d.length))
                      : void(d.stride = random.changed(d.stride));
    } else {
      i.imm = random.changed(i.imm);
    }
  }
}

void fuzz::editCode(bin::Program &program, Random &random) {
  if (program.classes.empty())
    return;
  bin::PEClass &c = program.classes[random.below(program.classes.size())];
  std::string error;
  auto instrs = decodeAll(c.code, error);
  if (!instrs || instrs->empty())
    return;
  size_t i = random.below(instrs->size()), j = random.below(instrs->size());
  switch (random.below(6)) {
  case 0:
    instrs->erase(instrs->begin() + i);
    break;
  case 1:
    instrs->insert(instrs->begin() + j, Instr((*instrs)[i]));
    break;
  case 2:
    std::swap((*instrs)[i], (*instrs)[j]);
    break;
  default:
    editFields((*instrs)[i], random);
  }
  c.code.clear();
  for (const Instr &instr : *instrs)
    encode(instr, c.code);
}
