//===- Sanitizers.cpp - Settings that the fuzzers are built with ----------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// LLVM and MLIR come from the distribution, without instrumentation. Their
// allocators poison memory in the headers that we compile and unpoison it in
// the libraries that we do not, so user poisoning is off.
//
//===----------------------------------------------------------------------===//

extern "C" const char *__asan_default_options() {
  return "max_malloc_fill_size=0:thread_local_quarantine_size_kb=64:"
         "allow_user_poisoning=0:detect_leaks=0:quarantine_size_mb=4:"
         "detect_stack_use_after_return=0:malloc_context_size=1:"
         "allocator_may_return_null=0:handle_abort=1";
}

extern "C" const char *__ubsan_default_options() {
  return "print_stacktrace=1:halt_on_error=1";
}
