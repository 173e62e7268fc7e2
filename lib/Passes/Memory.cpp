//===- Memory.cpp - Addresses of a region's buffers -----------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "Memory.h"
#include "mlir/IR/Remarks.h"
#include "weft/Kernels/Banks.h"
#include "weft/Solve/Alloc.h"
#include "weft/Target/Banks.h"
#include <set>

using namespace mlir;
using namespace weft;

namespace {
struct Interval {
  uint64_t begin = ~uint64_t(0), end = 0;
};

uint64_t bytesOf(fabric::BufferOp buffer) {
  auto type = cast<MemRefType>(buffer.getResult().getType());
  return uint64_t(type.getNumElements()) * (type.getElementTypeBitWidth() / 8);
}

/// Live interval of every buffer, in launch numbers.
llvm::DenseMap<Operation *, Interval> liveness(fabric::RegionOp region,
                                               uint64_t &launches) {
  llvm::DenseMap<Operation *, Interval> live;
  launches = 0;
  for (auto launch : region.getBody().getOps<fabric::LaunchOp>()) {
    for (Value v : launch.getOperands()) {
      Interval &i = live[v.getDefiningOp()];
      i.begin = std::min(i.begin, launches);
      i.end = std::max(i.end, launches + 1);
    }
    ++launches;
  }
  return live;
}

/// Is the buffer a graph input that is read again at the end, as an output?
bool passes(fabric::BufferOp buffer) {
  auto sources =
      buffer->getParentOfType<fabric::ProgramOp>()->getAttrOfType<ArrayAttr>(
          "output_sources");
  return sources && buffer.getInput() &&
         llvm::any_of(sources, [&](Attribute a) {
           auto input = dyn_cast<IntegerAttr>(a);
           return input && input.getInt() == int64_t(*buffer.getInput());
         });
}

bool hasState(fabric::RegionOp region) {
  auto program = region->getParentOfType<fabric::ProgramOp>();
  return program.getStateAttr() && !program.getStateAttr().empty();
}

using Pairs = std::vector<solve::BankPair>;

/// What the region's launches read together, by number of its buffers.
Pairs pairsOf(fabric::RegionOp region, const Target &t) {
  llvm::DenseMap<Operation *, unsigned> number; // lookups only
  for (auto [i, buffer] :
       llvm::enumerate(region.getBody().getOps<fabric::BufferOp>()))
    number[buffer] = unsigned(i);
  auto program = region->getParentOfType<fabric::ProgramOp>();
  std::map<std::string, Pairs> ofKernel;
  std::map<std::tuple<unsigned, unsigned, uint64_t>, uint64_t> cycles;
  for (auto launch : region.getBody().getOps<fabric::LaunchOp>()) {
    auto [it, isNew] = ofKernel.try_emplace(launch.getKernel().str());
    if (isNew)
      it->second = kernels::bankPairs(
          program.lookupSymbol<fabric::KernelOp>(launch.getKernel()), t);
    auto bufferOf = [&](unsigned argument) {
      return number.lookup(launch.getOperand(argument).getDefiningOp());
    };
    for (const solve::BankPair &p : it->second)
      if (unsigned a = bufferOf(p.a), b = bufferOf(p.b); a != b)
        cycles[{a, b, p.residue}] += p.cycles;
  }
  Pairs pairs;
  for (auto [key, sum] : cycles)
    pairs.push_back(
        {std::get<0>(key), std::get<1>(key), std::get<2>(key), sum});
  return pairs;
}

/// More bytes than the region's code takes, as a rule: compiled models have 9
/// to 12 per op of its kernels.
uint64_t codeEstimate(fabric::RegionOp region) {
  auto program = region->getParentOfType<fabric::ProgramOp>();
  std::set<std::string> seen;
  uint64_t ops = 0;
  for (auto launch : region.getBody().getOps<fabric::LaunchOp>()) {
    ++ops;
    if (seen.insert(launch.getKernel().str()).second)
      program.lookupSymbol<fabric::KernelOp>(launch.getKernel())
          .walk([&](Operation *op) { ops += !isa<arith::ConstantOp>(op); });
  }
  return 256 + 16 * ops;
}

/// `roomy`: up to here memory may be spent to avoid bank conflicts.
solve::AllocResult tryAllocate(fabric::RegionOp region, const Target &t,
                               bool reuseWeights, const Pairs &pairs,
                               uint64_t roomy,
                               SmallVectorImpl<fabric::BufferOp> &buffers,
                               uint64_t paramBytes) {
  uint64_t launches;
  auto live = liveness(region, launches);
  solve::AllocProblem p;
  p.base = (t.reservedBytes + 3) / 4 * 4;
  p.capacity = t.sramBytes;
  p.word = bankWord(t);
  p.line = t.readLine;
  p.pairs = pairs;
  p.roomy = roomy;
  buffers.clear();
  for (auto buffer : region.getBody().getOps<fabric::BufferOp>()) {
    Interval i = live.lookup(buffer);
    bool loaded = buffer.getInit() || buffer.getInput();
    if (loaded || i.end == 0)
      i.begin = 0;
    // With a state the program runs again, and finds its weights only if they
    // are still there; other inputs are written before every step.
    bool kept = buffer.getInit() ? !reuseWeights || hasState(region)
                                 : loaded && !reuseWeights;
    if (buffer.getOutput() || i.end == 0 || passes(buffer) || kept)
      i.end = launches + 1;
    buffers.push_back(buffer);
    p.add({buffer.getName().str(), bytesOf(buffer), 4, i.begin, i.end});
  }
  if (paramBytes)
    p.add({"call parameters", paramBytes, 4, 0, launches + 1});
  return solve::solveAlloc(p);
}

/// R-MEM-1: what each PE would have to hold, and the largest of it by node. All
/// classes of a region hold the same data.
LogicalResult outOfMemory(fabric::RegionOp region, const Target &t,
                          const solve::AllocResult &result,
                          ArrayRef<fabric::BufferOp> buffers) {
  const solve::AllocFailure &f = result.failure;
  if (!f.demand)
    return region.emitError("internal: allocation of stage '")
           << region.getSymName() << "': " << result.message;
  ArrayRef<int64_t> size = region.getSize();
  InFlightDiagnostic d =
      region.emitError("out of memory on the PEs of stage '")
      << region.getSymName() << "': each of its " << size[0] << "x" << size[1]
      << " PEs needs " << f.demand << " bytes for data, " << t.name << " has "
      << f.capacity << " for data and code (R-MEM-1)"
      << (hasState(region) ? "; with a state weights stay in memory" : "");
  constexpr unsigned Listed = 5;
  for (unsigned i : ArrayRef(f.largest).take_front(Listed)) {
    if (i >= buffers.size())
      continue; // call parameters
    fabric::BufferOp b = buffers[i];
    d.attachNote(b.getLoc()) << "'" << b.getName() << "', " << b.getMemClass()
                             << ", takes " << bytesOf(b) << " bytes of each PE";
  }
  return d;
}
} // namespace

/// How the region's memory was laid out.
static void remarkMemory(fabric::RegionOp region, const RegionMemory &memory,
                         const solve::AllocSolution &found, const Target &t) {
  auto options =
      remark::RemarkOpts::name("Allocation").category("weft-schedule");
  remark::passed(region.getLoc(), options)
      << remark::metric("Stage", region.getSymName())
      << remark::metric("DataEnd", found.top)
      << remark::metric("SramBytes", t.sramBytes.value)
      << remark::metric("ParameterBytes", memory.paramBytes)
      << remark::metric("BankConflictCycles", found.conflictCycles)
      << remark::metric("Weights", memory.reusedWeights
                                       ? "overwritten after their last use"
                                       : "resident");
}

FailureOr<RegionMemory> weft::allocateRegion(fabric::RegionOp region,
                                             const Target &t) {
  RegionMemory memory;
  for (auto launch : region.getBody().getOps<fabric::LaunchOp>())
    memory.paramBytes += 4 * launch.getNumOperands();
  SmallVector<fabric::BufferOp> buffers;
  // Code comes on top; leave it a quarter of what is left before reusing.
  uint64_t codeRoom = (t.sramBytes - t.reservedBytes) / 4;
  uint64_t data = t.sramBytes - codeRoom;
  // Padding must not be what leaves no room for code.
  uint64_t code = std::min<uint64_t>(codeEstimate(region), t.sramBytes);
  uint64_t roomy = t.sramBytes - code;
  Pairs pairs = pairsOf(region, t);
  auto result = tryAllocate(region, t, false, pairs, std::min(data, roomy),
                            buffers, memory.paramBytes);
  if (!result || result.solution->top > data) {
    memory.reusedWeights = !hasState(region);
    result =
        tryAllocate(region, t, true, pairs, roomy, buffers, memory.paramBytes);
  }
  if (!result)
    return outOfMemory(region, t, result, buffers);
  remarkMemory(region, memory, *result.solution, t);
  for (auto [i, buffer] : llvm::enumerate(buffers))
    memory.address[buffer] = result.solution->address[i];
  if (memory.paramBytes)
    memory.params = result.solution->address.back();
  memory.end = result.solution->top;
  return memory;
}

LogicalResult weft::checkBuffers(fabric::RegionOp region, const Target &t) {
  for (auto buffer : region.getBody().getOps<fabric::BufferOp>())
    if (bytesOf(buffer) > std::max<uint64_t>(t.sramBytes, 4 * t.maxDsdExtent))
      return allocateRegion(region, t);
  return success();
}
