//===- DimExpression.cpp - Symbolic dimensions of a model -----------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// A recursive descent over sums, products, quotients and the functions that
// symbolic shape inference writes. Values are fractions, since sympy writes
// floor(n/2) for what Python calls n//2. Every step is checked for overflow.
//
//===----------------------------------------------------------------------===//
#include "weft/Import/DimExpression.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace weft;
using llvm::StringRef;

namespace {

/// num / den in lowest terms, den > 0.
struct Fraction {
  int64_t num = 0, den = 1;
};

/// Products of three values below this are exact in 128 bits.
constexpr int64_t Largest = int64_t(1) << 40;
constexpr unsigned MaxNesting = 32;

class DimParser {
public:
  DimParser(StringRef text, const llvm::StringMap<int64_t> &bound)
      : text(text), bound(bound) {}

  /// False if the text is no expression.
  bool parse() {
    value = sum();
    return !bad && rest().empty();
  }

  Fraction value;
  std::string error;
  std::vector<std::string> names, unbound;

private:
  StringRef rest() { return text = text.ltrim(); }
  bool take(StringRef token) {
    rest();
    return text.consume_front(token);
  }

  Fraction fail(StringRef why) {
    if (error.empty())
      error = why.str();
    return {};
  }
  Fraction syntax() {
    bad = true;
    return {};
  }

  Fraction make(__int128 num, __int128 den) {
    if (den == 0)
      return fail("divides by zero");
    if (den < 0) {
      num = -num;
      den = -den;
    }
    __int128 a = num < 0 ? -num : num, b = den;
    while (b) {
      __int128 r = a % b;
      a = b;
      b = r;
    }
    num /= a;
    den /= a;
    if (num > Largest || num < -Largest || den > Largest)
      return fail("is too large");
    return {int64_t(num), int64_t(den)};
  }

  Fraction sum() {
    bool minus = take("-");
    Fraction left = product();
    if (minus)
      left.num = -left.num;
    while (!bad && (rest().starts_with("+") || rest().starts_with("-"))) {
      int sign = text.front() == '+' ? 1 : -1;
      text = text.drop_front();
      Fraction r = product();
      left =
          make(__int128(left.num) * r.den + sign * __int128(r.num) * left.den,
               __int128(left.den) * r.den);
    }
    return left;
  }

  Fraction product() {
    Fraction left = power();
    while (!bad) {
      if (take("//"))
        left = floorOf(quotient(left, power()));
      else if (take("/"))
        left = quotient(left, power());
      else if (take("*")) {
        Fraction r = power();
        left = make(__int128(left.num) * r.num, __int128(left.den) * r.den);
      } else if (take("%")) {
        Fraction r = power(), whole = floorOf(quotient(left, r));
        left = make(__int128(left.num) * r.den -
                        __int128(whole.num) * r.num * left.den,
                    __int128(left.den) * r.den);
      } else
        return left;
    }
    return left;
  }

  Fraction power() {
    Fraction base = atom();
    if (bad || !take("**"))
      return base;
    Fraction exponent = atom(), result{1, 1};
    if (exponent.den != 1 || exponent.num < 0 || exponent.num > 64)
      return fail("has an exponent that is not from 0 to 64");
    for (int64_t i = 0; i < exponent.num; ++i)
      result = make(__int128(result.num) * base.num,
                    __int128(result.den) * base.den);
    return result;
  }

  Fraction quotient(Fraction a, Fraction b) {
    return make(__int128(a.num) * b.den, __int128(a.den) * b.num);
  }
  static Fraction floorOf(Fraction f) {
    return {llvm::divideFloorSigned(f.num, f.den), 1};
  }

  /// ( sum ), name, number, or function ( sum, ... ).
  Fraction atom() {
    if (++depth > MaxNesting)
      return syntax();
    llvm::scope_exit leave([&] { --depth; });
    if (take("(")) {
      Fraction inner = sum();
      return take(")") ? inner : syntax();
    }
    StringRef word = text.take_while([](char c) {
      return llvm::isAlnum(c) || c == '_' || c == '.' || c == ':' || c == '?';
    });
    if (word.empty())
      return syntax();
    text = text.drop_front(word.size());
    if (take("("))
      return function(word.lower());
    int64_t number = 0;
    if (llvm::all_of(word, [](char c) { return llvm::isDigit(c); }))
      return word.getAsInteger(10, number) || number > Largest
                 ? fail("is too large")
                 : Fraction{number, 1};
    return name(word);
  }

  Fraction name(StringRef word) {
    if (!llvm::is_contained(names, word))
      names.push_back(word.str());
    if (auto found = bound.find(word); found != bound.end())
      return make(found->second, 1);
    if (!llvm::is_contained(unbound, word))
      unbound.push_back(word.str());
    return {1, 1};
  }

  Fraction function(const std::string &name) {
    std::vector<Fraction> args;
    do
      args.push_back(sum());
    while (!bad && take(","));
    if (!take(")"))
      return syntax();
    bool isMax = name == "max", isMin = name == "min";
    if (isMax || isMin) {
      Fraction best = args.front();
      for (Fraction f : args) {
        bool less = __int128(f.num) * best.den < __int128(best.num) * f.den;
        best = less == isMin ? f : best;
      }
      return best;
    }
    if (args.size() != 1)
      return syntax();
    if (name == "floor")
      return floorOf(args[0]);
    if (name == "ceil" || name == "ceiling")
      return {llvm::divideCeilSigned(args[0].num, args[0].den), 1};
    return syntax();
  }

  StringRef text;
  const llvm::StringMap<int64_t> &bound;
  unsigned depth = 0;
  bool bad = false;
};

} // namespace

DimValue weft::evaluateDim(StringRef text,
                           const llvm::StringMap<int64_t> &bound) {
  DimValue result;
  if (auto found = bound.find(text); found != bound.end()) {
    result.extent = found->second;
    return result;
  }
  DimParser parser(text, bound);
  if (!parser.parse()) {
    result.unbound.push_back(text.str());
    return result;
  }
  result.unbound = parser.unbound;
  if (!result.unbound.empty())
    return result;
  if (!parser.error.empty())
    result.error = parser.error;
  else if (parser.value.den != 1)
    result.error = "is no whole number";
  else if (parser.value.num < 0)
    result.error = "is " + std::to_string(parser.value.num);
  else
    result.extent = parser.value.num;
  return result;
}

std::vector<std::string> weft::dimNames(StringRef text) {
  llvm::StringMap<int64_t> none;
  DimParser parser(text, none);
  if (!parser.parse())
    return {text.str()};
  return parser.names;
}
