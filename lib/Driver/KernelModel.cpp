//===- KernelModel.cpp - One kernel as an nn module -----------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// A table of texts: what is written here is what a user would write by hand for
// weftc, so the compiler cannot tell the difference.
//
//===----------------------------------------------------------------------===//
#include "KernelModel.h"
#include "NN/NNDialect.h"
#include "mlir/Parser/Parser.h"
#include "weft/Import/WeightStore.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/StringExtras.h"
#include <cmath>

using namespace mlir;
using namespace weft;
using llvm::Twine;

namespace {
using Shape = std::vector<int64_t>;

/// Collects inputs, weights and ops as text, and writes the module.
class Text {
public:
  Text(WeightStore &store, StringRef element)
      : store(store), element(element) {}

  std::string type(const Shape &shape, StringRef of = "") {
    largest = std::max(largest, elements(shape));
    std::string s = "tensor<";
    for (int64_t n : shape)
      s += std::to_string(n) + "x";
    return s + (of.empty() ? element : of).str() + ">";
  }
  void input(StringRef name, const Shape &shape, StringRef of = "") {
    inputs += (Twine(inputs.empty() ? "" : ", ") + "%" + name + ": " +
               type(shape, of) + " {nn.name = \"" + name + "\"}")
                  .str();
  }
  void weight(StringRef name, const Shape &shape) {
    std::string t = type(shape);
    if (largest > MaxElements) // refused in the end
      return;
    std::vector<uint8_t> bytes = fill(shape);
    std::string size = std::to_string(bytes.size());
    weights += ("nn.weight @" + name + " : " + t + " = #nn.data<\"\", 0, " +
                size + ", \"" + store.add(std::move(bytes)) + "\">\n")
                   .str();
    body += ("  %" + name + " = nn.load @" + name + " : " + t + "\n").str();
  }
  /// %y = `op`, e.g. "nn.add %a, %b", on tensors of the given shapes.
  void result(const Twine &op, ArrayRef<std::string> operands,
              const Shape &shape) {
    output = type(shape);
    body += ("  %y = " + op + " : (" + llvm::join(operands, ", ") + ") -> " +
             output + "\n")
                .str();
  }
  std::string module() const {
    return weights + "nn.program @main(" + inputs + ") -> (" + output +
           " {nn.name = \"y\"}) {\n" + body + "  nn.return %y : " + output +
           "\n}\n";
  }

  /// Of the largest tensor.
  int64_t largest = 0;
  static constexpr int64_t MaxElements = int64_t(1) << 28;

private:
  WeightStore &store;
  StringRef element;
  std::string inputs, weights, body, output;
  uint32_t weightCount = 0;

  static int64_t elements(const Shape &shape) {
    int64_t n = 1;
    for (int64_t d : shape)
      n *= d;
    return n;
  }

  /// Multiples of 1/256 from -1/2 to 1/2: the same in f32, f16 and bf16.
  std::vector<uint8_t> fill(const Shape &shape) {
    int64_t n = elements(shape);
    const llvm::fltSemantics &semantics =
        element == "f32"   ? llvm::APFloat::IEEEsingle()
        : element == "f16" ? llvm::APFloat::IEEEhalf()
                           : llvm::APFloat::BFloat();
    std::vector<uint64_t> bits;
    for (int k = 0; k < 256; ++k) {
      llvm::APFloat f(float(k) / 256 - 0.5f);
      bool inexact;
      f.convert(semantics, llvm::APFloat::rmNearestTiesToEven, &inexact);
      bits.push_back(f.bitcastToAPInt().getZExtValue());
    }
    unsigned width = element == "f32" ? 4 : 2;
    std::vector<uint8_t> bytes;
    bytes.reserve(n * width);
    for (int64_t i = 0; i < n; ++i) {
      uint32_t hash = 2654435761u * (uint32_t(i) + 7919u * weightCount);
      for (unsigned b = 0; b < width; ++b)
        bytes.push_back(uint8_t(bits[hash >> 24] >> (8 * b)));
    }
    ++weightCount;
    return bytes;
  }
};

using Sizes = ArrayRef<int64_t>;

void gemm(Text &t, Sizes s, bool bias) {
  t.input("x", {s[0], s[2]});
  t.weight("w", {s[2], s[1]});
  std::vector<std::string> types = {t.type({s[0], s[2]}), t.type({s[2], s[1]})};
  if (bias) {
    t.weight("b", {s[1]});
    types.push_back(t.type({s[1]}));
  }
  t.result(bias ? "nn.linear %x, %w bias %b" : "nn.linear %x, %w", types,
           {s[0], s[1]});
}

void matmul(Text &t, Sizes s) {
  t.input("a", {s[0], s[2]});
  t.input("b", {s[2], s[1]});
  t.result("nn.matmul %a, %b", {t.type({s[0], s[2]}), t.type({s[2], s[1]})},
           {s[0], s[1]});
}

void attention(Text &t, Sizes s, bool causal) {
  Shape q = {1, s[1], s[0] * s[3]}, k = {1, s[2], s[0] * s[3]};
  t.input("q", q);
  t.input("k", k);
  t.input("v", k);
  std::string scale;
  llvm::raw_string_ostream(scale)
      << llvm::format("%.9e", 1 / std::sqrt(double(s[3])));
  std::string heads = std::to_string(s[0]);
  t.result("nn.attention %q, %k, %v heads = " + heads + " kv_heads = " + heads +
               " scale = " + scale + " causal = " + (causal ? "true" : "false"),
           {t.type(q), t.type(k), t.type(k)}, q);
}

void norm(Text &t, Sizes s, bool centred) {
  Shape x(s), n = {s[1]};
  t.input("x", x);
  t.weight("w", n);
  std::vector<std::string> types = {t.type(x), t.type(n)};
  if (centred) {
    t.weight("b", n);
    types.push_back(t.type(n));
  }
  t.result(centred ? "nn.layer_norm %x, %w bias %b epsilon = 1.0e-5"
                   : "nn.rms_norm %x, %w epsilon = 1.0e-5",
           types, x);
}

void embedding(Text &t, Sizes s) {
  Shape ids = {s[2]}, table = {s[0], s[1]};
  t.input("ids", ids, "i32");
  t.weight("w", table);
  t.result("nn.gather %w, %ids axis = 0", {t.type(table), t.type(ids, "i32")},
           {s[2], s[1]});
}

void unary(Text &t, Sizes s, const Twine &op) {
  t.input("x", Shape(s));
  t.result(op, {t.type(Shape(s))}, Shape(s));
}

void binary(Text &t, Sizes s, StringRef op) {
  t.input("a", Shape(s));
  t.input("b", Shape(s));
  t.result("nn." + op + " %a, %b", {t.type(Shape(s)), t.type(Shape(s))},
           Shape(s));
}

struct Spec {
  StringRef name, sizes; // "M,N,K"
  void (*write)(Text &, Sizes, StringRef name);
};

constexpr auto plainUnary = [](Text &t, Sizes s, StringRef name) {
  unary(t, s, "nn." + name + " %x");
};
constexpr auto plainBinary = [](Text &t, Sizes s, StringRef name) {
  binary(t, s, name);
};

const Spec specs[] = {
    {"gemm", "M,N,K", [](Text &t, Sizes s, StringRef) { gemm(t, s, false); }},
    {"linear", "M,N,K", [](Text &t, Sizes s, StringRef) { gemm(t, s, true); }},
    {"matmul", "M,N,K", [](Text &t, Sizes s, StringRef) { matmul(t, s); }},
    {"attention", "HEADS,QUERIES,KEYS,SIZE",
     [](Text &t, Sizes s, StringRef) { attention(t, s, false); }},
    {"causal_attention", "HEADS,QUERIES,KEYS,SIZE",
     [](Text &t, Sizes s, StringRef) { attention(t, s, true); }},
    {"layer_norm", "M,N",
     [](Text &t, Sizes s, StringRef) { norm(t, s, true); }},
    {"rms_norm", "M,N", [](Text &t, Sizes s, StringRef) { norm(t, s, false); }},
    {"softmax", "M,N",
     [](Text &t, Sizes s, StringRef) {
       unary(t, s, "nn.softmax %x axis = 1");
     }},
    {"embedding", "ROWS,N,M",
     [](Text &t, Sizes s, StringRef) { embedding(t, s); }},
    {"gelu", "M,N",
     [](Text &t, Sizes s, StringRef) {
       unary(t, s, "nn.gelu %x approximate = \"none\"");
     }},
    {"gelu_tanh", "M,N",
     [](Text &t, Sizes s, StringRef) {
       unary(t, s, "nn.gelu %x approximate = \"tanh\"");
     }},
    {"silu", "M,N", plainUnary},
    {"relu", "M,N", plainUnary},
    {"exp", "M,N", plainUnary},
    {"tanh", "M,N", plainUnary},
    {"erf", "M,N", plainUnary},
    {"sigmoid", "M,N", plainUnary},
    {"sqrt", "M,N", plainUnary},
    {"add", "M,N", plainBinary},
    {"sub", "M,N", plainBinary},
    {"mul", "M,N", plainBinary},
    {"div", "M,N", plainBinary},
    {"max", "M,N", plainBinary},
    {"min", "M,N", plainBinary},
};

constexpr int64_t MaxSize = 65536;

const Spec *findSpec(StringRef name) {
  for (const Spec &s : specs)
    if (s.name == name)
      return &s;
  return nullptr;
}

llvm::Error unknownKernel(StringRef text) {
  std::string names;
  llvm::raw_string_ostream os(names);
  llvm::interleaveComma(specs, os, [&](const Spec &s) { os << s.name; });
  return llvm::createStringError("found --kernel=" + text +
                                 ", known kernels are " + names);
}

/// The sizes in `words`, as many as `names`; all but the element type.
llvm::Expected<Shape> readSizes(StringRef kernel, ArrayRef<StringRef> names,
                                ArrayRef<StringRef> words) {
  Shape sizes;
  for (auto [name, word] : llvm::zip(names, words)) {
    int64_t n = 0;
    if (word.getAsInteger(10, n) || n < 1 || n > MaxSize)
      return llvm::createStringError(
          "found '" + word + "' as " + name + " of --kernel=" + kernel +
          ", allowed is a size from 1 to " + Twine(MaxSize));
    sizes.push_back(n);
  }
  return sizes;
}
} // namespace

llvm::Expected<OwningOpRef<ModuleOp>>
weft::buildKernelModel(MLIRContext &context, StringRef text) {
  auto [name, rest] = text.split(':');
  const Spec *spec = findSpec(name);
  if (!spec)
    return unknownKernel(text);
  SmallVector<StringRef> words, names;
  rest.split(words, ',');
  spec->sizes.split(names, ',');
  if (words.size() != names.size() + 1)
    return llvm::createStringError("found --kernel=" + text +
                                   ", allowed is --kernel=" + name + ":" +
                                   spec->sizes + ",f32|f16|bf16");
  StringRef element = words.pop_back_val();
  if (!llvm::is_contained({"f32", "f16", "bf16"}, element))
    return llvm::createStringError("found element type '" + element +
                                   "' of --kernel=" + name +
                                   ", allowed are f32, f16 and bf16");
  llvm::Expected<Shape> sizes = readSizes(name, names, words);
  if (!sizes)
    return sizes.takeError();
  auto store = std::make_shared<WeightStore>("");
  context.getOrLoadDialect<nn::NNDialect>()->setWeights(store);
  Text t(*store, element);
  spec->write(t, *sizes, name);
  if (t.largest > Text::MaxElements)
    return llvm::createStringError(
        "--kernel=" + text + " has a tensor of " + Twine(t.largest) +
        " elements, allowed are " + Twine(Text::MaxElements));
  if (name == "causal_attention" && (*sizes)[1] > (*sizes)[2])
    return llvm::createStringError("found --kernel=" + text +
                                   ", allowed are at most as many QUERIES as "
                                   "KEYS where attention is causal");
  auto module = parseSourceString<ModuleOp>(t.module(), &context);
  if (!module)
    return llvm::createStringError("internal: --kernel=" + text +
                                   " is no valid module");
  // The text is ours; messages name the option instead of a line of it.
  auto loc = FileLineColLoc::get(&context, ("--kernel=" + text).str(), 0, 0);
  module->walk([&](Operation *op) {
    op->setLoc(loc);
    for (Region &region : op->getRegions())
      for (BlockArgument argument : region.getArguments())
        argument.setLoc(loc);
  });
  (*module)->setLoc(loc);
  module->setSymName(name);
  return module;
}
