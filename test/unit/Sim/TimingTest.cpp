//===- TimingTest.cpp - The simulator's clock against closed forms --------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Expected cycles are derived by hand from docs/machine-model.md and the wse2
// constants: hop 1, ramp 2, set-up 6, alu 1, load 2, dsd 1, branch 6 / 3.
//
//===----------------------------------------------------------------------===//
#include "Build.h"
#include <algorithm>

using namespace weft;
using namespace weft::sim;
using bin::East;
using bin::Ramp;
using bin::West;

static std::vector<float> ramp(size_t n, float scale = 1) {
  std::vector<float> v(n);
  for (size_t i = 0; i < n; ++i)
    v[i] = scale * float(i + 1);
  return v;
}

static std::string dsd(const char *d, uint32_t addr, uint32_t n) {
  return std::string("dsd ") + d + ", r0+" + std::to_string(addr) + ", f32, [" +
         std::to_string(n) + ":1]\n";
}

TEST(SimTiming, Axpy) {
  Builder b;
  b.cls("one", {},
        dsd("d0", DataAddr, 8) + dsd("d1", DataAddr + 36, 8) + // 2
            "li r1, 0x40400000\n"                              // 1
            "vfmac d0, d1, r1\n"                               // 6 + 8
            "halt\n");                                         // 1
  b.p.kernels.push_back({"axpy", "", {}, {}, 0});
  b.p.classes[0].ranges = {{0, uint32_t(b.p.classes[0].code.size()), 0}};
  b.p.inputs = {Builder::tensor("y", {}, DataAddr, 8),
                Builder::tensor("x", {}, DataAddr + 36, 8)};
  b.p.outputs = {b.p.inputs[0]};
  Ran r = runIt(b, {ramp(8), ramp(8, 10)});
  ASSERT_EQ(r.error, "");
  for (int i = 0; i < 8; ++i)
    EXPECT_EQ(r.outputs[0][i], 31.f * float(i + 1));
  EXPECT_EQ(r.stats.cycles, 18u);
  EXPECT_EQ(r.stats.macs, 8u);
  EXPECT_EQ(r.stats.sramPeakBytes, DataAddr + 68);
  EXPECT_EQ(r.stats.kernels[0].macs, 8u);
  EXPECT_EQ(r.stats.kernels[0].macsMaxPerPE, 8u);
  EXPECT_EQ(r.stats.kernels[0].pesActive, 1u);
  EXPECT_EQ(r.stats.kernels[0].cycles, 18u);
  EXPECT_EQ(r.stats.classes[0].setup, 6u);
  EXPECT_EQ(r.stats.classes[0].compute, 12u);
  EXPECT_EQ(r.stats.classes[0].idle, 0u);
}

TEST(SimTiming, LoopsCallsAndTasks) {
  Builder b;
  // 0 loop (1), three rounds of addi (1) and endloop (6, 6, 3), call (6), addi
  // (1), ret (6), activate 3 (1), endtask (1); task 3 may start 3 after its
  // activation ended, so 2 cycles idle; st (1), halt (1).
  auto &c = b.cls("one", {},
                  "loop r2, 3\n"      // words 0 1
                  "addi r1, r1, 5\n"  // 2 3
                  "endloop r2\n"      // 4
                  "call 9\n"          // 5 6
                  "activate 3\n"      // 7
                  "endtask\n"         // 8
                  "addi r1, r1, 1\n"  // 9 10
                  "ret\n"             // 11
                  "st r1, r0+16384\n" // 12 13
                  "halt\n");
  c.tasks.push_back({3, 12, false});
  bin::IOTensor out = Builder::tensor("o", {}, DataAddr, 1);
  out.type = out.place.storage = bin::ElemType::I32;
  b.p.outputs = {out};
  Ran r = runIt(b);
  ASSERT_EQ(r.error, "");
  int32_t v;
  memcpy(&v, r.outputs[0].data(), 4);
  EXPECT_EQ(v, 16);
  EXPECT_EQ(r.stats.cycles, 1u + 3 + 15 + 6 + 1 + 6 + 1 + 1 + 2 + 1 + 1);
  EXPECT_EQ(r.stats.classes[0].idle, 2u);
}

/// A chain of P PEs eastwards, root at the west end; colours alternate.
static Builder chain(uint32_t P, uint32_t B, const char *preset = "wse2") {
  Builder b(P, 1, preset);
  std::string mem = dsd("d0", DataAddr, B);
  auto in = [](uint32_t x) { return uint8_t(x % 2 ? 2 : 1); }; // received by x
  for (uint32_t x = 0; x + 1 < P; ++x) {
    b.route(in(x), {x + 1, 0, 1, 1, 1, 1}, Ramp, West);
    b.route(in(x), {x, 0, 1, 1, 1, 1}, East, Ramp);
  }
  b.cls("root", {0, 0, 1, 1, 1, 1}, mem + "vfadd d0, in2, d0\nhalt\n",
        {{false, 2, in(0)}});
  b.cls("far", {P - 1, 0, 1, 1, 1, 1}, mem + "vmov out2, d0\nhalt\n",
        {{true, 2, in(P - 2)}});
  for (uint32_t x = 1; x + 1 < P; ++x)
    b.cls("mid" + std::to_string(x), {x, 0, 1, 1, 1, 1},
          mem + "vfadd out2, in2, d0\nhalt\n",
          {{false, 2, in(x)}, {true, 2, in(x - 1)}});
  b.p.inputs = {
      Builder::tensor("v", {0, 0, P, 1, 1, 1}, DataAddr, B, bin::Axis::X, P)};
  b.p.outputs = {Builder::tensor("sum", {0, 0, 1, 1, 1, 1}, DataAddr, B)};
  return b;
}

class Chain : public testing::TestWithParam<std::pair<uint32_t, uint32_t>> {};

// Each stage relays after 1 + ramp + hop + ramp = 6 cycles.
TEST_P(Chain, TakesTheClosedForm) {
  auto [P, B] = GetParam();
  std::vector<float> v(size_t(P) * B);
  for (size_t i = 0; i < v.size(); ++i)
    v[i] = float(i % 97);
  Ran r = runIt(chain(P, B), {v});
  ASSERT_EQ(r.error, "");
  EXPECT_EQ(r.stats.lastElement - r.stats.firstElement, B + 6 * (P - 1));
  EXPECT_EQ(r.stats.waveletHops, uint64_t(B) * (P - 1));
  EXPECT_EQ(r.stats.maxLinkWavelets, B);
  for (uint32_t i = 0; i < B; ++i) {
    float sum = 0;
    for (uint32_t x = P; x-- > 0;)
      sum += v[size_t(x) * B + i];
    ASSERT_EQ(r.outputs[0][i], sum) << i;
  }
}
INSTANTIATE_TEST_SUITE_P(Sizes, Chain,
                         testing::Values(std::pair(8u, 1u), std::pair(8u, 16u),
                                         std::pair(8u, 256u), std::pair(2u, 1u),
                                         std::pair(2u, 16u),
                                         std::pair(2u, 256u)));

// The same form with the other machine's constants.
TEST(SimTiming, ChainOnWse3) {
  Builder b = chain(8, 64, "wse3");
  Ran r = runIt(b, {ramp(8 * 64)});
  ASSERT_EQ(r.error, "");
  EXPECT_EQ(r.stats.lastElement - r.stats.firstElement,
            64 + (2 * b.t.ramp + b.t.hop + 1) * 7);
}

// Nine 16-bit elements are five wavelets: 5 + (2 ramp + hop + 1).
TEST(SimTiming, HalvesTravelInPairs) {
  Builder b(2, 1);
  b.route(3, {1, 0, 1, 1, 1, 1}, Ramp, West);
  b.route(3, {0, 0, 1, 1, 1, 1}, East, Ramp);
  std::string mem = "dsd d0, r0+16384, f16, [9:1]\n";
  b.cls("to", {0, 0, 1, 1, 1, 1}, mem + "vfadd d0, in2, d0\nhalt\n",
        {{false, 2, 3}});
  b.cls("from", {1, 0, 1, 1, 1, 1}, mem + "vmov out2, d0\nhalt\n",
        {{true, 2, 3}});
  bin::IOTensor v = Builder::tensor("v", {0, 0, 2, 1, 1, 1}, DataAddr, 9);
  v.place.storage = bin::ElemType::F16;
  b.p.inputs = {v};
  v.place.where.w = 1;
  b.p.outputs = {v};
  Ran r = runIt(b, {ramp(9, 0.5f)});
  ASSERT_EQ(r.error, "");
  EXPECT_EQ(r.outputs[0], ramp(9));
  EXPECT_EQ(r.stats.waveletHops, 5u);
  EXPECT_EQ(r.stats.lastElement - r.stats.firstElement, 5u + 6);
}

// From the root eastwards: B + hop (P - 1) + 2 ramp + 1.
TEST(SimTiming, Multicast) {
  constexpr uint32_t P = 8, B = 16;
  Builder b(P, 1);
  b.route(4, {0, 0, 1, 1, 1, 1}, Ramp, East);
  b.route(4, {1, 0, P - 2, 1, 1, 1}, West, East | Ramp);
  b.route(4, {P - 1, 0, 1, 1, 1, 1}, West, Ramp);
  std::string mem = dsd("d0", DataAddr, B);
  b.cls("root", {0, 0, 1, 1, 1, 1}, mem + "vmov out2, d0\nhalt\n",
        {{true, 2, 4}});
  b.cls("leaf", {1, 0, P - 1, 1, 1, 1}, mem + "vmov d0, in2\nhalt\n",
        {{false, 2, 4}});
  b.p.inputs = {Builder::tensor("v", {0, 0, 1, 1, 1, 1}, DataAddr, B)};
  b.p.outputs = {
      Builder::tensor("all", {0, 0, P, 1, 1, 1}, DataAddr, B, bin::Axis::X, P)};
  Ran r = runIt(b, {ramp(B)});
  ASSERT_EQ(r.error, "");
  EXPECT_EQ(r.stats.lastElement - r.stats.firstElement, B + P + 4);
  EXPECT_EQ(r.stats.waveletHops, uint64_t(B) * (P - 1));
  for (uint32_t i = 0; i < P * B; ++i)
    ASSERT_EQ(r.outputs[0][i], float(i % B + 1));
}

// A stream of 64 from (0, 0) to (3, 2): east along row 0, then south; 5 hops
// and one turn. The turn delays it and takes nothing from its pace, whatever
// the buffers.
TEST(SimTiming, TurnsTakeTimeAndNoBandwidth) {
  constexpr uint32_t B = 64;
  for (const char *set : {"router.turn=0", "router.turn=20", "router.turn=33"})
    for (const char *buffer : {"router.buffer=1", "router.buffer=9"}) {
      Builder b(4, 3, "wse3");
      llvm::cantFail(setField(b.t, set));
      llvm::cantFail(setField(b.t, buffer));
      b.route(4, {0, 0, 1, 1, 1, 1}, Ramp, East);
      b.route(4, {1, 0, 2, 1, 1, 1}, West, East);
      b.route(4, {3, 0, 1, 1, 1, 1}, West, bin::South);
      b.route(4, {3, 1, 1, 1, 1, 1}, bin::North, bin::South);
      b.route(4, {3, 2, 1, 1, 1, 1}, bin::North, Ramp);
      std::string mem = dsd("d0", DataAddr, B);
      b.cls("from", {0, 0, 1, 1, 1, 1}, mem + "vmov out2, d0\nhalt\n",
            {{true, 2, 4}});
      b.cls("to", {3, 2, 1, 1, 1, 1}, mem + "vmov d0, in2\nhalt\n",
            {{false, 2, 4}});
      b.p.inputs = {Builder::tensor("v", {0, 0, 1, 1, 1, 1}, DataAddr, B)};
      b.p.outputs = {Builder::tensor("w", {3, 2, 1, 1, 1, 1}, DataAddr, B)};
      Ran r = runIt(b, {ramp(B)});
      ASSERT_EQ(r.error, "");
      EXPECT_EQ(r.outputs[0], ramp(B));
      EXPECT_EQ(r.stats.lastElement - r.stats.firstElement,
                B + 1 + 2 * b.t.ramp + 5 * b.t.hop + b.t.turn);
    }
}

// Four senders around one receiver that takes them one after the other: the
// later ones are held back by full buffers until their turn.
TEST(SimTiming, StarWithBackpressure) {
  constexpr uint32_t B = 32;
  Builder b(3, 3);
  struct Arm {
    uint32_t x, y;
    unsigned out, in;
  } arms[] = {{1, 0, bin::South, bin::North},
              {1, 2, bin::North, bin::South},
              {0, 1, East, West},
              {2, 1, West, East}};
  std::vector<bin::QueueBinding> queues;
  std::string text = dsd("d0", DataAddr, B) + "vmov d0, r0\n";
  for (unsigned k = 0; k < 4; ++k) {
    const Arm &a = arms[k];
    b.route(k, {a.x, a.y, 1, 1, 1, 1}, Ramp, a.out);
    b.route(k, {1, 1, 1, 1, 1, 1}, a.in, Ramp);
    queues.push_back({false, uint8_t(2 + k), uint8_t(k)});
    text += "vfadd d0, in" + std::to_string(2 + k) + ", d0\n";
    b.cls("arm" + std::to_string(k), {a.x, a.y, 1, 1, 1, 1},
          "li r1, 0x3f800000\nvmov out2, r1, len=" + std::to_string(B) +
              "\nhalt\n",
          {{true, 2, uint8_t(k)}});
  }
  b.cls("centre", {1, 1, 1, 1, 1, 1}, text + "halt\n", queues);
  b.p.outputs = {Builder::tensor("sum", {1, 1, 1, 1, 1, 1}, DataAddr, B)};
  Ran r = runIt(b);
  ASSERT_EQ(r.error, "");
  for (float f : r.outputs[0])
    EXPECT_EQ(f, 4.f);
  // dsd 1, fill 6 + 16; then each arm costs set-up 6 and 32 elements, all of
  // whose wavelets wait nearby; halt 1.
  EXPECT_EQ(r.stats.cycles, 1u + 22 + 4 * 38 + 1);
  EXPECT_GT(r.stats.classes[3].waitOut, 64u);
}

// The pipe is shared: two async sends of 16 elements take 32 slots.
TEST(SimTiming, AsyncShareTheElementPipe) {
  constexpr uint32_t B = 16;
  Builder b(3, 1);
  for (unsigned k = 0; k < 2; ++k) {
    b.route(k, {1, 0, 1, 1, 1, 1}, Ramp, k ? West : East);
    b.route(k, {k ? 0u : 2u, 0, 1, 1, 1, 1}, k ? East : West, Ramp);
  }
  std::string mem = dsd("d0", DataAddr, B);
  b.cls("source", {1, 0, 1, 1, 1, 1},
        mem + "vmov out2, d0, async=2\n" // dsd 0-1, issue 1-2, elements from 8
              "vmov out3, d0, async=3\n" // issue 2-3, elements from 9
              "wait 2\nwait 3\nactivate 1\nendtask\nhalt\n",
        {{true, 2, 0}, {true, 3, 1}});
  b.p.classes[0].tasks.push_back(
      {1, uint32_t(b.p.classes[0].code.size() - 1), false});
  for (unsigned k = 0; k < 2; ++k)
    b.cls("sink" + std::to_string(k), {k ? 0u : 2u, 0, 1, 1, 1, 1},
          mem + "vmov d0, in2\nhalt\n", {{false, 2, uint8_t(k)}});
  b.p.inputs = {Builder::tensor("v", {1, 0, 1, 1, 1, 1}, DataAddr, B)};
  b.p.outputs = {Builder::tensor("w", {0, 0, 1, 1, 1, 1}, DataAddr, B),
                 Builder::tensor("e", {2, 0, 1, 1, 1, 1}, DataAddr, B)};
  Ran r = runIt(b, {ramp(B)});
  ASSERT_EQ(r.error, "");
  EXPECT_EQ(r.outputs[0], ramp(B));
  EXPECT_EQ(r.outputs[1], ramp(B));
  EXPECT_EQ(r.stats.firstElement, 8u);
  // Slots 8 .. 39 are all taken; the last wavelet is processed 5 after its
  // slot.
  EXPECT_EQ(r.stats.lastElement, 39u + 1 + 2 + 1 + 2 + 1);
  EXPECT_EQ(r.stats.cycles, 46u + 1);
}

// The same outputs and counters from the same and from a fresh simulator.
TEST(SimTiming, RunsAreRepeatable) {
  Builder b = chain(8, 256);
  auto s = llvm::cantFail(Simulator::create(b.p, b.t));
  std::vector<float> v(8 * 256);
  for (size_t i = 0; i < v.size(); ++i)
    v[i] = 0.001f * float((i * 7919) % 1000);
  llvm::cantFail(s->setInput(0, bytesOf(v)));
  Stats first = llvm::cantFail(s->run());
  auto out = llvm::cantFail(s->getOutput(0));
  llvm::cantFail(s->setInput(0, bytesOf(v)));
  EXPECT_EQ(llvm::cantFail(s->run()), first);
  EXPECT_EQ(llvm::cantFail(s->getOutput(0)), out);
  Ran again = runIt(b, {v});
  EXPECT_EQ(again.stats, first);
  EXPECT_EQ(again.outputs[0], floatsOf(out));
}

// Three colours from three senders share the links to one receiver. The last
// link carries 3 B wavelets, one per cycle, in turn; the classes' order, and so
// the order in which PEs and routers are visited, changes nothing.
TEST(SimTiming, ColorsShareALinkInTurn) {
  constexpr uint32_t B = 64, P = 4;
  auto build = [&](bool reversed) {
    Builder b(P, 1);
    std::vector<bin::QueueBinding> queues;
    std::string text;
    for (uint32_t x = 0; x + 1 < P; ++x) {
      uint8_t color = uint8_t(5 + x);
      b.route(color, {x, 0, 1, 1, 1, 1}, Ramp, East);
      for (uint32_t over = x + 1; over + 1 < P; ++over)
        b.route(color, {over, 0, 1, 1, 1, 1}, West, East);
      b.route(color, {P - 1, 0, 1, 1, 1, 1}, West, Ramp);
      b.cls("from" + std::to_string(x), {x, 0, 1, 1, 1, 1},
            "coord r1, x\ni2f r1, r1\nvmov out3, r1, len=" + std::to_string(B) +
                "\nhalt\n",
            {{true, 3, color}});
      queues.push_back({false, uint8_t(2 + x), color});
      std::string n = std::to_string(x);
      text += dsd(("d" + n).c_str(), DataAddr + 4 * B * x, B) + "vmov d" + n +
              ", in" + std::to_string(2 + x) + ", async=" + n + "\n";
    }
    b.cls("sink", {P - 1, 0, 1, 1, 1, 1},
          text + "wait 0\nwait 1\nwait 2\nhalt\n", queues);
    b.p.outputs = {
        Builder::tensor("all", {P - 1, 0, 1, 1, 1, 1}, DataAddr, (P - 1) * B)};
    if (reversed)
      std::reverse(b.p.classes.begin(), b.p.classes.end());
    return b;
  };
  Ran r = runIt(build(false)), back = runIt(build(true));
  ASSERT_EQ(r.error, "");
  for (uint32_t i = 0; i < 3 * B; ++i)
    ASSERT_EQ(r.outputs[0][i], float(i / B));
  EXPECT_EQ(r.stats.maxLinkWavelets, 3 * B);
  EXPECT_EQ(r.stats.waveletHops, (1 + 2 + 3) * B);
  // The nearest sender's first element is processed in cycle 8 (coord, i2f,
  // set-up) and arrives 6 cycles later; then one element per cycle.
  EXPECT_EQ(r.stats.firstElement, 8u);
  EXPECT_EQ(r.stats.lastElement, 8u + 6 + 3 * B);
  std::reverse(back.stats.classes.begin(), back.stats.classes.end());
  EXPECT_EQ(back.stats, r.stats);
  EXPECT_EQ(back.outputs, r.outputs);
}

TEST(SimTiming, CycleLimit) {
  Builder b;
  b.cls("one", {}, "loop r1, 1000\nendloop r1\nhalt\n");
  auto s = llvm::cantFail(Simulator::create(b.p, b.t));
  auto stats = s->run(100);
  ASSERT_FALSE(stats);
  EXPECT_EQ(toString(stats.takeError()),
            "1 of 1 PEs have not halted after 100 cycles");
}
