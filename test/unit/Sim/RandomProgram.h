//===- RandomProgram.h - Programs that do a bit of everything -------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Routed programs with contention, backpressure, multicasts, relays, two inputs
// at once, microthreads, tasks, packed f16 and ops in memory in between. Some
// deadlock and some leave wavelets behind.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_TEST_UNIT_SIM_RANDOMPROGRAM_H
#define WEFT_TEST_UNIT_SIM_RANDOMPROGRAM_H

#include "Build.h"

namespace weft::sim {

/// Its one input and one output are the data of all PEs.
/// `sets`: KEY=VALUE of the target.
Builder randomProgram(unsigned seed, std::vector<const char *> sets = {});
/// The same with routes of their own from PE to PE (RandomStreams.cpp).
Builder randomStreams(unsigned seed, std::vector<const char *> sets = {});
/// What both are built with: `words` of each PE of w x h as input and output,
/// and fields of the target.
void addData(Builder &b, uint32_t w, uint32_t h, uint32_t words);
Builder withFields(Builder b, const std::vector<const char *> &sets);
/// Words that are sane both as f32 and as two f16.
std::vector<uint8_t> randomData(const Builder &b, unsigned seed);

/// What a run comes to.
struct Outcome {
  Stats stats;
  std::vector<uint8_t> output;
  std::string error;
};
Outcome outcomeOf(const Builder &b, Fidelity fidelity, unsigned seed,
                  uint64_t maxCycles = Simulator::MaxCycles);
/// The first difference of two outcomes; "" if there is none. `timed`: in
/// everything; else in what does not depend on time.
std::string difference(const Outcome &want, const Outcome &got, bool timed);

} // namespace weft::sim
#endif
