//===- IsaTest.cpp - Words, instructions and text are one -----------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "weft/Binary/Isa.h"
#include "gtest/gtest.h"
#include <random>

using namespace weft::isa;
using Words = std::vector<uint32_t>;

namespace {

Words assemble(const std::string &text) {
  std::string error;
  auto i = parseInstr(text, error);
  EXPECT_TRUE(i) << text << ": " << error;
  Words words;
  if (i)
    encode(*i, words);
  return words;
}

std::string parseError(const std::string &text) {
  std::string error;
  EXPECT_FALSE(parseInstr(text, error)) << text;
  return error;
}

std::string decodeError(const Words &words) {
  std::string error;
  EXPECT_FALSE(decode(words, 0, error));
  return error;
}

TEST(Isa, WordsOfEachForm) {
  EXPECT_EQ(assemble("nop"), (Words{0}));
  EXPECT_EQ(assemble("li r1, 0x3f800000"), (Words{0x02010000, 0x3f800000}));
  EXPECT_EQ(assemble("li r1, 0xffffffff"), (Words{0x02010000, 0xffffffff}));
  EXPECT_EQ(assemble("addi r1, r2, -4"), (Words{0x04010200, 0xfffffffc}));
  EXPECT_EQ(assemble("shli r1, r2, 31"), (Words{0x0701021f}));
  EXPECT_EQ(assemble("fmac r1, r2, r3"), (Words{0x25010203}));
  EXPECT_EQ(assemble("ld r1, r2-8"), (Words{0x30010200, 0xfffffff8}));
  EXPECT_EQ(assemble("coord r1, y"), (Words{0x38010100}));
  EXPECT_EQ(assemble("loop r3, 16"), (Words{0x40030000, 16}));
  EXPECT_EQ(assemble("dsd d2, r4+128, f16, [16:32, 32:-1]"),
            (Words{0x50020412, 128, 0x00100020, 0x0020ffff}));
  EXPECT_EQ(assemble("vfmac d0, d1, r5"), (Words{0x66000125}));
  EXPECT_EQ(assemble("vmov out2, in3, len=7, async=4"),
            (Words{0xe05243ff, 0x00140007}));
  EXPECT_EQ(assemble("vmov out2, d0, advance"),
            (Words{0xe05200ff, 0x00200000}));
  EXPECT_EQ(assemble("vrsum r1, d2"), (Words{0x7c2102ff}));
}

TEST(Isa, SpacesAndCommentsAreFree) {
  EXPECT_EQ(assemble("  vfadd  d0 ,d1,  in2 , len=3  # sum"),
            assemble("vfadd d0, d1, in2, len=3"));
}

TEST(Isa, TextMistakesAreNamed) {
  EXPECT_EQ(parseError("frob r1"), "unknown mnemonic 'frob'");
  EXPECT_EQ(parseError("li r32, 1"), "register is 32, allowed are 0 to 31");
  EXPECT_EQ(parseError("mov r1 r2"), "expected ',' at 'r2'");
  EXPECT_EQ(parseError("mov r1, r2, r3"),
            "unexpected ', r3' after the instruction");
  EXPECT_EQ(parseError("vfmac out2, d1, d2"),
            "vfmac: destination must be a dsr");
  EXPECT_EQ(parseError("vrsum d1, d2"),
            "vrsum: destination must be a register");
  EXPECT_EQ(parseError("vmov in1, d2"),
            "vmov: destination must be a dsr or output queue");
  EXPECT_EQ(parseError("vmov d1, out2"),
            "vmov: first source must be a dsr, register or input queue");
  EXPECT_EQ(parseError("loop r1, 0"),
            "word 0: loop: trip count is 0, must be positive");
  EXPECT_EQ(parseError("dsd d1, r0, f32, [0:1]"),
            "length is 0, allowed are 1 to 65535");
}

TEST(Isa, OnlyCanonicalWordsDecode) {
  EXPECT_EQ(decodeError({}),
            "word 0: instruction is cut off by the end of the code");
  EXPECT_EQ(decodeError({0x02010000}),
            "word 0: instruction is cut off by the end of the code");
  EXPECT_EQ(decodeError({0xff000000}), "word 0: unknown opcode 0xff");
  EXPECT_EQ(decodeError({0x80000000}), "word 0: unknown opcode 0x80");
  EXPECT_EQ(decodeError({0x03010201}), "word 0: mov: field c is out of range");
  EXPECT_EQ(decodeError({0x03200200}), "word 0: mov: field a is out of range");
  EXPECT_EQ(decodeError({0x500204f1, 0, 0x00010001}),
            "word 0: dsd: unknown element type 15");
  EXPECT_EQ(decodeError({0x50020405, 0, 0x00010001}),
            "word 0: dsd: 5 dimensions, allowed are 1 to 4");
  EXPECT_EQ(decodeError({0x50020401, 0, 0x00000001}),
            "word 0: dsd: dimension 0 has length 0");
  EXPECT_EQ(decodeError({0x601f0001}), "word 0: vmov: invalid operand byte");
  EXPECT_EQ(decodeError({0xe00001ff, 0x00400000}),
            "word 0: vmov: reserved bits are set");
  EXPECT_EQ(decodeError({0xe00001ff, 0x00200000}),
            "word 0: vmov: advance without an output queue");
  EXPECT_EQ(decodeError({0xe00001ff, 0x00010000}),
            "word 0: vmov: microthread without async");
}

TEST(Isa, OperandBytes) {
  for (unsigned b = 0; b < 256; ++b)
    if (auto o = decodeOperand(b)) {
      EXPECT_EQ(encodeOperand(*o), b);
    }
}

/// A random instruction that the decoder accepts: random fields under a random
/// opcode, rejected until they fit.
Instr randomInstr(std::mt19937 &random) {
  auto word = [&] { return uint32_t(random()); };
  auto below = [&](uint32_t n) { return word() % n; };
  while (true) {
    Words w{0};
    bool vector = below(2);
    uint8_t op = vector ? FirstVectorOp + below(31) : below(0x60);
    if (!mnemonic(op))
      continue;
    uint32_t a = below(64), b = below(64), c = below(64);
    if (vector) {
      const uint32_t bytes[] = {below(16), 0x20 + below(32), 0x40 + below(16),
                                0x50 + below(16), 0xff};
      a = bytes[below(4)];
      b = bytes[below(5)];
      c = bytes[below(5)];
    } else if (Op(op) == Op::Dsd) {
      c = (1 + below(4)) | below(5) << 4;
    } else {
      b = below(2) ? b : 0;
      c = below(2) ? c : 0;
    }
    bool ext = vector && below(2);
    w[0] = uint32_t(ext ? op | ExtBit : op) << 24 | a << 16 | b << 8 | c;
    for (unsigned k = 0; k < 5; ++k)
      w.push_back(ext && k == 0 ? word() & 0x3fffff : word());
    if (Op(op) == Op::Loop || Op(op) == Op::Call)
      w[1] >>= 1;
    std::string error;
    if (auto i = decode(w, 0, error))
      return *i;
  }
}

TEST(Isa, RandomInstructionsRoundTrip) {
  std::mt19937 random(1);
  bool seen[256] = {};
  for (unsigned n = 0; n < 30000; ++n) {
    Instr i = randomInstr(random);
    seen[uint8_t(i.op)] = true;
    Words words, again;
    encode(i, words);
    std::string error;
    auto decoded = decode(words, 0, error);
    ASSERT_TRUE(decoded) << error;
    EXPECT_EQ(decoded->numWords, words.size());
    std::string text = print(*decoded);
    auto parsed = parseInstr(text, error);
    ASSERT_TRUE(parsed) << text << ": " << error;
    encode(*parsed, again);
    ASSERT_EQ(again, words) << text;
    EXPECT_EQ(print(*parsed), text);
  }
  for (unsigned op = 0; op < 128; ++op)
    EXPECT_EQ(seen[op], mnemonic(op) != nullptr) << op;
}

TEST(Isa, RandomWordsNeverCrash) {
  std::mt19937 random(2);
  unsigned good = 0;
  for (unsigned n = 0; n < 20000; ++n) {
    Words words(random() % 8);
    for (uint32_t &w : words)
      w = random() % 2 ? random() : random() & 0x7f1f1f1f;
    std::string error;
    if (auto all = decodeAll(words, error)) {
      Words again;
      for (const Instr &i : *all)
        encode(i, again);
      EXPECT_EQ(again, words);
      ++good;
    } else {
      EXPECT_NE(error, "");
    }
  }
  EXPECT_GT(good, 100u);
}

TEST(Isa, RandomTextNeverCrashes) {
  std::mt19937 random(3);
  const std::string alphabet = "vfmacdsd inoutlr0123456789,:[]+-=# x";
  for (unsigned n = 0; n < 20000; ++n) {
    std::string text = n % 2 ? print(randomInstr(random)) : "";
    for (unsigned k = 0; k < 3 || k < 20 - text.size() % 20; ++k)
      text.insert(text.begin() + random() % (text.size() + 1),
                  alphabet[random() % alphabet.size()]);
    std::string error;
    parseInstr(text, error);
  }
}

} // namespace
