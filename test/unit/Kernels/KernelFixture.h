//===- KernelFixture.h - Kernels on one PE against wanted values ----------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_TEST_KERNELS_KERNELFIXTURE_H
#define WEFT_TEST_KERNELS_KERNELFIXTURE_H

#include "Interpreter.h"
#include "gtest/gtest.h"
#include <random>

namespace weft::test {

using namespace weft::kernels;
using mlir::ArrayRef;
using mlir::Builder;
using mlir::DictionaryAttr;
using mlir::NamedAttribute;
using mlir::SmallVector;
using mlir::StringRef;
using Shape = SmallVector<int64_t>;

/// Kernels on one PE against wanted values; numbers from a fixed seed.
class Kernels : public ::testing::Test {
protected:
  Context c;
  std::mt19937 rng{1};

  int64_t below(int64_t n) { return int64_t(rng() % uint64_t(n)); }
  RankedTensorType f32(ArrayRef<int64_t> s) {
    return RankedTensorType::get(s, mlir::Float32Type::get(&c.context));
  }
  RankedTensorType i32(ArrayRef<int64_t> s) {
    return RankedTensorType::get(s, mlir::IntegerType::get(&c.context, 32));
  }
  Shape shape(unsigned rank) {
    Shape s;
    for (unsigned d = 0; d < rank; ++d)
      s.push_back(1 + below(5));
    return s;
  }
  std::vector<float> values(RankedTensorType type) {
    std::vector<float> v;
    for (int64_t i = 0; i < type.getNumElements(); ++i)
      v.push_back(float(below(2001) - 1000) / 256.0f);
    return v;
  }
  NamedAttribute list(StringRef name, ArrayRef<int64_t> v) {
    Builder b(&c.context);
    return b.getNamedAttr(name, b.getDenseI64ArrayAttr(v));
  }
  NamedAttribute number(StringRef name, int64_t v) {
    Builder b(&c.context);
    return b.getNamedAttr(name, b.getI64IntegerAttr(v));
  }

  Problem problem(StringRef op, ArrayRef<RankedTensorType> ins,
                  RankedTensorType out, ArrayRef<NamedAttribute> attrs = {}) {
    Problem p;
    p.op = op.str();
    p.ins.assign(ins.begin(), ins.end());
    p.constant.assign(ins.size(), false);
    p.out = out;
    p.config = DictionaryAttr::get(&c.context, attrs);
    return p;
  }

  /// All options give the wanted values, in row-major order.
  void expect(const Problem &p, const std::vector<Words> &operands,
              const Words &want, double tolerance = 0) {
    std::string why;
    std::vector<Option> options = allOptions(p, Rect{0, 0, 1, 1}, why);
    ASSERT_FALSE(options.empty()) << p.op << ": " << why;
    for (const Option &o : options) {
      std::vector<Words> stored;
      for (auto [type, words] : llvm::zip(o.ins, operands))
        stored.push_back(type.getShape() == p.ins[stored.size()].getShape()
                             ? toStorage(type, words)
                             : words);
      Words got = fromStorage(o.out, run(p, o, stored));
      ASSERT_EQ(got.size(), want.size());
      for (size_t i = 0; i < got.size(); ++i) {
        float x = llvm::bit_cast<float>(got[i]);
        float y = llvm::bit_cast<float>(want[i]);
        if (got[i] != want[i]) {
          ASSERT_NEAR(x, y, tolerance)
              << p.op << " " << o.algorithm << " " << i;
        }
      }
    }
  }
};

/// Calls visit(indices) for all of `shape` in row-major order.
inline void each(ArrayRef<int64_t> shape,
                 llvm::function_ref<void(ArrayRef<int64_t>)> visit) {
  int64_t total = 1;
  for (int64_t n : shape)
    total *= n;
  for (int64_t i = 0; i < total; ++i) {
    Shape at(shape.size(), 0);
    int64_t rest = i;
    for (int d = int(shape.size()) - 1; d >= 0; --d) {
      at[d] = rest % shape[d];
      rest /= shape[d];
    }
    visit(at);
  }
}

/// Row-major number of an element; unit dimensions and missing leading ones
/// broadcast.
inline int64_t flat(ArrayRef<int64_t> shape, ArrayRef<int64_t> at) {
  int64_t n = 0;
  at = at.take_back(shape.size());
  for (size_t d = 0; d < shape.size(); ++d)
    n = n * shape[d] + (shape[d] == 1 ? 0 : at[d]);
  return n;
}

} // namespace weft::test
#endif
