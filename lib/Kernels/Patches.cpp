//===- Patches.cpp - Y = P W + b on the patches P of an image -------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// No PE holds the image. Rows of patches are split over one axis, rows within
// a patch over the other; as a graph input it is placed so by the host, in any
// order of elements, so that no PE has to transpose. Block by block, rows of
// patches go to all PEs along the first axis (a masked all-reduce), and each PE
// multiplies what it has with its tile of W: its part of a patch by its tile of
// features. The rest is gemm: partial sums are reduced along the second axis.
//
//===----------------------------------------------------------------------===//
#include "weft/Kernels/Code.h"

using namespace mlir;
using namespace weft::kernels;

namespace {
/// Dimensions of the image: batch, channels, rows of patches, rows of a patch,
/// columns of patches, columns of a patch.
enum : unsigned { Batch, Channels, High, Tall, Wide, Broad };

/// Bytes of patches that a PE gathers at once, if one row of patches is less.
constexpr int64_t BlockBytes = 8192;

struct Shape {
  Shape(const Problem &p, const Option &o)
      : image(o.ins[0]), order(p.list("order")), lines(axisOf(o.out)),
        batch(image.getDimSize(Batch)),
        rows(image.getDimSize(High) * image.getDimSize(Wide)),
        perLine(tileDim(image, High) * image.getDimSize(Wide)),
        depth(tileElems(o.ins[1]) / tileDim(o.ins[1], 3)) {
    int64_t used = (rows + perLine - 1) / perLine;
    int64_t lineBytes = perLine * depth * image.getElementTypeBitWidth() / 8;
    for (int64_t n = 1; n <= used; ++n)
      if (used % n == 0 && n * lineBytes <= BlockBytes)
        atOnce = n;
  }

  RankedTensorType image;
  SmallVector<int64_t> order; // of the dimensions within a patch
  int8_t lines;               // axis over which rows of patches lie
  int64_t batch, rows;        // images, patches of one
  int64_t perLine, depth;     // patches of one on a PE, elements of each
  int64_t atOnce = 1;         // PEs along the axis whose patches are a block
};

class Patches final : public Kernel {
  void options(const Problem &p, const Rect &r, std::vector<Option> &out,
               std::string &why) const override {
    if (p.op != "wafer.patches")
      return;
    if (!p.constant[1]) {
      why = "patches keeps its weight resident, so it must be a constant";
      return;
    }
    // W is [a, b, c, features], the elements of a patch in the order of P.
    SmallVector<int64_t> order = p.list("order");
    size_t tall = llvm::find(order, int64_t(Tall)) - order.begin();
    auto work = [&](int8_t across) { // products of one PE
      auto share = [&](int64_t n, int8_t axis) {
        return (n + r.length(axis) - 1) / r.length(axis);
      };
      return share(p.ins[0].getDimSize(Tall), across) *
             share(p.out.getShape().back(), other(across));
    };
    int8_t across = work(Y) < work(X) ? Y : X;
    Option o;
    o.algorithm = "patches";
    SmallVector<int8_t> image(6, None), weight(4, None);
    image[High] = weight[3] = other(across);
    image[Tall] = weight[tall] = across;
    o.ins.push_back(laidOut(p.ins[0], r, image));
    o.ins.push_back(laidOut(p.ins[1], r, weight));
    if (p.ins.size() > 2) // as gemm's: one line of PEs holds it
      o.ins.push_back(laidOut(p.ins[2], r, {across, other(across)}));
    o.out = laidOut(p.out, r, other(across));
    out.push_back(o);
  }

  /// The rows of patches of PEs `first` to `first + count` along the axis, to
  /// [depth, count * perLine], on all PEs of the axis.
  static void gather(const Shape &s, Code &c, Value block, Idx image, Idx first,
                     int64_t count) {
    auto maps = dimMaps(s.image);
    int64_t width = count * s.perLine;
    SmallVector<int64_t> sizes, from, to;
    int64_t step = s.depth * width;
    auto dim = [&](unsigned d, int64_t stride) {
      sizes.push_back(tileDim(s.image, d));
      from.push_back(maps[d].stride);
      to.push_back(stride);
    };
    for (int64_t d : s.order)
      dim(unsigned(d), step /= tileDim(s.image, unsigned(d)));
    dim(High, s.image.getDimSize(Wide));
    dim(Wide, 1);
    Idx mine = c.sub(c.coord(s.lines), first);
    Idx place = c.min(c.max(mine, 0), count - 1);
    Code::Operand source{c.ins[0], image, from};
    Code::Operand target{block, c.mul(place, s.perLine), to};
    if (c.rect.length(s.lines) == 1)
      return c.strided(V::VMov, sizes, {block, 0, to}, {source});
    c.fill(c.view(block, 0, s.depth * width), 0);
    Value isMine = c.toI32(c.inRange(mine, count));
    c.strided(V::VSel, sizes, target, {{isMine, 0, {}}, source});
    c.allReduce(c.view(block, 0, s.depth * width), s.lines);
  }

  void expand(const Problem &p, const Option &o, Code &c) const override {
    Shape s(p, o);
    int64_t total = rowsOf(o.out), nt = tileDim(o.out, o.out.getRank() - 1);
    Type acc = accumulatorType(p), element = s.image.getElementType();
    Value y =
        acc == o.out.getElementType() ? c.out : c.scratch(nt * total, acc);
    Value block = c.scratch(s.depth * s.atOnce * s.perLine, element);
    if (c.ins.size() > 2)
      c.strided(V::VMov, {nt, total}, {y, 0, {total, 1}},
                {{c.ins[2], 0, {1, 0}}});
    else
      c.fill(c.view(y, 0, nt * total), 0);
    int64_t width = s.atOnce * s.perLine, whole = s.rows / width;
    c.loop(s.batch, [&](Idx image) {
      Idx source = c.mul(image, dimMaps(s.image)[Batch].stride);
      auto multiply = [&](Idx first, Idx row, int64_t count) {
        gather(s, c, block, source, first, s.atOnce);
        Idx at = c.add(c.mul(image, s.rows), row);
        c.loop(nt, [&](Idx n) {
          Idx yn = c.add(c.mul(n, total), at), wn = c.mul(n, s.depth);
          c.loop(s.depth, [&](Idx k) {
            Value weight = c.load(c.ins[1], c.add(wn, k));
            Value column = c.view(block, c.mul(k, width), count);
            c.vec(V::VFMac, c.view(y, yn, count), {column, weight});
          });
        });
      };
      if (whole)
        c.loop(whole, [&](Idx i) {
          Idx first = c.mul(i, s.atOnce);
          multiply(first, c.mul(i, width), width);
        });
      // The last row of PEs may hold fewer patches than the others.
      if (int64_t rest = s.rows - whole * width)
        multiply(whole * s.atOnce, whole * width, rest);
    });
    Value sum = c.view(y, 0, nt * total);
    c.allReduce(c.view(c.out, 0, nt * total), sum, other(s.lines));
  }
};
} // namespace

const Kernel &weft::kernels::patchesKernel() {
  static const Patches kernel;
  return kernel;
}
