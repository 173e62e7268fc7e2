//===- Memory.cpp - Addresses of a region's buffers -----------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "Memory.h"
#include "mlir/IR/Remarks.h"
#include "weft/Solve/Alloc.h"

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

solve::AllocResult tryAllocate(fabric::RegionOp region, const Target &t,
                               bool reuseWeights,
                               SmallVectorImpl<fabric::BufferOp> &buffers,
                               uint64_t paramBytes) {
  uint64_t launches;
  auto live = liveness(region, launches);
  solve::AllocProblem p;
  p.base = (t.reservedBytes + 3) / 4 * 4;
  p.capacity = t.sramBytes;
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
                         uint64_t top, const Target &t) {
  auto options =
      remark::RemarkOpts::name("Allocation").category("weft-schedule");
  remark::passed(region.getLoc(), options)
      << remark::metric("Stage", region.getSymName())
      << remark::metric("DataEnd", top)
      << remark::metric("SramBytes", t.sramBytes.value)
      << remark::metric("ParameterBytes", memory.paramBytes)
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
  auto result = tryAllocate(region, t, false, buffers, memory.paramBytes);
  if (!result || result.solution->top + codeRoom > t.sramBytes) {
    memory.reusedWeights = !hasState(region);
    result = tryAllocate(region, t, true, buffers, memory.paramBytes);
  }
  if (!result)
    return outOfMemory(region, t, result, buffers);
  remarkMemory(region, memory, result.solution->top, t);
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
