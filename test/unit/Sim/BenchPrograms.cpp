//===- BenchPrograms.cpp - What the simulator's speed is measured on ------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
//===----------------------------------------------------------------------===//
#include "BenchPrograms.h"

using namespace weft;
using namespace weft::sim;
using namespace weft::bin;

static std::string text(uint32_t n) { return std::to_string(n); }

/// `dsd dI, r0+ADDR, f32, [N:1]`
static std::string dsd(unsigned i, uint32_t addr, uint32_t n) {
  return "dsd d" + text(i) + ", r0+" + text(addr) + ", f32, [" + text(n) +
         ":1]\n";
}

static std::string rounds(uint32_t n, const std::string &body) {
  return n == 1 ? body : "loop r9, " + text(n) + "\n" + body + "endloop r9\n";
}

/// The PEs first, first + 2, ... of [0, n - 2], along x or y.
static Pattern everySecond(uint32_t first, uint32_t n, Pattern p, bool alongX) {
  (alongX ? p.x0 : p.y0) = first;
  (alongX ? p.w : p.h) = (n - 2 - first) / 2 + 1;
  (alongX ? p.dx : p.dy) = 2;
  return p;
}

/// Links of a chain towards coordinate 0: those from odd to even coordinates
/// have colour `base`, the others base + 1.
static void chainRoutes(Builder &b, uint8_t base, Pattern line, bool alongX) {
  uint32_t n = alongX ? line.w : line.h;
  for (uint32_t at = 0; at + 1 < n; ++at) {
    Pattern to = line, from = line;
    (alongX ? to.x0 : to.y0) = at;
    (alongX ? from.x0 : from.y0) = at + 1;
    (alongX ? to.w : to.h) = (alongX ? from.w : from.h) = 1;
    uint8_t color = uint8_t(base + at % 2);
    b.route(color, from, Ramp, alongX ? West : North);
    b.route(color, to, alongX ? East : South, Ramp);
  }
}

static QueueBinding in(uint8_t queue, uint32_t color) {
  return {false, queue, uint8_t(color)};
}
static QueueBinding out(uint8_t queue, uint32_t color) {
  return {true, queue, uint8_t(color)};
}

Builder sim::layers(uint32_t W, uint32_t H, uint32_t B, uint32_t K,
                    uint32_t R) {
  Builder b(W, H);
  auto column = [&](uint32_t x, uint32_t n) {
    return Pattern{x, 0, n, H, 1, 1};
  };
  chainRoutes(b, 1, {0, 0, W, H, 1, 1}, true);
  b.route(0, column(0, 1), Ramp, East);
  b.route(0, column(1, W - 2), West, East | Ramp);
  b.route(0, column(W - 1, 1), West, Ramp);
  std::string head = dsd(0, DataAddr, B) + "vmov d0, r0\n" + // sum
                     "li r1, 0x3f000000\n";
  std::string products = dsd(1, DataAddr + 4 * B, B) +
                         "vmov d1, r1\nloop r8, " + text(K) +
                         "\nvfmac d1, d0, r1\nendloop r8\n";
  auto code = [&](const std::string &tail) {
    return head + "loop r9, " + text(R) + "\n" + products + tail +
           "endloop r9\nhalt\n";
  };
  b.cls("root", column(0, 1), code("vfadd d0, in2, d1\nvmov out3, d0\n"),
        {in(2, 1), out(3, 0)});
  b.cls("far", column(W - 1, 1), code("vmov out2, d1\nvmov d0, in3\n"),
        {out(2, 1 + (W - 2) % 2), in(3, 0)});
  for (uint32_t first : {2u, 1u})
    b.cls(first == 1 ? "odd" : "even",
          everySecond(first, W, column(0, 1), true),
          code("vfadd out2, in2, d1\nvmov d0, in3\n"),
          {in(2, 1 + first % 2), out(2, 2 - first % 2), in(3, 0)});
  return b;
}

Builder sim::streams(uint32_t W, uint32_t H, uint32_t N, uint32_t D,
                     uint32_t R) {
  Builder b(W, H);
  uint32_t each = D + 1;
  auto column = [&](uint32_t x) { return Pattern{x, 0, W / each, H, each, 1}; };
  b.route(0, column(0), Ramp, East);
  for (uint32_t x = 1; x < D; ++x)
    b.route(0, column(x), West, East);
  b.route(0, column(D), West, Ramp);
  std::string mem = dsd(0, DataAddr, N);
  b.cls("from", column(0),
        mem + "vmov d0, r0\n" + rounds(R, "vmov out2, d0\n") + "halt\n",
        {out(2, 0)});
  b.cls("to", column(D), mem + rounds(R, "vmov d0, in2\n") + "halt\n",
        {in(2, 0)});
  return b;
}

/// The multicast of colour 0 from the north-western corner.
static void spreadRoutes(Builder &b, uint32_t W, uint32_t H) {
  b.route(0, {0, 0, 1, 1, 1, 1}, Ramp, East | South);
  b.route(0, {0, 1, 1, H - 2, 1, 1}, North, South | East | Ramp);
  b.route(0, {0, H - 1, 1, 1, 1, 1}, North, East | Ramp);
  b.route(0, {1, 0, W - 2, H, 1, 1}, West, East | Ramp);
  b.route(0, {W - 1, 0, 1, H, 1, 1}, West, Ramp);
}

Builder sim::allReduce(uint32_t W, uint32_t H, uint32_t B) {
  Builder b(W, H, "wse2-hpdc24");
  chainRoutes(b, 1, {0, 0, W, H, 1, 1}, true);
  chainRoutes(b, 3, {0, 0, 1, H, 1, 1}, false);
  spreadRoutes(b, W, H);
  std::string vec = dsd(0, DataAddr, B), last = "vmov d0, in3\nhalt\n",
              sum = vec + "vfadd d0, in2, d0\n";
  b.cls("far", {W - 1, 0, 1, H, 1, 1}, vec + "vmov out2, d0\n" + last,
        {out(2, 1 + (W - 2) % 2), in(3, 0)});
  for (uint32_t first : {2u, 1u})
    b.cls(first == 1 ? "odd" : "even",
          everySecond(first, W, {0, 0, 1, H, 1, 1}, true),
          vec + "vfadd out2, in2, d0\n" + last,
          {in(2, 1 + first % 2), out(2, 2 - first % 2), in(3, 0)});
  b.cls("root", {0, 0, 1, 1, 1, 1},
        sum + "vfadd d0, in4, d0\nvmov out3, d0\n" + "halt\n",
        {in(2, 1), in(4, 3), out(3, 0)});
  b.cls("foot", {0, H - 1, 1, 1, 1, 1}, sum + "vmov out4, d0\n" + last,
        {in(2, 1), out(4, 3 + (H - 2) % 2), in(3, 0)});
  for (uint32_t first : {2u, 1u})
    b.cls(first == 1 ? "odd edge" : "even edge",
          everySecond(first, H, {0, 0, 1, 1, 1, 1}, false),
          sum + "vfadd out4, in4, d0\n" + last,
          {in(2, 1), in(4, 3 + first % 2), out(4, 4 - first % 2), in(3, 0)});
  IOTensor v = Builder::tensor("v", {0, 0, W, H, 1, 1}, DataAddr, B);
  v.shape = {H, W, B};
  v.place.dims = {
      {Axis::Y, H, 1, 1}, {Axis::X, W, 1, 1}, {Axis::None, B, B, 1}};
  b.p.inputs = b.p.outputs = {v};
  return b;
}

Builder sim::gemv(uint32_t W, uint32_t H, uint32_t M, uint32_t K) {
  Builder b(W, H);
  uint32_t y = DataAddr, x = y + 4 * M, a = x + 4 * K;
  b.route(0, {0, 0, W, 1, 1, 1}, Ramp, South);
  b.route(0, {0, 1, W, H - 2, 1, 1}, North, South | Ramp);
  b.route(0, {0, H - 1, W, 1, 1, 1}, North, Ramp);
  chainRoutes(b, 1, {0, 0, W, H, 1, 1}, true);
  std::string products = dsd(1, y, M) + dsd(2, a, M) + "vmov d1, r0\nli r1, " +
                         text(x) + "\nloop r8, " + text(K) +
                         "\nld r2, r1+0\nvfmac d1, d2, r2\naddi r1, r1, 4\n" +
                         "dsdadd d2, r0+" + text(4 * M) + "\nendloop r8\n";
  auto add = [&](const std::string &name, Pattern p, const std::string &tail,
                 std::vector<QueueBinding> queues) {
    Pattern rest = p;
    ++rest.y0;
    --rest.h;
    p.h = 1;
    std::string head = dsd(0, x, K);
    queues.push_back(out(3, 0));
    b.cls("top " + name, p,
          head + "vmov out3, d0\n" + products + tail + "halt\n", queues);
    queues.back() = in(3, 0);
    b.cls(name, rest, head + "vmov d0, in3\n" + products + tail + "halt\n",
          queues);
  };
  add("root", {0, 0, 1, H, 1, 1}, "vfadd d1, in2, d1\n", {in(2, 1)});
  add("far", {W - 1, 0, 1, H, 1, 1}, "vmov out2, d1\n",
      {out(2, 1 + (W - 2) % 2)});
  for (uint32_t first : {2u, 1u})
    add(first == 1 ? "odd" : "even",
        everySecond(first, W, {0, 0, 1, H, 1, 1}, true),
        "vfadd out2, in2, d1\n", {in(2, 1 + first % 2), out(2, 2 - first % 2)});
  IOTensor A = Builder::tensor("A", {0, 0, W, H, 1, 1}, a, M);
  A.shape = {uint64_t(W) * K, uint64_t(H) * M};
  A.place.dims = {{Axis::X, W * K, K, M}, {Axis::Y, H * M, M, 1}};
  b.p.inputs = {A, Builder::tensor("x", {0, 0, W, 1, 1, 1}, x, K, Axis::X, W)};
  b.p.outputs = {Builder::tensor("y", {0, 0, 1, H, 1, 1}, y, M, Axis::Y, H)};
  return b;
}

Builder sim::idle(uint32_t W, uint32_t H) {
  Builder b(W, H);
  b.cls("worker", {0, 0, 1, 1, 1, 1},
        dsd(0, DataAddr, 64) + "vmov d0, r0\nhalt\n");
  b.cls("idle", {1, 0, W - 1, 1, 1, 1}, "halt\n");
  b.p.classes.back().where.push_back({0, 1, W, H - 1, 1, 1});
  return b;
}
