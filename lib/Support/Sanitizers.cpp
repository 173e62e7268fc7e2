//===- Sanitizers.cpp - Settings of builds with sanitizers ----------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// Linked into every executable of the presets asan and fuzz, and only there.
// LLVM, MLIR and Protobuf come from the distribution, without instrumentation.
// LLVM's allocators poison memory in headers that we compile and unpoison it in
// libraries that we do not, so user poisoning is off. Tools leave their memory
// to the system when they end, so leaks are not looked for.
//
//===----------------------------------------------------------------------===//

extern "C" const char *__asan_default_options() {
  return "allow_user_poisoning=0:detect_leaks=0:handle_abort=1";
}

extern "C" const char *__ubsan_default_options() {
  return "print_stacktrace=1:halt_on_error=1";
}
