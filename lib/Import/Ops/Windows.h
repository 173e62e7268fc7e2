//===- Windows.h - Sliding windows of convolutions and pools --------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// What the attributes of Conv, ConvTranspose and the pools say about the
// windows along each spatial dimension, and slices by it.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_IMPORT_OPS_WINDOWS_H
#define WEFT_LIB_IMPORT_OPS_WINDOWS_H

#include "Composed.h"

namespace weft {

using Ints = llvm::SmallVector<int64_t>;

/// By spatial dimension; dimension i of a window is 2 + i of its tensor.
struct Windows {
  Ints kernel, strides, dilations, before, after; // padding
  Ints in, out;                                   // extents

  size_t dims() const { return in.size(); }
  /// From the first to the last element that a window touches.
  int64_t span(size_t i) const { return (kernel[i] - 1) * dilations[i] + 1; }
  /// Elements of a window.
  int64_t taps() const { return boundedProduct(kernel); }
  /// Windows tile the dimension: no padding, no overlap, no gap.
  bool tiles(size_t i) const;
};

/// Attributes strides, dilations and kernel_shape; `kernel`, if there are
/// weights that say it too. Positive and of the right count, or an error.
bool readWindows(NodeCtx &n, Value x, llvm::ArrayRef<int64_t> kernel,
                 Windows &w);
bool readWindows(NodeCtx &n, llvm::ArrayRef<int64_t> extents,
                 llvm::ArrayRef<int64_t> kernel, Windows &w);

/// Padding and extents of the result, of a convolution or a pool.
bool placeWindows(NodeCtx &n, Windows &w);

/// `x` with `fill` around it, as far as windows reach; [N, C, ...].
Value padded(NodeCtx &n, Value x, const Windows &w, Value fill);

/// Element `tap` of all windows of a padded tensor whose spatial dimensions
/// begin at `first`.
Value takeTap(NodeCtx &n, Value x, const Windows &w,
              llvm::ArrayRef<int64_t> tap, int64_t first = 2);

/// The next tap in row-major order; false behind the last.
bool nextTap(const Windows &w, Ints &tap);

/// Do the operands of a convolution, [N, C, ...], W and perhaps B, fit? `inner`
/// is the dimension of W that holds the channels of a group: 1, or 0 of a
/// transposed convolution.
bool checkConvolution(NodeCtx &n, Value x, Value weight, Value bias,
                      int64_t groups, int64_t inner);

/// [N, C, ...] to [N, ..., C], and back.
Value channelsLast(NodeCtx &n, Value x);
Value channelsFirst(NodeCtx &n, Value x);

/// `x` with stride - 1 zeros between its elements; `w` says so then.
Value stretched(NodeCtx &n, Value x, Windows &w);

/// x convolved with [M, C / groups, ...], with a bias [M] or none, in the type
/// of `x`.
Value convolve(NodeCtx &n, Value x, Value weight, Value bias, const Windows &w,
               int64_t groups);

} // namespace weft
#endif
