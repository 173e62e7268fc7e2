//===- WeightStoreTest.cpp - Weights are read from the folder only --------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// A model names files. Each way out of its folder is tried here.
//
//===----------------------------------------------------------------------===//
#include "weft/Import/WeightStore.h"
#include "NN/NNDialect.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace llvm;
using namespace weft;

namespace {

class WeightStoreTest : public testing::Test {
protected:
  void SetUp() override {
    SmallString<128> path;
    ASSERT_FALSE(sys::fs::createUniqueDirectory("weft-store", path));
    root = path.str().str();
    folder = root + "/model";
    ASSERT_EQ(mkdir(folder.c_str(), 0700), 0);
    ASSERT_EQ(mkdir((folder + "/sub").c_str(), 0700), 0);
    write("secret.bin");
    write("model/w.bin");
    write("model/sub/w.bin");
  }
  void TearDown() override { sys::fs::remove_directories(root); }

  void write(const std::string &name) {
    std::error_code code;
    raw_fd_ostream os(root + "/" + name, code);
    os << "0123456789";
  }

  /// Empty if `name` can be read, else why not.
  std::string problem(StringRef name) {
    WeightStore store(folder);
    auto bytes = store.file(name);
    if (bytes)
      return bytes->size() == 10 ? "" : "wrong size";
    return toString(bytes.takeError());
  }

  std::string root, folder;
};

TEST_F(WeightStoreTest, ReadsBelowTheFolder) {
  EXPECT_EQ(problem("w.bin"), "");
  EXPECT_EQ(problem("./w.bin"), "");
  EXPECT_EQ(problem("sub/w.bin"), "");
}

TEST_F(WeightStoreTest, RefusesPathsThatLeave) {
  EXPECT_NE(problem("../secret.bin").find("leaves the model's folder"),
            std::string::npos);
  EXPECT_NE(problem("sub/../../secret.bin").find("leaves"), std::string::npos);
  EXPECT_NE(problem(root + "/secret.bin").find("absolute path"),
            std::string::npos);
  EXPECT_NE(problem("").find("no usable name"), std::string::npos);
  EXPECT_NE(problem(StringRef("w.bin\0x", 7)).find("no usable name"),
            std::string::npos);
  EXPECT_NE(problem("missing.bin").find("cannot be opened"), std::string::npos);
}

TEST_F(WeightStoreTest, RefusesLinks) {
  ASSERT_EQ(symlink("../secret.bin", (folder + "/link.bin").c_str()), 0);
  EXPECT_NE(problem("link.bin").find("symbolic link"), std::string::npos);
  ASSERT_EQ(symlink("sub", (folder + "/dir").c_str()), 0);
  EXPECT_NE(problem("dir/w.bin").find("symbolic link"), std::string::npos);
  ASSERT_EQ(link((root + "/secret.bin").c_str(), (folder + "/hard").c_str()),
            0);
  EXPECT_NE(problem("hard").find("2 hard links"), std::string::npos);
}

TEST_F(WeightStoreTest, RefusesOtherThanFiles) {
  EXPECT_NE(problem("sub").find("no regular file"), std::string::npos);
  // Must not wait for a writer.
  ASSERT_EQ(mkfifo((folder + "/pipe").c_str(), 0600), 0);
  EXPECT_NE(problem("pipe").find("no regular file"), std::string::npos);
}

TEST_F(WeightStoreTest, ChecksRangeAndHash) {
  mlir::MLIRContext context;
  context.loadDialect<nn::NNDialect>();
  WeightStore store(folder);
  std::vector<uint8_t> part = {'2', '3', '4'};
  auto read = [&](uint64_t offset, uint64_t bytes, std::string hash) {
    auto data = nn::DataAttr::get(&context, "w.bin", offset, bytes, hash);
    auto found = store.read(data);
    return found ? std::string(found->begin(), found->end())
                 : toString(found.takeError());
  };
  EXPECT_EQ(read(2, 3, hashBytes(part)), "234");
  EXPECT_NE(read(3, 3, hashBytes(part)).find("has changed"), std::string::npos);
  EXPECT_NE(read(8, 3, hashBytes(part)).find("has 10 bytes"),
            std::string::npos);
  EXPECT_NE(read(UINT64_MAX, 3, hashBytes(part)).find("has 10 bytes"),
            std::string::npos);
}

TEST_F(WeightStoreTest, KeepsBytesByHash) {
  mlir::MLIRContext context;
  context.loadDialect<nn::NNDialect>();
  WeightStore store(folder);
  std::string hash = store.add({1, 2, 3});
  EXPECT_EQ(hash.size(), 32u);
  EXPECT_EQ(hash, store.add({1, 2, 3}));
  auto found = store.read(nn::DataAttr::get(&context, "", 0, 3, hash));
  ASSERT_TRUE(bool(found));
  EXPECT_EQ(found->size(), 3u);
  auto missing = store.read(nn::DataAttr::get(&context, "", 0, 3, "00"));
  EXPECT_NE(toString(missing.takeError()).find("no weight of hash"),
            std::string::npos);
  auto declared = store.read(nn::DataAttr::get(&context, "", 0, 3, ""));
  EXPECT_EQ(toString(declared.takeError()), "is declared without data");
}

} // namespace
