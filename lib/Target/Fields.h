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

/// How fast vector ops are.
template <typename T, typename Visitor>
void visitVectorFields(T &t, Visitor visit) {
  auto field = [&](const char *key, const char *unit, uint32_t min,
                   uint32_t max,
                   auto &fact) { visit(FieldSpec{key, unit, min, max}, fact); };
  auto setup = [&](const char *key, auto &fact) {
    visit(FieldSpec{key, "cycles", 0, 10000}, fact);
  };
  setup("vector.setup_fill", t.setup.fill);
  setup("vector.setup_elementwise", t.setup.elementwise);
  setup("vector.setup_copy", t.setup.copy);
  setup("vector.setup_mac16", t.setup.mac16);
  setup("vector.setup_mac32", t.setup.mac32);
  setup("vector.setup_reduce", t.setup.reduce);
  setup("vector.setup_dot", t.setup.dot);
  setup("vector.setup_fabric", t.setup.fabric);
  field("memory.read_bytes", "bytes/cycle", 1, 4096, t.readBytes);
  field("memory.write_bytes", "bytes/cycle", 1, 4096, t.writeBytes);
  field("memory.read_line", "bytes", 0, 64, t.readLine);
  field("memory.banks", "banks", 0, 16, t.banks);
  field("memory.stride_width", "elements/cycle", 1, 64, t.strideWidth);
  auto width = [&](const char *key, auto &fact) {
    visit(FieldSpec{key, "elements/cycle", 1, 64}, fact);
  };
  auto &s = t.simd;
  width("simd.mov32", s.mov32);
  width("simd.mov16", s.mov16);
  width("simd.fadd32", s.fadd32);
  width("simd.fadd16", s.fadd16);
  width("simd.fmul32", s.fmul32);
  width("simd.fmul16", s.fmul16);
  width("simd.fmac32", s.fmac32);
  width("simd.fmac16", s.fmac16);
  width("simd.fmac_mixed", s.fmacMixed);
  width("simd.fmax32", s.fmax32);
  width("simd.fmax16", s.fmax16);
  width("simd.int32", s.int32);
  width("simd.int16", s.int16);
  width("simd.shift16", s.shift16);
  width("simd.mul16", s.mul16);
  width("simd.convert", s.convert);
  field("rates.reduce", "cycles/1000", 1, 1000000, t.rates.reduce);
  field("rates.dot", "cycles/1000", 1, 1000000, t.rates.dot);
  field("rates.fabric", "cycles/1000", 1000, 1000000, t.rates.fabric);
}

/// Calls visit(spec, fact) for each field; fields of one group are neighbours.
/// The upper limits keep the simulator's structures finite; those of `dsd`,
/// `fabric` and `queues` are what the instruction encoding can express.
template <typename T, typename Visitor> void visitFields(T &t, Visitor visit) {
  constexpr uint32_t Cycles = 10000;
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
  visit(FieldSpec{"router.turn", "cycles", 0, Cycles}, t.turn);
  visit(FieldSpec{"router.buffer", "wavelets", 1, 4096}, t.routerBuffer);
  visit(FieldSpec{"router.switch_positions", "positions", 1, 16},
        t.switchPositions);
  visit(FieldSpec{"router.switch_advance", "flag", 0, 1}, t.switchAdvance);
  visit(FieldSpec{"router.switch_both", "flag", 0, 1}, t.switchBoth);
  visit(FieldSpec{"scalar.dsd_load", "cycles", 1, Cycles}, t.dsdLoad);
  visit(FieldSpec{"scalar.alu", "cycles", 1, Cycles}, t.scalarAlu);
  visit(FieldSpec{"scalar.load", "cycles", 1, Cycles}, t.scalarLoad);
  visit(FieldSpec{"scalar.branch_taken", "cycles", 1, Cycles}, t.branchTaken);
  visit(FieldSpec{"scalar.branch_not_taken", "cycles", 1, Cycles},
        t.branchNotTaken);
  visit(FieldSpec{"task.activate", "cycles", 0, Cycles}, t.taskActivate);
  visitVectorFields(t, visit);
}

/// What is wrong with a single value, or an empty string.
std::string checkField(const FieldSpec &spec, uint32_t value);
std::string checkField(const FieldSpec &spec,
                       const std::vector<uint32_t> &value);

/// What is wrong with a bracket, or an empty string.
std::string checkRange(const FieldSpec &spec, const FactU &fact);

/// What is wrong between fields: key of the culprit and message, or empty.
struct FieldProblem {
  std::string key, message;
};
FieldProblem checkTogether(const Target &t);

} // namespace weft
#endif
