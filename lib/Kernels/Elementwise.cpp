//===- Elementwise.cpp - Elementwise ops with broadcasting ----------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Works on tiles, in any layout, without communication. A chain of ops is one
// kernel: the value so far lies in the result's buffer, every step overwrites
// it.
//
//===----------------------------------------------------------------------===//
#include "Functions.h"
#include <limits>

using namespace mlir;
using namespace weft::kernels;

namespace {
/// op name -> vector op on floats and on integers; swap: operands exchanged;
/// invert: the 0/1 result is flipped.
struct Direct {
  const char *op;
  int onFloat, onInt;
  bool swap = false, invertInt = false, swapInt = false;
};
const Direct binaries[] = {
    {"nn.add", int(V::VFAdd), int(V::VAdd)},
    {"nn.sub", int(V::VFSub), int(V::VSub)},
    {"nn.mul", int(V::VFMul), int(V::VMul)},
    {"nn.max", int(V::VFMax), int(V::VMax)},
    {"nn.min", int(V::VFMin), int(V::VMin)},
    {"nn.and", -1, int(V::VAnd)},
    {"nn.or", -1, int(V::VOr)},
    {"nn.bit_and", -1, int(V::VAnd)},
    {"nn.bit_or", -1, int(V::VOr)},
    {"nn.bit_xor", -1, int(V::VXor)},
    {"nn.shift_left", -1, int(V::VShl)},
    {"nn.shift_right", -1, int(V::VShr)},
    {"nn.equal", int(V::VFEq), int(V::VEq)},
    {"nn.less", int(V::VFLt), int(V::VLt)},
    {"nn.greater", int(V::VFLt), int(V::VLt), true, false, true},
    {"nn.less_equal", int(V::VFLe), int(V::VLt), false, true, true},
    {"nn.greater_equal", int(V::VFLe), int(V::VLt), true, true, false},
};

const Direct *findBinary(StringRef op) {
  for (const Direct &d : binaries)
    if (op == d.op)
      return &d;
  return nullptr;
}

bool isSimpleUnary(StringRef op) {
  return llvm::is_contained(ArrayRef<StringRef>{"nn.neg", "nn.abs", "nn.relu",
                                                "nn.not", "nn.cast",
                                                "nn.square", "nn.bit_cast"},
                            op);
}

SmallVector<int64_t> outputStrides(RankedTensorType type) {
  SmallVector<int64_t> s;
  for (const weft::bin::DimMap &d : dimMaps(type))
    s.push_back(d.stride);
  return s;
}

/// Strides of operand `in` in the dims of `out`: 0 where it broadcasts.
SmallVector<int64_t> broadcastStrides(RankedTensorType in,
                                      RankedTensorType out) {
  SmallVector<int64_t> s(out.getRank(), 0);
  std::vector<weft::bin::DimMap> maps = dimMaps(in);
  int64_t shift = out.getRank() - in.getRank();
  for (int64_t d = 0; d < in.getRank(); ++d)
    if (in.getDimSize(d) != 1)
      s[d + shift] = maps[d].stride;
  return s;
}

class Elementwise final : public Kernel {
  void options(const Problem &p, const Rect &r, std::vector<Option> &out,
               std::string &why) const override {
    if (!isElementwise(p) && p.op != "wafer.chain")
      return;
    if (p.flag("saturate")) {
      why = "a cast that saturates needs a constant operand";
      return;
    }
    int64_t last = p.out.getRank() ? p.out.getShape().back() : 1;
    for (int8_t axis : {X, Y, None}) {
      if (axis != None && last == 1)
        continue;
      Option o;
      o.algorithm = "elementwise";
      for (RankedTensorType t : p.ins)
        o.ins.push_back(
            laidOut(t, r,
                    t.getRank() && t.getShape().back() == last && last > 1
                        ? axis
                        : int8_t(None)));
      o.out = laidOut(p.out, r, axis);
      // Padding stays finite: products with a weight's zeros have to be zero.
      if (anyUnbounded(p) && isPadded(o.out)) {
        o.validOnes = last;
        o.ins.push_back(laidOut(
            RankedTensorType::get({last}, Float32Type::get(p.ctx())), r, axis));
      }
      out.push_back(o);
    }
  }

  /// Can the op, or a step of the chain, give inf or NaN from zeros?
  static bool anyUnbounded(const Problem &p) {
    if (p.op != "wafer.chain")
      return isUnbounded(p.op);
    return llvm::any_of(stepsOf(p), [](DictionaryAttr step) {
      return isUnbounded(step.getAs<StringAttr>("op").getValue());
    });
  }

  bool inPlace(const Problem &p, const Option &o, unsigned i) const override {
    // The broadcast operands of `where` and `div` are read after the first
    // write; only the operand that the first write reads may be overwritten.
    if (i >= p.ins.size())
      return false;
    if (o.ins[i] != o.out && (o.ins[i].getShape() != o.out.getShape() ||
                              axisOf(o.ins[i]) != axisOf(o.out)))
      return false;
    if (p.op == "wafer.chain")
      return chainInPlace(p, i);
    if (quotient(p))
      return i == 0;
    return canFollow(p, i);
  }

  /// Only an operand that nothing but the first step reads.
  static bool chainInPlace(const Problem &p, unsigned i) {
    for (auto [n, step] : llvm::enumerate(stepsOf(p)))
      for (auto [k, arg] : llvm::enumerate(argsOf(step)))
        if (arg == int64_t(i)) {
          Problem first;
          first.op = step.getAs<StringAttr>("op").str();
          bool divides = first.op == "nn.div" || first.op == "nn.exact_div" ||
                         first.op == "nn.div_by";
          if (n > 0 || divides ? n > 0 || k != 0 : !canFollow(first, k))
            return false;
        }
    return true;
  }

  static SmallVector<DictionaryAttr> stepsOf(const Problem &p) {
    SmallVector<DictionaryAttr> steps;
    for (Attribute a : p.config.getAs<ArrayAttr>("steps"))
      steps.push_back(mlir::cast<DictionaryAttr>(a));
    return steps;
  }

  static ArrayRef<int64_t> argsOf(DictionaryAttr step) {
    return step.getAs<DenseI64ArrayAttr>("args").asArrayRef();
  }

  void expand(const Problem &p, const Option &o, Code &c) const override {
    if (p.op == "wafer.chain")
      expandChain(p, o, c);
    else
      expandOne(p, o, c);
    if (o.validOnes)
      clearPadding(o, c);
  }

  /// Zeros where the last operand, ones of the valid features, has zeros.
  static void clearPadding(const Option &o, Code &c) {
    int64_t rows = rowsOf(o.out), n = tileDim(o.out, o.out.getRank() - 1);
    Value invalid = c.scratch(n, c.b.getI32Type());
    Value valid = c.view(c.ins.back(), 0, n), zero = c.f32(0);
    c.vec(V::VFEq, c.view(invalid, 0, n), {valid, zero});
    c.strided(V::VSel, {n, rows}, {c.out, 0, {rows, 1}},
              {{invalid, 0, {1, 0}}, {c.f32(0), 0, {}}});
  }

  /// The value so far, of 4 bytes: in the result's buffer if that is as wide.
  /// Narrow floats are f32 between the steps, and the last step rounds.
  static void expandChain(const Problem &p, const Option &o, Code &c) {
    SmallVector<Value> operands = c.ins;
    Value result = c.out, work = result;
    if (isNarrow(p.out.getElementType()))
      work = c.scratch(tileElems(o.out));
    RankedTensorType soFar;
    SmallVector<DictionaryAttr> steps = stepsOf(p);
    for (auto [n, step] : llvm::enumerate(steps)) {
      Problem one;
      Option with = o;
      one.op = step.getAs<StringAttr>("op").str();
      one.config = step;
      Type element = step.getAs<TypeAttr>("out").getValue();
      bool last = n + 1 == steps.size();
      if (!last && isNarrow(element))
        element = c.b.getF32Type();
      one.out = RankedTensorType::get(p.out.getShape(), element);
      with.out =
          RankedTensorType::get(p.out.getShape(), element, o.out.getEncoding());
      with.ins.clear();
      c.ins.clear();
      for (int64_t arg : argsOf(step)) {
        with.ins.push_back(arg < 0 ? soFar : o.ins[arg]);
        c.ins.push_back(arg < 0 ? typed(c, work, soFar.getElementType())
                                : operands[arg]);
        one.ins.push_back(RankedTensorType::get(
            with.ins.back().getShape(), with.ins.back().getElementType()));
      }
      c.out = last ? result : typed(c, work, element);
      c.beginStep();
      expandOne(one, with, c);
      soFar = with.out;
    }
    c.endSteps();
    c.ins = operands;
    c.out = result;
  }

  static void expandOne(const Problem &p, const Option &o, Code &c) {
    SmallVector<int64_t> sizes, dst = outputStrides(o.out);
    // Storage order: last dimension outermost, so that runs merge.
    SmallVector<unsigned> order;
    for (unsigned d = 0; d < o.out.getRank(); ++d)
      order.push_back((d + o.out.getRank() - 1) % o.out.getRank());
    for (unsigned d : order)
      sizes.push_back(tileDim(o.out, d));
    auto permuted = [&](ArrayRef<int64_t> strides) {
      SmallVector<int64_t> r;
      for (unsigned d : order)
        r.push_back(strides[d]);
      return r;
    };
    Code::Operand target{c.out, 0, permuted(dst)};
    SmallVector<Code::Operand> operands;
    for (auto [value, type] :
         llvm::zip_first(ArrayRef(c.ins).take_front(p.ins.size()), o.ins))
      operands.push_back(
          takesScalars(p) && isScalarBeside(type, o.out)
              ? Code::Operand{c.onlyElement(value), 0, {}}
              : Code::Operand{value, 0,
                              permuted(broadcastStrides(type, o.out))});
    bool isFloat = mlir::isa<FloatType>(p.ins[0].getElementType());

    if (const Direct *d = findBinary(p.op)) {
      direct(*d, p, o, c, isFloat, sizes, target, operands);
    } else if (p.op == "nn.div" && isFloat) {
      divide(o, c, sizes, target, operands);
    } else if (p.op == "nn.exact_div") {
      divideExactly(o, c, sizes, target, operands);
    } else if (p.op == "nn.div_by") {
      divideByKnown(o, c, sizes, target, operands);
    } else if (isPair(p)) {
      pair(p, o, c, sizes, target, operands);
    } else if (p.op == "nn.where") {
      c.strided(V::VMov, sizes, target, {operands[2]});
      c.strided(V::VSel, sizes, target, {operands[0], operands[1]});
    } else if (isSimpleUnary(p.op) || (p.op == "nn.sign" && !isFloat)) {
      emitUnary(p, c, isFloat, sizes, target, operands[0]);
    } else {
      emitFunction(p, c, tileElems(o.out));
    }
  }

  /// An operand of one word: a register is shorter to name than a view, and
  /// nothing is read twice.
  static bool isScalarBeside(RankedTensorType type, RankedTensorType out) {
    return tileElems(type) == 1 && tileElems(out) > 1 &&
           type.getElementTypeBitWidth() == 32;
  }
  static bool takesScalars(const Problem &p) {
    return p.op == "nn.div_by" ||
           (findBinary(p.op) &&
            mlir::isa<FloatType>(p.ins[0].getElementType()));
  }

  static void direct(const Direct &d, const Problem &p, const Option &o,
                     Code &c, bool isFloat, ArrayRef<int64_t> sizes,
                     const Code::Operand &target,
                     SmallVectorImpl<Code::Operand> &operands) {
    IntKind kind = intKind(p.text("int"));
    bool ordered = d.onInt == int(V::VLt) || d.onInt == int(V::VMax) ||
                   d.onInt == int(V::VMin);
    // Signed comparison orders unsigned words whose top bit is flipped.
    bool flip = !isFloat && ordered && kind.usesTopBit();
    if (flip)
      for (auto [operand, type] : llvm::zip_first(operands, o.ins)) {
        int64_t n = tileElems(type);
        Value flipped = c.scratch(n, c.b.getI32Type());
        Value plain = c.view(operand.buffer, 0, n), topBit = c.i32(0x80000000);
        c.vec(V::VXor, c.view(flipped, 0, n), {plain, topBit});
        operand.buffer = flipped;
      }
    if (isFloat ? d.swap : d.swapInt)
      std::swap(operands[0], operands[1]);
    c.strided(V(isFloat ? d.onFloat : d.onInt), sizes, target, operands);
    if (!isFloat && d.invertInt)
      c.strided(V::VXor, sizes, target, {target, {c.i32(1), 0, {}}});
    if (flip && d.onInt != int(V::VLt))
      c.strided(V::VXor, sizes, target, {target, {c.i32(0x80000000), 0, {}}});
    if (d.onInt == int(V::VAdd) || d.onInt == int(V::VSub) ||
        d.onInt == int(V::VMul) || d.onInt == int(V::VShl))
      wrapIntegers(c, kind, sizes, target);
  }

  /// Both operands laid like the result, for functions of two numbers.
  static void pair(const Problem &p, const Option &o, Code &c,
                   ArrayRef<int64_t> sizes, const Code::Operand &target,
                   ArrayRef<Code::Operand> operands) {
    int64_t total = tileElems(o.out);
    Value both[2];
    for (unsigned i = 0; i < 2; ++i) {
      if (i == operands.size()) { // a power whose exponent is constant
        both[i] = c.i32(uint32_t(int64_t(p.real("exponent"))));
        continue;
      }
      Type element = storageType(p.ins[i].getElementType());
      both[i] = operands[i].buffer;
      if (!isNarrow(element) && operands[i].strides == target.strides)
        continue;
      both[i] =
          c.scratch(total, isNarrow(element) ? c.b.getF32Type() : element);
      c.strided(V::VMov, sizes, {both[i], 0, target.strides}, {operands[i]});
    }
    bool narrow = isNarrow(p.out.getElementType());
    Value y = narrow ? c.scratch(total) : c.out;
    emitPair(p, c, both[0], both[1], y, total);
    if (narrow) {
      Value wide = c.view(y, 0, total);
      c.vec(V::VMov, c.view(c.out, 0, total), wide);
    }
    if (!mlir::isa<FloatType>(p.out.getElementType()))
      wrapIntegers(c, intKind(p.text("int")), sizes, target);
  }

  static bool quotient(const Problem &p) {
    return p.op == "nn.exact_div" || p.op == "nn.div_by" ||
           (p.op == "nn.div" && mlir::isa<FloatType>(p.out.getElementType()));
  }
};
} // namespace

bool weft::kernels::isElementwise(const Problem &p) {
  return findBinary(p.op) || isFunction(p) || isSimpleUnary(p.op) ||
         isPair(p) || p.op == "nn.where" || p.op == "nn.div" ||
         p.op == "nn.sign" || p.op == "nn.exact_div" || p.op == "nn.div_by";
}

// `where` first copies its last operand and then reads the others.
bool weft::kernels::canFollow(const Problem &p, unsigned i) {
  return p.op != "nn.where" || i == 2;
}

const Kernel &weft::kernels::elementwiseKernel() {
  static const Elementwise kernel;
  return kernel;
}
