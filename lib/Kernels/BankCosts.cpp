//===- BankCosts.cpp - What memory banks add to vector ops ----------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "BankCosts.h"
#include "PE/PEOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/Matchers.h"
#include "weft/Target/Banks.h"
#include "llvm/Support/MathExtras.h"
#include <numeric>

using namespace mlir;
using namespace weft;
using namespace weft::kernels;

int64_t kernels::innermostStride(MemRefType type) {
  SmallVector<int64_t> strides;
  int64_t offset;
  if (failed(type.getStridesAndOffset(strides, offset)))
    return 1;
  for (int d = int(strides.size()) - 1; d >= 0; --d)
    if (type.getDimSize(d) != 1)
      return strides[d];
  return 1;
}

Offset Offset::plus(const Offset &o, int64_t times) const {
  Offset sum = *this;
  sum.at += o.at * times;
  for (auto [v, k] : o.terms) {
    auto *it = llvm::find_if(sum.terms, [&](auto &t) { return t.first == v; });
    if (it == sum.terms.end())
      sum.terms.push_back({v, k * times});
    else
      it->second += k * times;
  }
  return sum;
}

/// An index as a sum; what is no sum stands for itself.
Offset BankCosts::offsetOf(Value v) {
  APInt k;
  if (matchPattern(v, m_ConstantInt(&k)))
    return {k.getSExtValue(), {}};
  Operation *op = v.getDefiningOp();
  if (isa_and_nonnull<arith::IndexCastOp>(op))
    return offsetOf(op->getOperand(0));
  if (isa_and_nonnull<arith::AddIOp, arith::SubIOp>(op))
    return offsetOf(op->getOperand(0))
        .plus(offsetOf(op->getOperand(1)), isa<arith::AddIOp>(op) ? 1 : -1);
  if (isa_and_nonnull<arith::MulIOp>(op)) {
    Offset a = offsetOf(op->getOperand(0)), b = offsetOf(op->getOperand(1));
    if (b.terms.empty())
      return Offset().plus(a, b.at);
    if (a.terms.empty())
      return Offset().plus(b, a.at);
  }
  return {0, {{v, 1}}};
}

BankCosts::Access BankCosts::accessOf(Value v, bool read, bool written) {
  Access a;
  auto type = cast<MemRefType>(v.getType());
  int64_t bytes = type.getElementTypeBitWidth() / 8;
  a.type = type;
  a.walk = {read, written, 0, bytes * innermostStride(type)};
  if (auto view = v.getDefiningOp<memref::ReinterpretCastOp>()) {
    OpFoldResult offset = view.getMixedOffsets()[0];
    Offset elements =
        isa<Attribute>(offset)
            ? Offset{cast<IntegerAttr>(cast<Attribute>(offset)).getInt(), {}}
            : offsetOf(cast<Value>(offset));
    a.offset = Offset().plus(elements, bytes);
    v = view.getSource();
  }
  while (auto retype = v.getDefiningOp<pe::RetypeOp>())
    v = retype.getSource();
  if (auto argument = dyn_cast<BlockArgument>(v))
    a.argument = argument.getArgNumber();
  return a;
}

/// From where `b` begins in its buffer to where `a` does, modulo the line.
std::optional<int64_t> BankCosts::wordsApart(const Access &a,
                                             const Access &b) const {
  auto isKnown = [&](const Offset &o) {
    return llvm::all_of(
        o.terms, [&](auto &term) { return term.second % t.readLine == 0; });
  };
  const int64_t word = bankWord(t);
  Offset apart = a.offset.plus(b.offset, -1);
  if (apart.at % word == 0 && isKnown(apart))
    return apart.at / word;
  if (!isKnown(a.offset) || !isKnown(b.offset))
    return std::nullopt;
  return llvm::divideFloorSigned(a.offset.at, word) -
         llvm::divideFloorSigned(b.offset.at, word);
}

/// Half cycles by the words from b to a. Walks that stay in one bank are taken
/// to stay in different ones, which is how most lie.
SmallVector<unsigned, 16> BankCosts::halvesOf(const MemWalk &a,
                                              const MemWalk &b) const {
  uint64_t line = t.readLine, word = bankWord(t);
  uint64_t row = word * std::max<uint64_t>(t.banks, 1);
  SmallVector<unsigned, 16> halves;
  for (uint64_t place = 0; place < line; place += word) {
    MemWalk walks[3] = {a, b, {}};
    unsigned least = ~0u;
    for (uint64_t at = place; at < std::max(line, row); at += line) {
      walks[0].base = uint32_t(at);
      least = std::min(least, t.halfCycles(walks));
    }
    halves.push_back(least);
  }
  return halves;
}

/// Of three operands in three buffers, however they lie.
unsigned BankCosts::leastOfThree(ArrayRef<Together> open) const {
  int64_t places = t.readLine / bankWord(t);
  auto at = [&](const Together &x, int64_t words) {
    return x.halves[llvm::mod(words, places)];
  };
  unsigned least = ~0u;
  // Words from 1 to 0 and from 2 to 0.
  for (int64_t d = 0; d < places; ++d)
    for (int64_t e = 0; e < places; ++e)
      least = std::min(least, std::max({at(open[0], d), at(open[1], e),
                                        at(open[2], e - d)}));
  return least;
}

/// The operands in memory; a descriptor that is named twice is read once.
SmallVector<BankCosts::Access, 3> BankCosts::accessesOf(ValueRange operands,
                                                        const Op &op) {
  SmallVector<Access, 3> all;
  for (auto [i, v] : llvm::enumerate(operands)) {
    if (!isa<MemRefType>(v.getType()))
      continue;
    Access a = accessOf(v, i ? true : op.readsFirst, !i && op.writesFirst);
    auto *same = llvm::find_if(all, [&](const Access &b) {
      Offset apart = a.offset.plus(b.offset, -1);
      return a.argument && a.argument == b.argument && a.type == b.type &&
             apart.at == 0 &&
             llvm::all_of(apart.terms, [](auto &x) { return x.second == 0; });
    });
    if (same == all.end())
      all.push_back(a);
    else
      same->walk.read = true;
  }
  return all;
}

/// Half cycles that two accesses take wherever buffers lie; if they lie in two
/// buffers, `open` gets what depends on that.
unsigned BankCosts::together(const Access &a, const Access &b,
                             SmallVectorImpl<Together> &open) const {
  Together x{&a, &b, halvesOf(a.walk, b.walk), 0};
  unsigned places = x.halves.size();
  std::optional<int64_t> apart = wordsApart(a, b);
  if (!apart || !a.argument || !b.argument)
    return std::accumulate(x.halves.begin(), x.halves.end(), 0u) / places;
  if (a.argument == b.argument)
    return x.halves[llvm::mod(*apart, places)];
  x.apart = *apart;
  open.push_back(x);
  return *llvm::min_element(x.halves);
}

void BankCosts::add(ValueRange operands, const Op &op) {
  if (t.readLine <= bankWord(t))
    return;
  SmallVector<Access, 3> all = accessesOf(operands, op);
  unsigned halves = 2;
  SmallVector<Together, 3> open;
  for (unsigned j = 0; j < all.size(); ++j) {
    MemWalk alone[3] = {all[j].walk, {}, {}};
    halves = std::max(halves, t.halfCycles(alone));
    for (unsigned k = j + 1; k < all.size(); ++k)
      halves = std::max(halves, together(all[j], all[k], open));
  }
  if (open.size() == 3)
    halves = std::max(halves, leastOfThree(open));
  auto cycles = [&](unsigned h) {
    return op.times *
           Target::elementCycles(op.elements, Target::conflictRate(op.rate, h));
  };
  unavoidable += cycles(halves) - cycles(2);
  for (const Together &x : open)
    for (auto [words, h] : llvm::enumerate(x.halves))
      if (cycles(h) > cycles(halves))
        pairs.push_back({*x.a->argument, *x.b->argument,
                         uint64_t(llvm::mod((int64_t(words) - x.apart) *
                                                int64_t(bankWord(t)),
                                            int64_t(t.readLine))),
                         cycles(h) - cycles(halves)});
}

uint64_t BankCosts::least(unsigned arguments) const {
  solve::BankProblem p;
  p.word = bankWord(t);
  p.line = t.readLine;
  p.buffers.resize(arguments);
  p.pairs = pairs;
  return unavoidable + solve::solveBanks(p).cycles;
}
