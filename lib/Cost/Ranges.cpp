//===- Ranges.cpp - Cycles over the brackets of assumed constants ---------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// A field is behind a figure if, at an end of its bracket, it changes the work
// of some PE there or the way of some word. The code is walked again for each
// field, which is cheap; bounds and estimates are made twice more, with all
// such fields at their fast and at their slow ends.
//
//===----------------------------------------------------------------------===//
#include "Bounds.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>
#include <set>

using namespace weft;
using namespace weft::cost;
using Codes = std::vector<std::unique_ptr<ClassCode>>;

namespace {
/// A field that matters.
struct Behind {
  std::string key;
  uint32_t fast = 0, slow = 0;
  bool words = false, tasks = false; // wherever words go, or tasks start
  std::set<uint32_t> kernels;        // else; NoKernel: code of none
};
} // namespace

static llvm::Expected<Codes> walkAll(const bin::Program &p, const Target &t) {
  Codes codes;
  for (const bin::PEClass &c : p.classes) {
    auto code = walkClass(p, c, t);
    if (!code)
      return code.takeError();
    codes.push_back(std::move(*code));
  }
  return codes;
}

static Target with(const Target &t, const std::string &key, uint32_t value) {
  Target changed = t;
  // A bracket may be wider than what goes together with the other fields.
  if (llvm::Error e = setField(changed, key + "=" + std::to_string(value)))
    llvm::consumeError(std::move(e));
  return changed;
}

/// Notes where the work differs; the sum of all work at the end of the bracket.
static double compare(const Codes &base, const Codes &end, Behind &field) {
  double sum = 0;
  for (size_t c = 0; c < base.size(); ++c)
    for (const auto &[kernel, v] : end[c]->totals.kernels) {
      auto was = base[c]->totals.kernels.find(kernel);
      if (was == base[c]->totals.kernels.end() ||
          v.cycles != was->second.cycles || v.async != was->second.async)
        field.kernels.insert(kernel);
      sum += v.cycles + v.async;
    }
  return sum;
}

/// Time outside of instructions: of words on their way, and from a task's
/// activation to its start.
static void compareWaits(const Target &a, const Target &b, const Codes &codes,
                         Behind &field) {
  field.words |= a.hop != b.hop || a.ramp != b.ramp || a.turn != b.turn;
  if (a.taskActivate != b.taskActivate)
    field.tasks |=
        std::any_of(codes.begin(), codes.end(),
                    [](const auto &code) { return code->runs.size() > 1; });
}

static llvm::Expected<std::vector<Behind>>
fieldsBehind(const bin::Program &p, const Target &t, const Codes &codes) {
  std::vector<Behind> all;
  for (const Target::Bracketed &b : t.assumedBrackets()) {
    Behind field{b.key, b.lo, b.hi, false, false, {}};
    double work[2] = {};
    for (int end : {0, 1}) {
      Target changed = with(t, b.key, end ? b.hi : b.lo);
      auto walked = walkAll(p, changed);
      if (!walked)
        return walked.takeError();
      work[end] = compare(codes, *walked, field);
      compareWaits(t, changed, codes, field);
    }
    if (work[0] > work[1]) // a width or a port: the more the faster
      std::swap(field.fast, field.slow);
    if (field.words || field.tasks || !field.kernels.empty())
      all.push_back(std::move(field));
  }
  return all;
}

static void widen(Bracket &range, uint64_t a, uint64_t b) {
  range = {std::min({range.lo, a, b}), std::max({range.hi, a, b})};
}

/// `figure`, in which `words` words are sent, becomes `fast` and `slow` at the
/// ends; `has` says whether one of its kernels is among those of a field.
template <typename Fn>
static void setRange(CycleCost &figure, const CycleCost &fast,
                     const CycleCost &slow, const std::vector<Behind> &fields,
                     uint64_t words, Fn has) {
  widen(figure.lowerRange, fast.lower, slow.lower);
  widen(figure.estimateRange, fast.estimate, slow.estimate);
  if (figure.lowerRange.lo == figure.lowerRange.hi &&
      figure.estimateRange.lo == figure.estimateRange.hi)
    return;
  for (const Behind &f : fields)
    if ((f.words && words) || f.tasks || has(f.kernels))
      figure.assumed.push_back(f.key);
}

llvm::Error cost::countRanges(const bin::Program &p, const Target &t,
                              const Codes &codes, const Traffic &traffic,
                              CostReport &r) {
  auto fields = fieldsBehind(p, t, codes);
  if (!fields)
    return fields.takeError();
  if (fields->empty())
    return llvm::Error::success();
  CostReport ends[2] = {r, r};
  for (int end : {0, 1}) {
    Target changed = t;
    for (const Behind &f : *fields)
      changed = with(changed, f.key, end ? f.slow : f.fast);
    auto walked = walkAll(p, changed);
    if (!walked)
      return walked.takeError();
    countCycles(p, changed, *walked, traffic, ends[end]);
  }
  using Kernels = std::set<uint32_t>;
  uint64_t words = 0;
  for (const ColorCost &c : traffic.colors)
    words = llvm::SaturatingAdd(words, c.words);
  setRange(r.cycles, ends[0].cycles, ends[1].cycles, *fields, words,
           [](const Kernels &in) { return !in.empty(); });
  for (size_t k = 0; k < r.kernels.size(); ++k)
    setRange(r.kernels[k].cycles, ends[0].kernels[k].cycles,
             ends[1].kernels[k].cycles, *fields, r.kernels[k].words,
             [&](const Kernels &in) { return in.count(uint32_t(k)) != 0; });
  for (size_t s = 0; s < r.stages.size(); ++s)
    setRange(r.stages[s].cycles, ends[0].stages[s].cycles,
             ends[1].stages[s].cycles, *fields, r.stages[s].words,
             [&](const Kernels &in) {
               return std::any_of(in.begin(), in.end(), [&](uint32_t k) {
                 return k < r.kernels.size() && r.kernels[k].stage == s;
               });
             });
  return llvm::Error::success();
}
