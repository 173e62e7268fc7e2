//===- BanksTest.cpp - Which operands of a kernel are read together -------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// On wse2 a line has 8 bytes: two f32 operands conflict if their addresses are
// equal modulo 8, and each element then takes at least two cycles.
//
//===----------------------------------------------------------------------===//
#include "weft/Kernels/Banks.h"
#include "KernelFixture.h"

using namespace mlir;
using namespace weft;
using namespace weft::kernels;

namespace {
class Banks : public test::Kernels {
protected:
  Target target = llvm::cantFail(loadTarget("wse2"));
  OwningOpRef<ModuleOp> module;
  Rect one{0, 0, 1, 1};

  Type f16() { return Float16Type::get(&c.context); }

  /// A kernel of buffers of 64 elements of the given types.
  fabric::KernelOp kernel(ArrayRef<Type> types,
                          llvm::function_ref<void(Code &)> body) {
    module = ModuleOp::create(UnknownLoc::get(&c.context));
    OpBuilder b(module->getBodyRegion());
    auto kernel = fabric::KernelOp::create(b, module->getLoc(), "k");
    Block *block = b.createBlock(&kernel.getBody());
    Code code(b, module->getLoc(), one);
    for (Type t : types)
      code.ins.push_back(
          block->addArgument(MemRefType::get({64}, t), module->getLoc()));
    body(code);
    fabric::ReturnOp::create(b, module->getLoc());
    return kernel;
  }

  /// "a b residue cycles" per pair.
  std::vector<std::string> pairs(fabric::KernelOp k) {
    std::vector<std::string> all;
    for (const solve::BankPair &p : bankPairs(k, target))
      all.push_back(std::to_string(p.a) + " " + std::to_string(p.b) + " " +
                    std::to_string(p.residue) + " " + std::to_string(p.cycles));
    return all;
  }

  using Pairs = std::vector<std::string>;
};

TEST_F(Banks, TwoThatAreRead) {
  Type t = Float32Type::get(&c.context);
  // 30 elements: multiply 30 cycles or 60, add 15 or 30. What is only written
  // meets nobody.
  EXPECT_EQ(pairs(kernel({t, t, t},
                         [](Code &k) {
                           Value y = k.view(k.ins[0], 0, 30),
                                 a = k.view(k.ins[1], 0, 30),
                                 b = k.view(k.ins[2], 1, 30);
                           k.vec(V::VFMul, y, {a, b});
                           k.vec(V::VFAdd, y, {y, a});
                         })),
            (Pairs{"1 2 4 30", "0 1 0 15"}));
}

TEST_F(Banks, LoopsKeepOrFlipTheParity) {
  Type t = Float32Type::get(&c.context);
  auto rows = [&](int64_t n) {
    return kernel({t, t}, [&](Code &k) {
      k.loop(3, [&](Idx i) {
        Value y = k.view(k.ins[0], 0, 10),
              x = k.view(k.ins[1], k.mul(i, n), 10);
        k.vec(V::VFMac, y, {x, k.f32(2)});
      });
    });
  };
  // Rows of 12 words all begin like the first, those of 13 in turns, so
  // that no place of the buffers helps.
  EXPECT_EQ(pairs(rows(12)), (Pairs{"0 1 0 30"}));
  EXPECT_EQ(pairs(rows(13)), Pairs());
  EXPECT_EQ(measure(rows(13), one, target).cycles,
            measure(rows(12), one, target).cycles + 15);
}

TEST_F(Banks, WhatNoPlaceAvoidsIsMeasured) {
  Type t = Float32Type::get(&c.context);
  auto cycles = [&](bool mac) {
    auto k = kernel({t, t, t}, [&](Code &k) {
      Value y = k.view(k.ins[0], 0, 20), a = k.view(k.ins[1], 0, 20),
            b = k.view(k.ins[2], 0, 20);
      k.vec(mac ? V::VFMac : V::VFMul, y, {a, b});
    });
    EXPECT_EQ(pairs(k), mac ? Pairs() : Pairs{"1 2 0 20"});
    return measure(k, one, target).cycles;
  };
  // Of three words two lie at the same place of their lines.
  EXPECT_EQ(cycles(true), cycles(false) + 20);
}

TEST_F(Banks, OneDescriptorIsReadOnce) {
  Type t = Float32Type::get(&c.context);
  EXPECT_EQ(pairs(kernel({t, t},
                         [](Code &k) {
                           Value y = k.view(k.ins[0], 0, 30),
                                 a = k.view(k.ins[1], 0, 30),
                                 again = k.view(k.ins[1], 0, 30);
                           k.vec(V::VFMac, y, {a, again});
                         })),
            (Pairs{"0 1 0 30"}));
}

TEST_F(Banks, StridesThatDiffer) {
  Type t = Float32Type::get(&c.context);
  auto k = kernel({t, t}, [](Code &k) {
    Value y = k.view(k.ins[0], 0, 20), x = k.view(k.ins[1], 0, {4, 5}, {1, 0});
    k.vec(V::VFMul, y, {y, x});
  });
  EXPECT_EQ(pairs(k), Pairs()); // half of the elements wait, wherever
  Target without = target;
  without.readLine.value = 0;
  EXPECT_EQ(measure(k, one, target).cycles,
            measure(k, one, without).cycles + 10);
  // A walk that stays in one bank is read and written there: 2 cycles.
  auto s = kernel({t}, [](Code &k) {
    Value y = k.view(k.ins[0], 0, {5}, {8});
    k.vec(V::VFMac, y, {k.f32(1), k.f32(2)});
  });
  without.banks.value = 0;
  EXPECT_EQ(measure(s, one, target).cycles,
            measure(s, one, without).cycles + 5);
}

TEST_F(Banks, NarrowElementsShareWords) {
  // Elements 2 and 3 are in one word, 4 is in the next. Four elements per
  // cycle: 40 take 10 cycles, or 20.
  auto k = [&](int64_t first) {
    return kernel({f16(), f16()}, [&](Code &k) {
      Value y = k.view(k.ins[0], 0, 40), x = k.view(k.ins[1], first, 40);
      k.vec(V::VFAdd, y, {y, x});
    });
  };
  EXPECT_EQ(pairs(k(2)), (Pairs{"0 1 4 10"}));
  EXPECT_EQ(pairs(k(3)), (Pairs{"0 1 4 10"}));
  EXPECT_EQ(pairs(k(4)), (Pairs{"0 1 0 10"}));
}

TEST_F(Banks, AddressesFromDataAreAnywhere) {
  Type t = Float32Type::get(&c.context);
  auto at = [&](int64_t row) {
    return kernel({t, t}, [&](Code &k) {
      Idx i = k.mul(k.min(k.coord(1), 3), row);
      Value n = k.load(k.ins[1], 0);
      Value index = arith::FPToSIOp::create(k.b, k.loc, k.b.getI32Type(), n);
      Idx from =
          arith::IndexCastOp::create(k.b, k.loc, k.b.getIndexType(), index)
              .getResult();
      Value y = k.view(k.ins[0], 0, 10),
            x = k.view(k.ins[1], k.add(i, k.mul(from, row)), 10);
      k.vec(V::VFMul, y, {y, x});
    });
  };
  EXPECT_EQ(pairs(at(5)), Pairs());
  EXPECT_EQ(pairs(at(6)), (Pairs{"0 1 0 10"})); // even rows: a known place
}
} // namespace
