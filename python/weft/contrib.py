# weft/contrib.py - com.microsoft ops for ONNX's reference implementation
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# ONNX Runtime computes its own operators in single precision only. To tell what
# the true value is, its definitions are written here in numpy, in whatever type
# the inputs have: with doubles, ONNX's reference implementation then runs graphs
# that use them.

import numpy as np
from onnx.reference.op_run import OpRun


def layer_norm(x, gamma, beta, epsilon):
    centred = x - x.mean(-1, keepdims=True)
    y = centred / np.sqrt((centred ** 2).mean(-1, keepdims=True) + epsilon) * gamma
    return y if beta is None else y + beta


def heads_of(x, heads):
    """[B, T, H*d] to [B, H, T, d]."""
    batch, rows, columns = x.shape
    return x.reshape(batch, rows, heads, columns // heads).transpose(0, 2, 1, 3)


class SkipLayerNormalization(OpRun):
    op_domain = "com.microsoft"

    def _run(self, x, skip, gamma, beta=None, bias=None, epsilon=None):
        total = x + skip + (0 if bias is None else bias)
        y = layer_norm(total, gamma, beta, 1e-12 if epsilon is None else epsilon)
        none = np.zeros(0, x.dtype)
        return (y, none, none, total)[:max(len(self.onnx_node.output), 1)]


class Attention(OpRun):
    """Without masks of rank 1 and 4, other sizes of values, rotation."""
    op_domain = "com.microsoft"

    def _run(self, x, weights, bias=None, mask=None, past=None, added=None, num_heads=None,
             unidirectional=None, scale=None, mask_filter_value=None, **other):
        # `other` also has what ONNX's own Attention knows.
        if other.get("do_rotary") or other.get("qkv_hidden_sizes") or (
                mask is not None and mask.ndim not in (2, 3)):
            raise NotImplementedError("a form of Attention without a reference")
        packed = x @ weights + (0 if bias is None else bias)
        q, k, v = (heads_of(part, num_heads) for part in np.split(packed, 3, -1))
        if past is not None:
            k, v = np.concatenate([past[0], k], 2), np.concatenate([past[1], v], 2)
        rows, keys = q.shape[2], k.shape[2]
        scores = q @ k.transpose(0, 1, 3, 2) * (scale or 1 / np.sqrt(q.shape[3]))
        if mask is not None:
            wide = mask[:, None, None] if mask.ndim == 2 else mask[:, None]
            fill = -10000.0 if mask_filter_value is None else mask_filter_value
            scores = scores + np.where(wide > 0, 0, fill).astype(x.dtype)
        if added is not None:
            scores = scores + added
        if unidirectional:
            late = np.arange(keys) > np.arange(rows)[:, None] + keys - rows
            scores = np.where(late, x.dtype.type(-np.inf), scores)
        weight = np.exp(scores - scores.max(-1, keepdims=True))
        y = weight / weight.sum(-1, keepdims=True) @ v
        y = y.transpose(0, 2, 1, 3).reshape(x.shape[0], rows, -1)
        return (y, np.stack([k, v]))[:len(self.onnx_node.output)]


def along(q, x, axis):
    """A scale or zero point, one or along an axis, to broadcast with x."""
    shape = [1] * x.ndim
    if q.ndim == 1 and q.size > 1:
        shape[axis] = -1
    return q.reshape(shape if x.ndim else ())


class QuantizeLinear(OpRun):
    """To 8 and 16 bits, in any precision: ONNX's own begins at opset 19."""
    op_domain = ""

    def _run(self, x, scale, zero=None, axis=None, block_size=None, **other):
        if block_size or (zero is not None and zero.dtype.itemsize > 2):
            raise NotImplementedError("a form of QuantizeLinear without a reference")
        axis = 1 if axis is None else axis
        zero = np.zeros((), np.uint8) if zero is None else zero
        steps = np.rint(x / along(scale, x, axis)) + along(zero, x, axis).astype(x.dtype)
        limits = np.iinfo(zero.dtype)
        return (np.clip(steps, limits.min, limits.max).astype(zero.dtype),)


class DequantizeLinear(OpRun):
    op_domain = ""

    def _run(self, x, scale, zero=None, axis=None, block_size=None, **other):
        if block_size:
            raise NotImplementedError("a form of DequantizeLinear without a reference")
        axis = 1 if axis is None else axis
        steps = x.astype(scale.dtype)
        if zero is not None:
            steps = steps - along(zero, x, axis).astype(scale.dtype)
        return (steps * along(scale, x, axis),)


OPS = [Attention, SkipLayerNormalization, QuantizeLinear, DequantizeLinear]
