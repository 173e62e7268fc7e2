//===- Results.h - The files of a run -------------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Tensors in a folder and the statistics appear together, or not at all; a
// folder that was made for them goes again if they do not.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_TOOLS_RUN_RESULTS_H
#define WEFT_TOOLS_RUN_RESULTS_H

#include "weft/Support/Output.h"
#include "weft/Support/TensorFile.h"
#include <optional>

namespace weft::run {

class Results {
public:
  ~Results();

  llvm::Error addTensor(llvm::StringRef folder, llvm::StringRef name,
                        const FileTensor &t);
  /// `write` has to stay callable until commit().
  llvm::Error add(llvm::StringRef path, OutputSet::Write write);
  /// A file that was read: it is not replaced.
  void keep(llvm::StringRef input) { inputs.push_back(input.str()); }
  /// Afterwards this is as new, but for what is kept.
  llvm::Error commit();

private:
  llvm::Error makeFolder(llvm::StringRef folder);

  std::optional<OutputSet> set;
  std::vector<std::string> made; // folders, outermost first
  std::vector<std::string> inputs;
};

} // namespace weft::run
#endif
