//===- Diagnostics.cpp - MLIR diagnostics as users of weftc see them ------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "Diagnostics.h"
#include "NN/NNDialect.h"

using namespace mlir;
using namespace weft;

DiagnosticPrinter::DiagnosticPrinter(MLIRContext &context, std::string name)
    : model(std::move(name)), handler(&context, [this](Diagnostic &d) {
        if (d.getSeverity() == DiagnosticSeverity::Remark)
          return success();
        bool isError = d.getSeverity() == DiagnosticSeverity::Error;
        errors += isError;
        sawMemory |= isError && StringRef(d.str()).contains("(R-MEM-1)");
        print(d.getLocation(), isError ? "error" : "warning", d.str());
        for (Diagnostic &note : d.getNotes())
          print(note.getLocation(), "note", note.str());
        return success();
      }) {}

/// The line of a text file that a location is, or null.
static FileLineColLoc lineOf(Location loc) {
  FileLineColLoc file;
  loc->walk([&](Location l) {
    if (auto f = dyn_cast<FileLineColLoc>(l); f && !file && f.getLine())
      file = f;
    return WalkResult::advance();
  });
  return file;
}

static std::string text(FileLineColLoc file) {
  return file.getFilename().str() + ":" + std::to_string(file.getLine()) + ":" +
         std::to_string(file.getColumn());
}

void DiagnosticPrinter::print(Location loc, StringRef kind,
                              const std::string &message) {
  bool internal = StringRef(message).starts_with("internal");
  sawInternal |= internal;
  SmallVector<nn::NodeAttr> nodes = nn::nodesOf(loc);
  FileLineColLoc file = nodes.empty() ? lineOf(loc) : nullptr;
  if (problems && kind == "error")
    keep(loc, file ? text(file) + ": " : "", message);
  if (problems && kind == "note" && !message.empty())
    advice.push_back(message);
  if (problems && !internal)
    return;
  llvm::raw_ostream &os = llvm::errs();
  if (!nodes.empty())
    os << model << ": " << kind << ": node '" << nodes.front().getName()
       << "' (" << nodes.front().getOp() << ", #" << nodes.front().getIndex()
       << "): ";
  else
    os << (file ? text(file) : model) << ": " << kind << ": ";
  os << message << "\n";
}

/// What stands in the way: an op without a kernel, a resource that is too
/// small, or something else in the program.
static StringRef kindOf(StringRef message) {
  if (message.starts_with("cannot be mapped") ||
      message.contains("cannot be mapped"))
    return "kernel";
  return message.contains("(R-") ? "resource" : "program";
}

void DiagnosticPrinter::keep(Location loc, const std::string &place,
                             const std::string &message) {
  ImportProblem problem;
  problem.kind = kindOf(message).str();
  problem.message = place + message;
  if (auto nodes = nn::nodesOf(loc); !nodes.empty()) {
    problem.node = nodes.front().getIndex();
    problem.name = nodes.front().getName().str();
    problem.op = nodes.front().getOp().str();
  }
  problems->push_back(std::move(problem));
}

void DiagnosticPrinter::error(StringRef kind, const std::string &message) {
  line(kind, "weftc: error: " + message);
}

void DiagnosticPrinter::line(StringRef kind, const std::string &message) {
  StringRef rest = message;
  rest.consume_front("weftc: error: ");
  if (problems) {
    ImportProblem problem;
    problem.kind = kind.str();
    problem.message = rest.str();
    problems->push_back(std::move(problem));
  }
  if (!problems || rest.starts_with("internal"))
    llvm::errs() << message << "\n";
}

void DiagnosticPrinter::note(const std::string &message) {
  if (problems)
    advice.push_back(message);
  else
    llvm::errs() << model << ": note: " << message << "\n";
}
