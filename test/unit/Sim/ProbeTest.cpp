//===- ProbeTest.cpp - Values are kept as they are when kernels end -------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "Build.h"

using namespace weft;
using namespace weft::sim;

namespace {

constexpr bin::Pattern Row{0, 0, 2, 1, 1, 1};

/// PE (1, 0) sends 8 words to PE (0, 0), which adds them to its own.
struct Probes : testing::Test {
  Builder b{2, 1};
  std::unique_ptr<Simulator> s;

  void SetUp() override {
    b.route(3, {1, 0, 1, 1, 1, 1}, bin::Ramp, bin::West);
    b.route(3, {0, 0, 1, 1, 1, 1}, bin::East, bin::Ramp);
    for (const char *name : {"k0", "k1"})
      b.p.kernels.push_back({name, "", Row, {}, 0});
    b.p.inputs = {Builder::tensor("x", Row, DataAddr, 8, bin::Axis::X, 2)};
  }
  void value(const char *name, uint32_t kernel, bin::Pattern where) {
    bin::IOTensor t =
        Builder::tensor(name, where, DataAddr, 8, bin::Axis::X, where.w);
    b.p.values.push_back({name, t.type, t.shape, kernel, t.place});
  }
  /// `receive` is what PE (0, 0) does in its call for k0.
  void program(const std::string &receive) {
    const std::string mem = "dsd d0, r0+16384, f32, [8:1]\n"; // words 0 1 2
    b.cls("to", {0, 0, 1, 1, 1, 1},
          mem +
              "call 9\n"  // 3 4
              "wait 1\n"  // 5
              "call 14\n" // 6 7
              "halt\n" +  // 8
              receive +   // 9 .. 12
              "ret\n"     // 13
              "vfadd d0, d0, d0\n"
              "ret\n",
          {{false, 2, 3}})
        .callKernels = {0, 1};
    b.cls("from", {1, 0, 1, 1, 1, 1},
          mem + "call 6\n"
                "halt\n"
                "vmov out2, d0\n"
                "ret\n",
          {{true, 2, 3}})
        .callKernels = {0};
  }
  Stats run(const std::vector<size_t> &probes) {
    s = llvm::cantFail(Simulator::create(b.p, b.t));
    std::vector<float> x(16);
    for (size_t i = 0; i < 16; ++i)
      x[i] = float(i);
    llvm::cantFail(s->setInput(0, bytesOf(x)));
    for (size_t p : probes)
      llvm::cantFail(s->probe(p));
    return llvm::cantFail(s->run());
  }
  std::vector<float> probed(size_t i) {
    return floatsOf(llvm::cantFail(s->getProbe(i)));
  }
};

std::vector<float> sums(float factor) {
  std::vector<float> v;
  for (int i = 0; i < 8; ++i)
    v.push_back(factor * float(i + (i + 8)));
  return v;
}

TEST_F(Probes, OneBufferTwoValues) {
  program("vfadd d0, in2, d0\nnop\nnop\nnop\n");
  value("sum", 0, {0, 0, 1, 1, 1, 1});
  value("twice", 1, {0, 0, 1, 1, 1, 1});
  Stats with = run({1, 0});
  EXPECT_EQ(probed(0), sums(1));
  EXPECT_EQ(probed(1), sums(2));
  // Looking changes nothing, and a second run looks again.
  EXPECT_EQ(run({}), with);
  EXPECT_EQ(llvm::toString(s->getProbe(0).takeError()),
            "value 0 was not asked for");
}

// The call ends while a microthread still receives: the value is there when
// that op has ended, not when the call did.
TEST_F(Probes, AsynchronousOps) {
  program("vfadd d0, in2, d0, async=1, len=8\nnop\nnop\n");
  value("sum", 0, {0, 0, 1, 1, 1, 1});
  value("twice", 1, {0, 0, 1, 1, 1, 1});
  run({0, 1});
  EXPECT_EQ(probed(0), sums(1));
  EXPECT_EQ(probed(1), sums(2));
}

TEST_F(Probes, Mistakes) {
  program("vfadd d0, in2, d0\nnop\nnop\nnop\n");
  value("both", 1, Row); // the sender has no call for k1
  value("other", 0, Row);
  b.p.values[1].place.addr = DataAddr + 64; // nothing writes there
  value("outside", 0, Row);
  b.p.values[2].place.addr = 49148;
  run({0, 1});
  EXPECT_EQ(llvm::toString(s->getProbe(0).takeError()),
            "value 'both': PE (1, 0) makes no call for kernel 'k1'");
  EXPECT_EQ(llvm::toString(s->getProbe(1).takeError()),
            "value 'other': PE (0, 0) has not written all of its tile "
            "(R-MEM-3) after kernel 'k0'");
  EXPECT_EQ(llvm::toString(s->probe(2)),
            "value 'outside': a tile at byte 49148 does not lie in SRAM "
            "(R-MEM-2)");
  EXPECT_EQ(llvm::toString(s->probe(7)), "value 7 of 3");
}

// 6 x 10 over 3 x 2 PEs at (1, 2): rows of 3 along y, columns of 4 along x.
TEST(Placement, WhoHoldsAnElement) {
  bin::Placement p;
  p.where = {1, 2, 3, 2, 1, 1};
  p.dims = {{bin::Axis::Y, 6, 3, 4}, {bin::Axis::X, 10, 4, 1}};
  using At = std::pair<uint32_t, uint32_t>;
  EXPECT_EQ(holderOf(p, 0), At(1, 2));
  EXPECT_EQ(holderOf(p, 4), At(2, 2));
  EXPECT_EQ(holderOf(p, 29), At(3, 2));
  EXPECT_EQ(holderOf(p, 30), At(1, 3));
  EXPECT_EQ(holderOf(p, 59), At(3, 3));
  p.dims[0].axis = bin::Axis::None; // replicas along y
  EXPECT_EQ(holderOf(p, 59), At(3, 2));
}

} // namespace
