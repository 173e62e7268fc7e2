//===- Fields.h - The one table of target fields --------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Key, member, unit and allowed range of every machine constant. YAML reading
// and printing, --set and the list of assumed fields all walk this table, so a
// new field is one line here, one member of Target and one entry per preset.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_TARGET_FIELDS_H
#define WEFT_LIB_TARGET_FIELDS_H

#include "weft/Target/Target.h"

namespace weft {

/// What a field may hold; for lists, what each element may hold.
struct FieldSpec {
  const char *key; // "group.leaf"
  const char *unit;
  uint32_t min, max;
};

/// Calls visit(spec, fact) for each field; fields of one group are neighbours.
/// The upper limits keep the simulator's structures finite; those of `dsd`,
/// `fabric` and `queues` are what the instruction encoding can express.
template <typename T, typename Visitor> void visitFields(T &t, Visitor visit) {
  constexpr uint32_t Cycles = 10000, Rate = 1000000;
  auto &r = t.rates;
  visit(FieldSpec{"grid.width", "PEs", 1, 65535}, t.gridW);
  visit(FieldSpec{"grid.height", "PEs", 1, 65535}, t.gridH);
  visit(FieldSpec{"clock.mhz", "MHz", 1, 100000}, t.clock);
  visit(FieldSpec{"pe.sram_bytes", "bytes", 64, 1 << 24}, t.sramBytes);
  visit(FieldSpec{"pe.reserved_bytes", "bytes", 0, 1 << 24}, t.reservedBytes);
  visit(FieldSpec{"fabric.colors", "colours", 1, 32}, t.colors);
  visit(FieldSpec{"fabric.user_colors", "ids", 0, 31}, t.userColors);
  visit(FieldSpec{"queues.input", "ids", 0, 15}, t.inQueues);
  visit(FieldSpec{"queues.output", "ids", 0, 15}, t.outQueues);
  visit(FieldSpec{"queues.input_depth", "wavelets", 1, 4096}, t.inQueueDepth);
  visit(FieldSpec{"queues.output_depth", "wavelets", 1, 4096}, t.outQueueDepth);
  visit(FieldSpec{"microthreads.count", "microthreads", 1, 16}, t.microthreads);
  visit(FieldSpec{"ops.fabric_inputs", "operands", 1, 2}, t.fabricInputsPerOp);
  visit(FieldSpec{"types.bf16", "flag", 0, 1}, t.bf16);
  visit(FieldSpec{"dsd.max_dims", "dimensions", 1, 4}, t.maxDsdDims);
  visit(FieldSpec{"dsd.max_extent", "elements", 1, 65535}, t.maxDsdExtent);
  visit(FieldSpec{"dsd.max_stride", "elements", 1, 32767}, t.maxDsdStride);
  visit(FieldSpec{"router.hop", "cycles", 1, Cycles}, t.hop);
  visit(FieldSpec{"router.ramp", "cycles", 1, Cycles}, t.ramp);
  visit(FieldSpec{"router.buffer", "wavelets", 1, 4096}, t.routerBuffer);
  visit(FieldSpec{"vector.setup", "cycles", 0, Cycles}, t.vectorSetup);
  visit(FieldSpec{"scalar.dsd_load", "cycles", 1, Cycles}, t.dsdLoad);
  visit(FieldSpec{"scalar.alu", "cycles", 1, Cycles}, t.scalarAlu);
  visit(FieldSpec{"scalar.load", "cycles", 1, Cycles}, t.scalarLoad);
  visit(FieldSpec{"scalar.branch_taken", "cycles", 1, Cycles}, t.branchTaken);
  visit(FieldSpec{"scalar.branch_not_taken", "cycles", 1, Cycles},
        t.branchNotTaken);
  visit(FieldSpec{"task.activate", "cycles", 0, Cycles}, t.taskActivate);
  auto rate = [&](const char *key, auto &fact) {
    visit(FieldSpec{key, "cycles/1000", 1, Rate}, fact);
  };
  rate("rates.mov32", r.mov32);
  rate("rates.mov16", r.mov16);
  rate("rates.fadd32", r.fadd32);
  rate("rates.fadd16", r.fadd16);
  rate("rates.fmul32", r.fmul32);
  rate("rates.fmul16", r.fmul16);
  rate("rates.fmac32", r.fmac32);
  rate("rates.fmac16", r.fmac16);
  rate("rates.fmac_mixed", r.fmacMixed);
  rate("rates.fmax32", r.fmax32);
  rate("rates.fmax16", r.fmax16);
  rate("rates.int32", r.int32);
  rate("rates.int16", r.int16);
  rate("rates.convert", r.convert);
  rate("rates.reduce", r.reduce);
  rate("rates.dot", r.dot);
}

/// What is wrong with a single value, or an empty string.
std::string checkField(const FieldSpec &spec, uint32_t value);
std::string checkField(const FieldSpec &spec,
                       const std::vector<uint32_t> &value);

/// What is wrong between fields: key of the culprit and message, or empty.
struct FieldProblem {
  std::string key, message;
};
FieldProblem checkTogether(const Target &t);

} // namespace weft
#endif
