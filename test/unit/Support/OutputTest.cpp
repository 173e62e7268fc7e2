//===- OutputTest.cpp - Outputs that appear together or not at all --------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "weft/Support/Output.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "gtest/gtest.h"

using namespace weft;
namespace fs = llvm::sys::fs;

namespace {

class OutputTest : public ::testing::Test {
protected:
  void SetUp() override {
    ASSERT_FALSE(fs::createUniqueDirectory("weft-output", dir));
  }
  void TearDown() override { fs::remove_directories(dir); }

  std::string path(llvm::StringRef name) {
    llvm::SmallString<128> p(dir);
    llvm::sys::path::append(p, name);
    return std::string(p);
  }
  static OutputSet::Write text(std::string s) {
    return [s](llvm::raw_ostream &os) {
      os << s;
      return llvm::Error::success();
    };
  }
  std::string read(llvm::StringRef name) {
    auto buffer = llvm::MemoryBuffer::getFile(path(name));
    return buffer ? (*buffer)->getBuffer().str() : "absent";
  }
  unsigned entries() {
    unsigned n = 0;
    std::error_code ec;
    for (fs::directory_iterator i(dir, ec), e; i != e; i.increment(ec))
      ++n;
    return n;
  }

  llvm::SmallString<128> dir;
};

TEST_F(OutputTest, commitMakesAll) {
  OutputSet out;
  EXPECT_EQ(llvm::toString(out.add(path("a"), text("1"))), "");
  EXPECT_EQ(llvm::toString(out.add(path("b"), text("2"))), "");
  EXPECT_EQ(read("a"), "absent");
  EXPECT_EQ(llvm::toString(out.commit()), "");
  EXPECT_EQ(read("a") + read("b"), "12");
  EXPECT_EQ(entries(), 2u);
}

TEST_F(OutputTest, noCommitLeavesNothing) {
  {
    OutputSet out;
    EXPECT_EQ(llvm::toString(out.add(path("a"), text("1"))), "");
  }
  EXPECT_EQ(entries(), 0u);
}

// Between add and commit someone makes a folder of the second name: its rename
// fails, and the first file goes, too.
TEST_F(OutputTest, failedRenameTakesBackTheOthers) {
  {
    OutputSet out;
    EXPECT_EQ(llvm::toString(out.add(path("a"), text("1"))), "");
    EXPECT_EQ(llvm::toString(out.add(path("b"), text("2"))), "");
    EXPECT_EQ(llvm::toString(out.add(path("c"), text("3"))), "");
    ASSERT_FALSE(fs::create_directory(path("b")));
    EXPECT_EQ(llvm::toString(out.commit()),
              "cannot write '" + path("b") + "': Is a directory");
  }
  EXPECT_EQ(entries(), 1u); // the folder
}

// A stream is written before anything is renamed.
TEST_F(OutputTest, failedStreamLeavesNoFile) {
  if (!fs::exists("/dev/full"))
    GTEST_SKIP() << "no /dev/full";
  {
    OutputSet out;
    EXPECT_EQ(llvm::toString(out.add(path("a"), text("1"))), "");
    EXPECT_EQ(llvm::toString(out.add("/dev/full", text("2"))), "");
    EXPECT_EQ(llvm::toString(out.commit()),
              "cannot write '/dev/full': No space left on device");
  }
  EXPECT_EQ(entries(), 0u);
}

TEST_F(OutputTest, writersErrorIsTheResult) {
  OutputSet out;
  auto wrong = [](llvm::raw_ostream &os) {
    os << "half";
    return llvm::createStringError("nothing to say");
  };
  EXPECT_EQ(llvm::toString(out.add(path("a"), wrong)), "nothing to say");
  EXPECT_EQ(read("a"), "absent");
}

TEST_F(OutputTest, onePathOnce) {
  OutputSet out;
  EXPECT_EQ(llvm::toString(out.add(path("a"), text("1"))), "");
  EXPECT_EQ(llvm::toString(out.add(path("a"), text("1"))),
            "two outputs are to go to '" + path("a") + "'");
}

TEST_F(OutputTest, onePlaceInTwoSpellings) {
  ASSERT_FALSE(fs::create_directory(path("d")));
  OutputSet out;
  EXPECT_EQ(llvm::toString(out.add(path("a"), text("1"))), "");
  EXPECT_EQ(llvm::toString(out.add(path("d/../a"), text("1"))),
            "two outputs are to go to '" + path("d/../a") + "'");
  EXPECT_EQ(llvm::toString(out.add(path("d/a"), text("1"))), "");
}

// By its own name and through a link; a new file beside it is none of its.
TEST_F(OutputTest, inputsAreNotReplaced) {
  ASSERT_EQ(llvm::toString(writeOutput(path("in"), [](auto &os) { os << 0; })),
            "");
  ASSERT_FALSE(fs::create_link(path("in"), path("link")));
  for (const char *name : {"in", "link"}) {
    OutputSet out;
    out.keep(path("in"));
    EXPECT_EQ(llvm::toString(out.add(path("other"), text("1"))), "");
    EXPECT_EQ(llvm::toString(out.add(path(name), text("1"))), "");
    EXPECT_EQ(llvm::toString(out.commit()), "output '" + path(name) +
                                                "' would replace input '" +
                                                path("in") + "'");
  }
  EXPECT_EQ(read("in") + read("other"), "0absent");
  EXPECT_EQ(entries(), 2u);
}

} // namespace
