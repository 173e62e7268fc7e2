//===- State.cpp - What --state says --------------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "State.h"
#include "weft/Import/Constant.h"
#include <map>

using namespace mlir;
using namespace weft;

namespace {

class StateBinder {
public:
  StateBinder(nn::ProgramOp program)
      : program(program),
        ret(cast<nn::ReturnOp>(program.getBody().front().getTerminator())) {
    for (unsigned i = 0; i < program.getArgumentTypes().size(); ++i)
      inputs.push_back(program.getInputName(i).str());
    for (unsigned i = 0; i < ret.getNumOperands(); ++i)
      outputs.push_back(program.getOutputName(i).str());
  }

  llvm::Error bind(StringRef option) {
    current = option.str();
    if (option.contains('*'))
      return bindPattern(option);
    // Names may hold '=': split where both sides are known.
    for (size_t at = option.find('='); at != StringRef::npos;
         at = option.find('=', at + 1)) {
      int in = find(inputs, option.take_front(at));
      int out = find(outputs, option.drop_front(at + 1));
      if (in >= 0 && out >= 0)
        return pair(in, out);
    }
    auto [in, out] = option.split('=');
    if (in.empty() || out.empty())
      return fail("allowed is IN=OUT");
    if (find(inputs, in) < 0)
      return fail("'" + in + "' is no input, the inputs are " + list(inputs));
    return fail("'" + out + "' is no output, the outputs are " + list(outputs));
  }

  ArrayAttr states() {
    SmallVector<Attribute> list;
    for (auto [in, out] : byInput)
      list.push_back(nn::StateAttr::get(program.getContext(), out, in, Type(),
                                        ArrayRef<int64_t>()));
    return ArrayAttr::get(program.getContext(), list);
  }

private:
  nn::ProgramOp program;
  nn::ReturnOp ret;
  std::vector<std::string> inputs, outputs;
  std::map<unsigned, unsigned> byInput, byOutput;
  std::string current;

  llvm::Error fail(const Twine &why) {
    return llvm::createStringError("found --state " + current + ": " + why);
  }

  static int find(ArrayRef<std::string> names, StringRef name) {
    auto it = llvm::find(names, name);
    return it == names.end() ? -1 : int(it - names.begin());
  }

  static std::string list(ArrayRef<std::string> names) {
    std::string text;
    for (StringRef n : names)
      text += (text.empty() ? "'" : ", '") + n.str() + "'";
    return text.empty() ? "none" : text;
  }

  llvm::Error bindPattern(StringRef option) {
    auto [in, out] = option.split('=');
    if (in.count('*') != 1 || out.count('*') != 1)
      return fail("allowed is one '*' on each side of '='");
    auto [before, after] = in.split('*');
    auto [outBefore, outAfter] = out.split('*');
    unsigned found = 0;
    for (auto [i, name] : llvm::enumerate(inputs)) {
      StringRef rest = name;
      if (rest.size() < before.size() + after.size() ||
          !rest.consume_front(before) || !rest.consume_back(after))
        continue;
      std::string wanted = (outBefore + rest + outAfter).str();
      int k = find(outputs, wanted);
      if (k < 0)
        return fail("input '" + name + "' matches, but '" + wanted +
                    "' is no output, the outputs are " + list(outputs));
      ++found;
      if (llvm::Error e = pair(unsigned(i), unsigned(k)))
        return e;
    }
    if (!found)
      return fail("no input matches, the inputs are " + list(inputs));
    return llvm::Error::success();
  }

  llvm::Error pair(unsigned in, unsigned out) {
    Value v = ret.getOperand(out);
    Type from = program.getArgumentTypes()[in];
    if (v.getType() != from)
      return differ(in, out, cast<RankedTensorType>(from),
                    cast<RankedTensorType>(v.getType()));
    if (!byInput.try_emplace(in, out).second)
      return fail("input '" + inputs[in] + "' is given twice");
    if (!byOutput.try_emplace(out, in).second)
      return fail("output '" + outputs[out] + "' is given twice");
    if (isa<BlockArgument>(v) || isConstant(v))
      return fail("output '" + outputs[out] +
                  "' is an input handed through or a constant, allowed is one "
                  "that is computed");
    return llvm::Error::success();
  }

  static std::string text(RankedTensorType t) {
    std::string s;
    llvm::raw_string_ostream os(s);
    os << t.getElementType() << "[";
    llvm::interleaveComma(t.getShape(), os);
    os << "]";
    return s;
  }

  llvm::Error differ(unsigned in, unsigned out, RankedTensorType from,
                     RankedTensorType to) {
    std::string found = "input '" + inputs[in] + "' is " + text(from) +
                        ", output '" + outputs[out] + "' is " + text(to);
    int grows = -1;
    bool same = from.getElementType() == to.getElementType() &&
                from.getRank() == to.getRank();
    for (int64_t d = 0; same && d < from.getRank(); ++d) {
      if (from.getDimSize(d) == to.getDimSize(d))
        continue;
      same = from.getDimSize(d) < to.getDimSize(d) && grows < 0;
      grows = int(d);
    }
    if (!same || grows < 0)
      return fail(found + ", allowed are equal types");
    return fail(found + ": dimension " + Twine(grows) +
                " grows with each step, which no fixed place can hold; export "
                "the model with a cache of fixed capacity "
                "(cache_implementation='static' in Transformers, or "
                "TensorScatter of opset 24)");
  }
};

} // namespace

llvm::Error weft::bindStates(nn::ProgramOp program,
                             const std::vector<std::string> &options) {
  if (options.empty())
    return llvm::Error::success();
  if (program.getStateAttr() && !program.getStateAttr().empty())
    return llvm::createStringError(
        "the module states its states already, leave --state out");
  StateBinder binder(program);
  for (const std::string &option : options)
    if (llvm::Error e = binder.bind(option))
      return e;
  program.setStateAttr(binder.states());
  return llvm::Error::success();
}

llvm::Error weft::checkStates(ModuleOp module) {
  for (auto program : module.getOps<nn::ProgramOp>()) {
    auto ret = cast<nn::ReturnOp>(program.getBody().front().getTerminator());
    for (auto [k, v] : llvm::enumerate(ret.getOperands()))
      if (auto arg = dyn_cast<BlockArgument>(v);
          arg && nn::stateOfInput(program.getStateAttr(), arg.getArgNumber()))
        return llvm::createStringError(
            "output '" + program.getOutputName(k) + "' is input '" +
            program.getInputName(arg.getArgNumber()) +
            "' handed through, which --state overwrites; leave that output "
            "away");
  }
  return llvm::Error::success();
}
