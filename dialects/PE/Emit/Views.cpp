//===- Views.cpp - Registers, addresses and descriptors -------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Where a value is computed: at the depth of its deepest atom. What follows a
// loop counter becomes a pointer that is set before the loop and advances once
// per round; the same holds for descriptors.
//
//===----------------------------------------------------------------------===//
#include "Lowering.h"

using namespace mlir;
using namespace weft::pe;
using weft::isa::DsdDim;
using weft::isa::DType;

//===----------------------------------------------------------------------===//
// Registers
//===----------------------------------------------------------------------===//

int Lowering::depthOf(const Form &f) const {
  int d = 0;
  for (const Term &t : f.terms)
    d = std::max(d, atoms[t.atom].depth);
  return d;
}

Form Lowering::atom(mir::Reg r, int depth, Value owner, bool counter) {
  atoms.push_back({r, depth, counter, owner});
  Form f;
  f.terms.push_back({int(atoms.size()) - 1, 1});
  return f;
}

/// A new instruction at `d`: here, or before the loop that leads from there to
/// here.
mir::Inst &Lowering::emit(Opcode op, int d) {
  mir::Nodes &nodes = d == depth() ? *scopes[d].nodes : scopes[d + 1].loop->pre;
  nodes.emplace_back();
  nodes.back().inst.op = op;
  return nodes.back().inst;
}

mir::Reg Lowering::constReg(int32_t bits, int d) {
  if (bits == 0)
    return mir::Zero;
  for (int k = d; k >= 0; --k)
    for (auto &[value, r] : scopes[k].consts)
      if (value == bits)
        return r;
  if (d > 0 && scopes[d].hoistedConsts < level.hoistedConsts) {
    ++scopes[d].hoistedConsts;
    --d;
  }
  mir::Reg r = newReg();
  mir::Inst &i = emit(Opcode::Li, d);
  i.a = r;
  i.imm = bits;
  auto &cache = scopes[d].consts;
  cache.push_back({bits, r});
  if (cache.size() > level.cachedConsts + level.hoistedConsts)
    cache.erase(cache.begin());
  return r;
}

/// coeff * atom, at `d`.
mir::Reg Lowering::scaled(const Term &t, int d) {
  mir::Reg from = atoms[t.atom].reg;
  if (t.coeff == 1)
    return from;
  mir::Reg r = newReg();
  bool shift = t.coeff > 0 && llvm::isPowerOf2_64(uint64_t(t.coeff));
  mir::Inst &i = emit(shift ? Opcode::Shli : Opcode::Muli, d);
  i.a = r;
  i.b = from;
  i.imm = shift ? 0 : int32_t(t.coeff);
  i.small = shift ? llvm::Log2_64(uint64_t(t.coeff)) : 0;
  return r;
}

/// acc + sum(terms), with instructions at `d`.
mir::Reg Lowering::total(const Terms &terms, mir::Reg acc, int d) {
  for (const Term &t : terms) {
    mir::Reg x = scaled(t, d);
    if (acc == mir::NoReg) {
      acc = x;
      continue;
    }
    mir::Reg sum = newReg();
    mir::Inst &i = emit(Opcode::Add, d);
    i.a = sum;
    i.b = acc;
    i.c = x;
    acc = sum;
  }
  return acc;
}

/// sum(terms) in a register that is available at `at`.
mir::Reg Lowering::linear(const Terms &terms, int at) {
  if (level.local)
    return total(terms, mir::NoReg, at);
  Form f{terms, 0};
  int d = depthOf(f);
  for (auto &[have, r] : scopes[d].regs)
    if (have == f)
      return r;
  if (terms.size() == 1 && terms[0].coeff == 1)
    return atoms[terms[0].atom].reg;

  Terms outer, own;
  for (const Term &t : terms)
    (atoms[t.atom].depth < d ? outer : own).push_back(t);
  mir::Reg base = outer.empty() ? mir::NoReg : linear(outer, at);
  bool counts = own.size() == 1 && atoms[own[0].atom].counter;
  mir::Reg result =
      counts && level.pointers ? pointer(base, own[0]) : total(own, base, d);
  scopes[d].regs.push_back({f, result});
  return result;
}

/// base + coeff * counter, set before the counter's loop and advanced in it.
mir::Reg Lowering::pointer(mir::Reg base, const Term &t) {
  mir::Reg result = newReg();
  mir::Loop &loop = *scopes[atoms[t.atom].depth].loop;
  mir::Inst start, step;
  start.op = Opcode::Mov;
  start.a = step.a = step.b = result;
  start.b = base == mir::NoReg ? mir::Zero : base;
  step.op = Opcode::Addi;
  step.imm = int32_t(t.coeff);
  loop.pre.push_back({start, nullptr});
  loop.post.push_back({step, nullptr});
  return result;
}

/// `f` in a register that is available at `d`.
mir::Reg Lowering::regOf(const Form &f, int d) {
  if (f.terms.empty())
    return constReg(int32_t(f.konst), d);
  mir::Reg base = linear(f.terms, d);
  if (f.konst == 0)
    return base;
  int at = level.local ? d : depthOf(f);
  if (!level.local)
    for (auto &[have, r] : scopes[at].regs)
      if (have == f)
        return r;
  mir::Reg r = newReg();
  mir::Inst &i = emit(Opcode::Addi, at);
  i.a = r;
  i.b = base;
  i.imm = int32_t(f.konst);
  scopes[at].regs.push_back({f, r});
  return r;
}

//===----------------------------------------------------------------------===//
// Views
//===----------------------------------------------------------------------===//

int64_t Lowering::addressOf(Value buffer) const {
  if (!buffer)
    return 0;
  return int64_t(buffer.getDefiningOp<BufferOp>().getAddr());
}

static unsigned bytesOf(Type t) { return t.getIntOrFloatBitWidth() / 8; }

LogicalResult Lowering::reinterpret(memref::ReinterpretCastOp op, View &out) {
  View base;
  if (failed(view(op.getSource(), base)))
    return failure();
  // The offset counts from the start of the buffer, not of the source's view:
  // only roots may be views here, and a root has offset 0.
  OpFoldResult offset = op.getMixedOffsets()[0];
  Form f;
  if (auto a = dyn_cast<Attribute>(offset)) {
    f.konst = cast<IntegerAttr>(a).getInt();
  } else {
    FailureOr<Form> v = form(cast<Value>(offset));
    if (failed(v))
      return failure();
    f = *v;
  }
  out.buffer = base.buffer;
  out.addr = base.addr + f * bytesOf(base.elem);
  return success();
}

/// Address of the first element, shape and strides of `memref`.
LogicalResult Lowering::view(Value memref, View &out) {
  auto type = cast<MemRefType>(memref.getType());
  FailureOr<SmallVector<int64_t>> strides = staticStrides(type);
  Operation *def = memref.getDefiningOp();
  if (failed(strides) || !type.hasStaticShape())
    return emitError(memref.getLoc(), "shape and strides of ")
           << type << " are not static (R-OP-1)";
  if (auto op = dyn_cast_or_null<memref::ReinterpretCastOp>(def)) {
    if (!isa_and_nonnull<BufferOp, RetypeOp>(op.getSource().getDefiningOp()) &&
        !llvm::isa<BlockArgument>(op.getSource()))
      return op.emitOpError(
          "must view a buffer or an argument, not another view");
    if (failed(reinterpret(op, out)))
      return failure();
  } else if (auto op = dyn_cast_or_null<RetypeOp>(def)) {
    if (failed(view(op.getSource(), out)))
      return failure();
  } else if (auto op = dyn_cast_or_null<memref::CastOp>(def)) {
    if (failed(view(op.getSource(), out)))
      return failure();
  } else if (llvm::isa_and_nonnull<BufferOp>(def)) {
    out.buffer = memref;
  } else if (auto arg = dyn_cast<BlockArgument>(memref)) {
    std::optional<Word> word =
        sub ? sub->fixed[arg.getArgNumber()] : std::nullopt;
    FailureOr<Form> f =
        word ? FailureOr<Form>(Form{{}, word->value}) : argument(arg);
    if (failed(f))
      return failure();
    out.buffer = word ? word->buffer : Value();
    out.addr = *f;
  } else {
    return def->emitOpError("makes no memref that code can be made for; "
                            "memref.reinterpret_cast and pe.retype do");
  }
  out.sizes.assign(type.getShape().begin(), type.getShape().end());
  out.strides.assign(strides->begin(), strides->end());
  out.elem = type.getElementType();
  return success();
}

static DType dtypeOf(Type t) {
  if (t.isF32())
    return DType::F32;
  if (t.isF16())
    return DType::F16;
  if (t.isBF16())
    return DType::BF16;
  return t.isInteger(32) ? DType::I32 : DType::I16;
}

/// Dimensions without those of one element and with contiguous ones merged.
static std::vector<DsdDim> normalised(const View &v, uint32_t maxExtent) {
  std::vector<DsdDim> dims;
  for (auto [n, s] : llvm::zip(v.sizes, v.strides)) {
    if (n == 1)
      continue;
    if (!dims.empty() && dims.back().stride == n * s &&
        uint64_t(dims.back().length) * n <= maxExtent) {
      dims.back().length *= n;
      dims.back().stride = s;
      continue;
    }
    dims.push_back({uint16_t(n), int16_t(s)});
  }
  if (dims.empty())
    dims.push_back({1, 1});
  return dims;
}

static LogicalResult checkDims(Operation *op, ArrayRef<DsdDim> dims,
                               const weft::Target &t) {
  if (dims.size() > t.maxDsdDims)
    return op->emitOpError("needs a DSD of ")
           << dims.size() << " dimensions, " << t.name << " has "
           << t.maxDsdDims.value << " (R-OP-1)";
  for (DsdDim d : dims) {
    if (d.length > t.maxDsdExtent)
      return op->emitOpError("extent ")
             << d.length << " is above " << t.maxDsdExtent.value << " (R-OP-1)";
    if (unsigned(std::abs(int(d.stride))) > t.maxDsdStride)
      return op->emitOpError("stride ")
             << d.stride << " is above " << t.maxDsdStride.value
             << " elements (R-OP-1)";
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Descriptors
//===----------------------------------------------------------------------===//

/// Depth of the innermost open loop with a call: calls overwrite descriptors,
/// so none may live across a round of it.
int Lowering::callDepth() const {
  for (int k = depth(); k > 0; --k)
    if (scopes[k].hasCall)
      return k;
  return 0;
}

unsigned Lowering::hoistedDsds() const {
  unsigned n = 0;
  for (const Scope &s : scopes)
    n += s.hoisted;
  return n;
}

void Lowering::cacheDsd(int d, const Key &key, mir::Dsr r) {
  auto &cache = scopes[d].dsds;
  cache.push_back({key, r});
  if (cache.size() > level.cachedDsds)
    cache.erase(cache.begin());
}

mir::Dsr Lowering::emitDsd(const Key &key, const Terms &terms, int d,
                           mir::Nodes *where) {
  mir::Inst i;
  i.op = Opcode::Dsd;
  i.dsr = body.numDsrs++;
  i.b = terms.empty() ? mir::Zero : linear(terms, d);
  i.imm = int32_t(addressOf(key.buffer) + key.konst);
  i.dims = key.dims;
  i.dtype = key.dtype;
  mir::Dsr r = i.dsr;
  if (where)
    where->push_back({std::move(i), nullptr});
  else
    emit(Opcode::Dsd, d) = std::move(i);
  return r;
}

/// A descriptor that follows the counter of the loop at `d`.
mir::Dsr Lowering::runningDsd(const Key &key, int d) {
  Terms outer;
  int64_t step = 0;
  for (const Term &t : key.terms) {
    if (atoms[t.atom].depth < d)
      outer.push_back(t);
    else
      step = t.coeff;
  }
  if (!outer.empty())
    linear(outer, d);
  mir::Loop &loop = *scopes[d].loop;
  mir::Dsr r = emitDsd(key, outer, d, &loop.pre);
  mir::Inst add;
  add.op = Opcode::DsdAdd;
  add.dsr = r;
  add.b = mir::Zero;
  add.imm = int32_t(step);
  loop.post.push_back({add, nullptr});
  scopes[d].running.push_back({key, r, loop.post.size() - 1, {key.konst}});
  ++scopes[d].hoisted;
  cacheDsd(d, key, r);
  return r;
}

/// The next of several rounds in one: the descriptor that follows the counter
/// moves on within the round, and the step at its end is so much shorter.
std::optional<mir::Dsr> Lowering::advance(const Key &key) {
  Scope &s = scopes.back();
  for (Running &run : s.running) {
    Key moved = run.key;
    moved.konst = key.konst;
    if (!(moved == key) || llvm::is_contained(run.seen, key.konst) ||
        llvm::is_contained(inUse, run.dsr))
      continue;
    int64_t by = key.konst - run.key.konst;
    std::erase_if(s.dsds, [&](auto &e) { return e.second == run.dsr; });
    mir::Inst &add = emit(Opcode::DsdAdd, depth());
    add.dsr = run.dsr;
    add.b = mir::Zero;
    add.imm = int32_t(by);
    s.loop->post[run.post].inst.imm -= int32_t(by);
    run.key = key;
    run.seen.push_back(key.konst);
    cacheDsd(depth(), key, run.dsr);
    return run.dsr;
  }
  return std::nullopt;
}

mir::Dsr Lowering::makeDsd(const Key &key) {
  if (std::optional<mir::Dsr> d = advance(key))
    return *d;
  int cur = depth(), d = depthOf({key.terms, 0}), calls = callDepth();
  unsigned held = hoistedDsds(), budget = level.hoistedDsds;
  unsigned own = llvm::count_if(
      key.terms, [&](const Term &t) { return atoms[t.atom].depth == d; });
  bool counts = own == 1 && llvm::any_of(key.terms, [&](const Term &t) {
                  return atoms[t.atom].depth == d && atoms[t.atom].counter;
                });
  // A descriptor that advances saves no cycle over one that is set anew from a
  // pointer, so it may not take the room of those that stay as they are.
  if (counts && d > 0 && d > calls && held < budget / 2)
    return runningDsd(key, d);
  int at = std::max(d, calls);
  if (at < cur && held >= budget / 2)
    at = held < budget ? cur - 1 : cur;
  at = std::max(at, std::max(d, calls));
  mir::Dsr r = emitDsd(key, key.terms, at);
  if (at < cur)
    ++scopes[at + 1].hoisted;
  cacheDsd(at, key, r);
  return r;
}

/// R-OP-6
LogicalResult Lowering::checkElement(Operation *op, Type element) {
  if (!element.isBF16() || target.bf16)
    return success();
  return op->emitOpError("works on bf16, which is not a type of ")
         << target.name << " (R-OP-6)";
}

FailureOr<mir::Dsr> Lowering::dsd(Operation *op, const View &v) {
  Key key{v.buffer, v.addr.terms, v.addr.konst,
          normalised(v, target.maxDsdExtent), dtypeOf(v.elem)};
  if (failed(checkDims(op, key.dims, target)) ||
      failed(checkElement(op, v.elem)))
    return failure();
  for (int k = depth(); k >= callDepth(); --k) {
    auto &cache = scopes[k].dsds;
    auto it = llvm::find_if(cache, [&](auto &e) { return e.first == key; });
    if (it == cache.end())
      continue;
    mir::Dsr r = it->second;
    std::rotate(it, it + 1, cache.end()); // used last
    return r;
  }
  return makeDsd(key);
}

void Lowering::forgetAtCall() {
  for (Scope &s : scopes) {
    s.dsds.clear();
    s.consts.clear();
  }
}
