//===- InputTest.cpp - Files that are read whole --------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "weft/Support/Input.h"
#include "llvm/Support/MemoryBuffer.h"
#include "gtest/gtest.h"
#include <string>
#include <unistd.h>

using namespace weft;

namespace {

/// What is read from a pipe with `content` in it, or the error.
std::string readPipe(const std::string &content, uint64_t limit) {
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  EXPECT_EQ(write(ends[1], content.data(), content.size()),
            ssize_t(content.size()));
  close(ends[1]);
  auto buffer = readInput("/dev/fd/" + std::to_string(ends[0]),
                          /*terminated=*/true, limit);
  close(ends[0]);
  if (!buffer)
    return "error: " + llvm::toString(buffer.takeError());
  EXPECT_EQ(*(*buffer)->getBufferEnd(), 0);
  return (*buffer)->getBuffer().str();
}

TEST(Input, PipesAreReadUpToTheLimit) {
  const std::string content(1000, 'x');
  EXPECT_EQ(readPipe(content, 1000), content);
  EXPECT_EQ(readPipe("", 0), "");
  EXPECT_EQ(readPipe(content, 999), "error: has not ended after 999 bytes");
}

TEST(Input, DevicesAreRefusedUnlessTheyAreEmpty) {
  auto zero = readInput("/dev/zero");
  ASSERT_FALSE(zero);
  EXPECT_EQ(llvm::toString(zero.takeError()),
            "is a device, which may have no end");
  auto null = readInput("/dev/null");
  ASSERT_TRUE(bool(null)) << llvm::toString(null.takeError());
  EXPECT_EQ((*null)->getBufferSize(), 0u);
}

} // namespace
