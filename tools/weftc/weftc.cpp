//===- weftc.cpp - The compiler -------------------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "weft/Driver/Compiler.h"
#include "weft/Support/Tool.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/raw_ostream.h"

namespace cl = llvm::cl;
static weft::CompilerOptions options;
static cl::OptionCategory Cat("weftc options");
using Text = cl::opt<std::string, true>;
using List = cl::list<std::string>;

static Text Model(cl::Positional, cl::desc("MODEL"),
                  cl::location(options.model), cl::cat(Cat));
static Text Output("o", cl::desc("output file, - for standard output"),
                   cl::value_desc("OUT"), cl::location(options.output),
                   cl::cat(Cat));
static Text TargetName("target", cl::desc("wse2 (default), wse3 or a file"),
                       cl::location(options.target), cl::cat(Cat));
static Text Grid("grid", cl::desc("size of the grid to use"),
                 cl::value_desc("WxH"), cl::location(options.grid),
                 cl::cat(Cat));
static List Set("set", cl::desc("change a field of the target"),
                cl::value_desc("KEY=VALUE"), cl::cat(Cat));
static List Dims("dim", cl::desc("bind a symbolic dimension"),
                 cl::value_desc("NAME=N"), cl::cat(Cat));
static List Consts("const", cl::desc("bind an input at compile time"),
                   cl::value_desc("NAME=FILE"), cl::cat(Cat));
static List Weights("weight",
                    cl::desc("an input is a weight; * matches any text"),
                    cl::value_desc("NAME[=FILE]"), cl::cat(Cat));
static List States("state",
                   cl::desc("keep an output on the wafer as an input of the "
                            "next step; * matches any text"),
                   cl::value_desc("IN=OUT"), cl::cat(Cat));
static cl::opt<std::string> DType("dtype",
                                  cl::desc("keep (default), f32, f16, bf16"),
                                  cl::init("keep"), cl::cat(Cat));
static cl::opt<std::string> Acc("acc",
                                cl::desc("accumulate in f32 (default) "
                                         "or f16"),
                                cl::init("f32"), cl::cat(Cat));
static Text CostJson("cost-json", cl::desc("write the cost report as JSON"),
                     cl::value_desc("FILE"), cl::location(options.costJson),
                     cl::cat(Cat));
static Text Kernel("kernel", cl::desc("one kernel without a model"),
                   cl::value_desc("NAME:SIZES,TYPE"),
                   cl::location(options.kernel), cl::cat(Cat));
static Text Plan("plan",
                 cl::desc("algorithm, layout and rectangle of every kernel: "
                          "obeyed if the file is there, else written"),
                 cl::value_desc("FILE"), cl::location(options.plan),
                 cl::cat(Cat));
static Text Remarks("remarks", cl::desc("write every decision as YAML"),
                    cl::value_desc("FILE"), cl::location(options.remarks),
                    cl::cat(Cat));
static Text RemarksFilter("remarks-filter",
                          cl::desc("only those of passes whose name matches"),
                          cl::value_desc("REGEX"),
                          cl::location(options.remarksFilter), cl::cat(Cat));
static cl::opt<bool, true> Check("check",
                                 cl::desc("say all that is in the way; write "
                                          "nothing else"),
                                 cl::location(options.check), cl::cat(Cat));
static Text CheckJson("check-json", cl::desc("the same as JSON"),
                      cl::value_desc("FILE"), cl::location(options.checkJson),
                      cl::cat(Cat));
static cl::opt<bool, true>
    Compare("compare",
            cl::desc("a table of the cost beside rooflines of other devices"),
            cl::location(options.compare), cl::cat(Cat));
static Text CompareJson("compare-json", cl::desc("the same as JSON"),
                        cl::value_desc("FILE"),
                        cl::location(options.compareJson), cl::cat(Cat));
static List Devices("device", cl::desc("compare with this device too"),
                    cl::value_desc("FILE"), cl::cat(Cat));
static Text Tokens("tokens",
                   cl::desc("tokens of a step (default: what the largest "
                            "embedding looks up)"),
                   cl::value_desc("N"), cl::location(options.tokens),
                   cl::cat(Cat));
static cl::opt<bool> Quiet("quiet", cl::desc("no progress"), cl::cat(Cat));
/// Says which levels there are.
struct LevelParser : cl::parser<weft::Emit> {
  using cl::parser<weft::Emit>::parser;
  bool parse(cl::Option &o, llvm::StringRef name, llvm::StringRef text,
             weft::Emit &level) {
    if (findOption(text) < getNumOptions())
      return cl::parser<weft::Emit>::parse(o, name, text, level);
    llvm::errs() << "weftc: error: found --emit=" << text << ", allowed are";
    for (unsigned i = 0; i < getNumOptions(); ++i)
      llvm::errs() << (i ? ", " : " ") << getOption(i);
    llvm::errs() << "\n";
    return true;
  }
};

static cl::opt<weft::Emit, true, LevelParser> Level(
    "emit", cl::desc("stop at a level"), cl::location(options.emit),
    cl::init(weft::Emit::Binary), cl::cat(Cat),
    cl::values(clEnumValN(weft::Emit::NN, "nn", "tensor graph"),
               clEnumValN(weft::Emit::Wafer, "wafer", "kernels and layouts"),
               clEnumValN(weft::Emit::Fabric, "fabric", "phases and channels"),
               clEnumValN(weft::Emit::PE, "pe", "one program per class"),
               clEnumValN(weft::Emit::Asm, "asm", "instructions"),
               clEnumValN(weft::Emit::Binary, "binary", "a .weft file"),
               clEnumValN(weft::Emit::Cost, "cost", "the cost report")));

int main(int argc, char **argv) {
  weft::startTool("weftc");
  if (!weft::parseOptions("weftc", argc, argv, "ONNX to a wafer-scale mesh\n",
                          Cat))
    return weft::UserError;
  options.set.assign(Set.begin(), Set.end());
  options.dims.assign(Dims.begin(), Dims.end());
  options.consts.assign(Consts.begin(), Consts.end());
  options.weights.assign(Weights.begin(), Weights.end());
  options.states.assign(States.begin(), States.end());
  options.devices.assign(Devices.begin(), Devices.end());
  options.dtype = DType;
  options.acc = Acc;
  return weft::finishTool("weftc", weft::compile(options));
}
