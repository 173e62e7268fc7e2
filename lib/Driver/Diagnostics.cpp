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

void DiagnosticPrinter::print(Location loc, StringRef kind,
                              const std::string &text) {
  sawInternal |= StringRef(text).starts_with("internal");
  llvm::raw_ostream &os = llvm::errs();
  SmallVector<nn::NodeAttr> nodes = nn::nodesOf(loc);
  FileLineColLoc file;
  loc->walk([&](Location l) {
    if (auto f = dyn_cast<FileLineColLoc>(l); f && !file && f.getLine())
      file = f;
    return WalkResult::advance();
  });
  if (!nodes.empty())
    os << model << ": " << kind << ": node '" << nodes.front().getName()
       << "' (" << nodes.front().getOp() << ", #" << nodes.front().getIndex()
       << "): ";
  else if (file)
    os << file.getFilename().getValue() << ":" << file.getLine() << ":"
       << file.getColumn() << ": " << kind << ": ";
  else
    os << model << ": " << kind << ": ";
  os << text << "\n";
}

void DiagnosticPrinter::note(const std::string &text) {
  llvm::errs() << model << ": note: " << text << "\n";
}
