//===- TargetCache.cpp - The same target is parsed once -------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Loader, writer and verifier each read the target of a file, and almost all
// mutated files have that of a seed. LLVM's YAML reader would take nine tenths
// of the time. The linker sends calls of parseTarget here (--wrap); its own
// fuzzer calls the real one.
//
//===----------------------------------------------------------------------===//
#include "weft/Target/Target.h"
#include <map>

using weft::Target;
using Parsed = llvm::Expected<Target>;

// parseTarget's mangled name, with the linker's prefixes.
Parsed realParse(llvm::StringRef, llvm::StringRef) asm(
    "__real__ZN4weft11parseTargetEN4llvm9StringRefES1_");
Parsed cachedParse(llvm::StringRef, llvm::StringRef) asm(
    "__wrap__ZN4weft11parseTargetEN4llvm9StringRefES1_");

Parsed cachedParse(llvm::StringRef yaml, llvm::StringRef name) {
  static std::map<std::string, Target> known;
  auto it = known.find(yaml.str());
  if (it != known.end())
    return it->second;
  Parsed parsed = realParse(yaml, name);
  if (parsed && known.size() < 256)
    known[yaml.str()] = *parsed;
  return parsed;
}
