//===- Register.h - What weft-opt knows -----------------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Shared with the language server, so that both know the same.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_TOOLS_OPT_REGISTER_H
#define WEFT_TOOLS_OPT_REGISTER_H

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace weft {

/// Dialects, our own and those they use, and passes.
void registerAll(mlir::DialectRegistry &registry);

/// `--pe-to-weft`.
void registerTranslations();

} // namespace weft
#endif
