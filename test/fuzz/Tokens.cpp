//===- Tokens.cpp - Changes to text, token by token ------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// For the fuzzers of dialects and of targets: brackets, numbers, words and
// strings are much the same in MLIR and YAML.
//
//===----------------------------------------------------------------------===//
#include "Tokens.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/xxhash.h"
#include <algorithm>

using namespace weft;
using fuzz::Random;
using llvm::StringRef;

extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t maxSize);

static bool opens(char c) { return StringRef("([{<").contains(c); }
static bool closes(char c, char before) { // "->" closes nothing
  return StringRef(")]}").contains(c) || (c == '>' && before != '-');
}

bool fuzz::tooMuchForMlir(StringRef text) {
  int depth = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    depth += opens(text[i]) - closes(text[i], i ? text[i - 1] : ' ');
    if (depth > 48)
      return true;
  }
  return false;
}

namespace {

using Token = std::string;
enum Kind { Space, Number, Word, Sigil, Quoted, Punctuation };

Kind kindOf(char c) {
  if (llvm::isSpace(c))
    return Space;
  if (llvm::isDigit(c))
    return Number;
  if (llvm::isAlpha(c) || c == '_')
    return Word;
  if (StringRef("%@#!^").contains(c))
    return Sigil;
  return c == '"' ? Quoted : Punctuation;
}

bool belongs(Kind kind, char c) {
  switch (kind) {
  case Space:
    return llvm::isSpace(c);
  case Number:
    return llvm::isDigit(c);
  case Word: // "xf32" after an extent; "nn.relu"
    return llvm::isAlpha(c) || c == '_' || c == '.' || c == '$';
  case Sigil:
    return llvm::isAlnum(c) || StringRef("_.$").contains(c);
  case Quoted:
    return c != '"';
  case Punctuation:
    return false;
  }
  return false;
}

/// Joined, the tokens are the text again.
std::vector<Token> split(StringRef text) {
  std::vector<Token> tokens;
  while (!text.empty()) {
    Kind kind = kindOf(text.front());
    size_t n = 1;
    while (n < text.size() && belongs(kind, text[n]))
      ++n;
    if (kind == Quoted && n < text.size())
      ++n;
    tokens.push_back(text.take_front(n).str());
    text = text.drop_front(n);
  }
  return tokens;
}

/// A token that is not space.
size_t pick(const std::vector<Token> &tokens, Random &random) {
  size_t i = random.below(tokens.size());
  for (size_t n = 0; n < tokens.size() && kindOf(tokens[i][0]) == Space; ++n)
    i = (i + 1) % tokens.size();
  return i;
}

/// Another token of the kind of tokens[i].
Token sameKind(const std::vector<Token> &tokens, size_t i, Random &random) {
  Kind kind = kindOf(tokens[i][0]);
  for (unsigned n = 0; n < 64; ++n)
    if (const Token &t = tokens[random.below(tokens.size())];
        kindOf(t[0]) == kind && t != tokens[i])
      return t;
  return tokens[i];
}

/// What no seed need hold.
const char *const Words[] = {"-1",
                             "0",
                             "1",
                             "2",
                             "?",
                             "*",
                             "true",
                             "false",
                             "unit",
                             "f32",
                             "f16",
                             "bf16",
                             "i1",
                             "i8",
                             "i16",
                             "i32",
                             "i64",
                             "index",
                             "none",
                             "x",
                             "y",
                             "[]",
                             "{}",
                             "()",
                             "<>",
                             "dense<>",
                             "\"\"",
                             "memref",
                             "tensor",
                             "vector",
                             "1.0",
                             "-0.0",
                             "1e40",
                             "0x7FC00000",
                             "nan",
                             "@x",
                             "%x",
                             "#x",
                             "loc(unknown)",
                             "strided",
                             "offset",
                             ":",
                             "->",
                             "=",
                             ",",
                             "step",
                             "partial",
                             "row_major",
                             "9223372036854775807",
                             "-9223372036854775808",
                             "4294967296",
                             "65536"};

std::string numberLike(StringRef text, Random &random) {
  uint64_t v = 0;
  text.getAsInteger(10, v);
  return std::to_string(random.oneIn(3) ? random.changed(v)
                        : random.oneIn(2)
                            ? random.below(8)
                            : uint64_t(uint8_t(random.changed(v))));
}

/// From tokens[i], an opening bracket, to what closes it.
size_t closing(const std::vector<Token> &tokens, size_t i) {
  int depth = 0;
  for (size_t k = i; k < tokens.size(); ++k) {
    depth +=
        opens(tokens[k][0]) - closes(tokens[k][0], k ? tokens[k - 1][0] : ' ');
    if (depth <= 0)
      return k + 1;
  }
  return tokens.size();
}

void editRange(std::vector<Token> &t, size_t i, size_t end, Random &random) {
  std::vector<Token> range(t.begin() + i, t.begin() + end);
  if (random.oneIn(2)) {
    t.erase(t.begin() + i, t.begin() + end);
    if (random.oneIn(2) || t.empty())
      return;
    i = random.below(t.size());
  }
  t.insert(t.begin() + i, range.begin(), range.end());
}

void editOne(std::vector<Token> &t, Random &random) {
  if (t.empty())
    return;
  size_t i = pick(t, random);
  switch (random.below(8)) {
  case 0:
    return editRange(t, i, std::min(t.size(), i + 1 + random.below(3)), random);
  case 1:
    return editRange(t, i, closing(t, i), random);
  case 2:
    std::swap(t[i], t[pick(t, random)]);
    return;
  case 3:
    t[i] = Words[random.below(std::size(Words))];
    return;
  case 4:
    t.insert(t.begin() + i, Words[random.below(std::size(Words))]);
    return;
  default:
    t[i] = kindOf(t[i][0]) == Number && random.oneIn(2)
               ? numberLike(t[i], random)
               : sameKind(t, i, random);
  }
}

} // namespace

static void editLines(std::string &text, Random &random) {
  llvm::SmallVector<StringRef> lines;
  StringRef(text).split(lines, '\n');
  size_t i = random.below(lines.size()), j = random.below(lines.size());
  StringRef line = lines[i];
  if (random.oneIn(2))
    lines.erase(lines.begin() + i);
  if (random.oneIn(2))
    lines.insert(lines.begin() + std::min(j, lines.size()), line);
  text = llvm::join(lines, "\n");
}

std::string fuzz::editTokens(StringRef text, Random &random) {
  std::string out = text.str();
  if (random.oneIn(8))
    editLines(out, random);
  std::vector<Token> tokens = split(out);
  for (unsigned n = random.oneIn(3) ? 1 + random.below(4) : 1; n; --n)
    editOne(tokens, random);
  return llvm::join(tokens, "");
}

std::string fuzz::mix(StringRef a, StringRef b, Random &random) {
  if (random.oneIn(2)) { // a line, where it may belong
    llvm::SmallVector<StringRef> lines, own;
    b.split(lines, '\n');
    StringRef line = lines[random.below(lines.size())];
    a.split(own, '\n');
    llvm::SmallVector<size_t> fit;
    auto indent = [](StringRef l) { return l.size() - l.ltrim(' ').size(); };
    for (size_t i = 0; i < own.size(); ++i)
      if (indent(own[i]) == indent(line))
        fit.push_back(i);
    if (!fit.empty())
      own.insert(own.begin() + fit[random.below(fit.size())], line);
    return llvm::join(own, "\n");
  }
  std::vector<Token> tokens = split(a), others = split(b);
  if (tokens.empty() || others.empty())
    return a.str();
  size_t i = pick(tokens, random);
  others.push_back(tokens[i]);
  tokens[i] = sameKind(others, others.size() - 1, random);
  return llvm::join(tokens, "");
}

bool fuzz::keepRefused(StringRef text) {
  return llvm::xxh3_64bits(text) % 256 == 0;
}

static size_t give(const std::string &text, uint8_t *data, size_t maxSize) {
  size_t n = std::min(text.size(), maxSize);
  std::copy_n(text.begin(), n, data);
  return n;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size,
                                          size_t maxSize, unsigned seed) {
  Random random(seed);
  if (random.oneIn(4))
    return LLVMFuzzerMutate(data, size, maxSize);
  StringRef text(reinterpret_cast<char *>(data), size);
  return give(fuzz::editTokens(text, random), data, maxSize);
}

extern "C" size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t aSize,
                                            const uint8_t *b, size_t bSize,
                                            uint8_t *out, size_t maxSize,
                                            unsigned seed) {
  Random random(seed);
  StringRef first(reinterpret_cast<const char *>(a), aSize);
  StringRef second(reinterpret_cast<const char *>(b), bSize);
  return give(fuzz::mix(first, second, random), out, maxSize);
}
