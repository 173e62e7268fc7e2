//===- Code.cpp - Code decoded for execution ------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "Code.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include <algorithm>

using namespace llvm;
using namespace weft;
using namespace weft::sim;
using isa::Op;

static Shape makeShape(const isa::Instr &i) {
  Shape s;
  s.type = i.dtype;
  s.bytes = isa::dtypeBytes(i.dtype);
  uint64_t count = 1;
  for (const isa::DsdDim &d : i.dims)
    count = std::min<uint64_t>(count * d.length, Shape::TooMany);
  s.count = count;
  s.ndims = 0;
  s.lo = 0;
  s.hi = s.bytes;
  for (const isa::DsdDim &d : i.dims) {
    int32_t stride = d.stride * int32_t(s.bytes);
    int64_t reach = int64_t(d.length - 1) * stride;
    (reach < 0 ? s.lo : s.hi) += reach;
    if (d.length == 1)
      continue;
    uint8_t n = s.ndims;
    if (n && count < Shape::TooMany &&
        s.stride[n - 1] ==
            int64_t(d.length) * stride) { // one run with the dimension outside
      s.length[n - 1] *= d.length;
      s.stride[n - 1] = stride;
      continue;
    }
    s.length[n] = d.length;
    s.stride[n] = stride;
    ++s.ndims;
  }
  if (!s.ndims) {
    s.ndims = 1;
    s.length[0] = 1;
    s.stride[0] = s.bytes;
  }
  s.dense = s.ndims == 1 && s.stride[0] == s.bytes;
  return s;
}

static uint32_t scalarCost(const Target &t, Op op) {
  switch (op) {
  case Op::Ld:
  case Op::Ld16:
  case Op::LdH:
  case Op::LdB:
    return t.scalarLoad;
  case Op::Dsd:
  case Op::DsdAdd:
    return t.dsdLoad;
  case Op::Call:
  case Op::Ret:
    return t.branchTaken;
  default:
    return t.scalarAlu;
  }
}

static Inst convert(const isa::Instr &i, const Target &t, uint32_t codeAddr,
                    Code &code) {
  Inst d;
  d.op = i.op;
  d.a = i.a;
  d.b = i.b;
  d.c = i.c;
  d.imm = i.imm;
  d.wordIndex = i.wordIndex;
  d.endAddr = codeAddr + 4 * (i.wordIndex + i.numWords);
  d.vector = i.isVector();
  d.cost = scalarCost(t, i.op);
  if (i.op == Op::Dsd) {
    d.shape = code.shapes.size();
    code.shapes.push_back(makeShape(i));
  }
  if (!d.vector)
    return d;
  d.async = i.extended && i.async;
  d.advance = i.extended && i.advance;
  d.microthread = i.microthread;
  d.length = i.extended ? i.length : 0;
  d.dst = i.dst;
  d.src0 = i.src0;
  d.src1 = i.src1;
  auto isFabric = [](isa::Operand o) {
    return o.kind == isa::OperandKind::FabIn ||
           o.kind == isa::OperandKind::FabOut;
  };
  d.fabric = isFabric(d.dst) || isFabric(d.src0) || isFabric(d.src1);
  return d;
}

static Error bad(const bin::PEClass &c, const Twine &what) {
  return createStringError("class '" + c.name + "': " + what);
}

static Error resolveTargets(const bin::PEClass &c, Code &code) {
  auto at = [&](uint32_t word) -> uint32_t {
    auto it = std::lower_bound(
        code.insts.begin(), code.insts.end(), word,
        [](const Inst &i, uint32_t w) { return i.wordIndex < w; });
    return it != code.insts.end() && it->wordIndex == word
               ? it - code.insts.begin()
               : None;
  };
  for (Inst &i : code.insts)
    if (i.op == Op::Call && (i.target = at(uint32_t(i.imm))) == None)
      return bad(
          c,
          formatv(
              "call at word {0} goes to word {1}, which starts no instruction",
              i.wordIndex, i.imm));
  for (const bin::Task &t : c.tasks) {
    if (t.id > 30 || code.tasks[t.id].exists)
      return bad(c, formatv("task id {0} is {1} (R-TASK-1)", t.id,
                            t.id > 30 ? "above 30" : "used twice"));
    code.tasks[t.id] = {true, t.start, at(t.entry)};
    if (code.tasks[t.id].entry == None)
      return bad(
          c, formatv("task {0} enters at word {1}, which starts no instruction",
                     t.id, t.entry));
  }
  return Error::success();
}

static Error bindQueues(const bin::PEClass &c, const Target &t, Code &code) {
  std::fill(std::begin(code.inColor), std::end(code.inColor), None);
  std::fill(std::begin(code.outColor), std::end(code.outColor), None);
  for (const bin::QueueBinding &q : c.queues) {
    uint32_t *map = q.output ? code.outColor : code.inColor;
    const char *dir = q.output ? "output" : "input";
    const auto &allowed = q.output ? t.outQueues.value : t.inQueues.value;
    if (q.queue >= 16 ||
        std::find(allowed.begin(), allowed.end(), q.queue) == allowed.end())
      return bad(
          c, formatv("{0} queue {1} is not one that programs may use (R-QUE-1)",
                     dir, q.queue));
    if (map[q.queue] != None)
      return bad(
          c, formatv("{0} queue {1} is bound twice (R-QUE-2)", dir, q.queue));
    if (std::find(map, map + 16, q.color) != map + 16)
      return bad(
          c, formatv("colour {0} has two {1} queues (R-QUE-2)", q.color, dir));
    map[q.queue] = q.color;
  }
  return Error::success();
}

static uint32_t localKernel(Code &code, uint32_t kernel) {
  auto it = std::find(code.kernels.begin(), code.kernels.end(), kernel);
  uint32_t local = it - code.kernels.begin();
  if (it == code.kernels.end())
    code.kernels.push_back(kernel);
  return local;
}

static Error nameKernels(const bin::Program &p, const bin::PEClass &c,
                         Code &code) {
  for (const bin::CodeRange &r : c.ranges) {
    if (r.kernel >= p.kernels.size())
      return bad(c, formatv("a code range names kernel {0} of {1}", r.kernel,
                            p.kernels.size()));
    uint32_t local = localKernel(code, r.kernel);
    auto first = std::lower_bound(
        code.insts.begin(), code.insts.end(), r.begin,
        [](const Inst &i, uint32_t w) { return i.wordIndex < w; });
    for (; first != code.insts.end() && first->wordIndex < r.end; ++first)
      first->kernel = local;
  }
  for (int32_t k : c.callKernels) {
    if (k < -1 || k >= int64_t(p.kernels.size()))
      return bad(
          c, formatv("a call is of kernel {0} of {1}", k, p.kernels.size()));
    code.callKernels.push_back(k < 0 ? None : localKernel(code, k));
  }
  return Error::success();
}

Expected<Code> sim::decodeClass(const bin::Program &p, const bin::PEClass &c,
                                const Target &t) {
  Code code;
  uint64_t end = uint64_t(c.codeAddr) + 4 * uint64_t(c.code.size());
  if (end > t.sramBytes || c.codeAddr % 4)
    return bad(c, formatv("code at bytes [{0}, {1}) does not lie in {2} bytes "
                          "of SRAM (R-MEM-2)",
                          c.codeAddr, end, t.sramBytes.value));
  if (!c.code.empty() && c.codeAddr < t.reservedBytes)
    return bad(
        c, formatv("code at byte {0} lies in the reserved {1} bytes (R-MEM-1)",
                   c.codeAddr, t.reservedBytes.value));
  code.lo = c.codeAddr;
  code.hi = end;
  std::string error;
  auto instrs = isa::decodeAll(c.code, error);
  if (!instrs)
    return bad(c, error);
  code.source = std::move(*instrs);
  code.insts.reserve(code.source.size());
  for (const isa::Instr &i : code.source)
    code.insts.push_back(convert(i, t, c.codeAddr, code));
  if (Error e = resolveTargets(c, code))
    return e;
  if (Error e = bindQueues(c, t, code))
    return e;
  if (Error e = nameKernels(p, c, code))
    return e;
  return code;
}
