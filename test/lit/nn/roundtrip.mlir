// RUN: weft-opt %s | weft-opt | FileCheck %s
// RUN: weft-opt %s --mlir-print-op-generic | weft-opt | FileCheck %s

// Every op of the dialect is printed as it is read.

// CHECK: nn.weight @wte : tensor<256x64xf32> = #nn.data<"model.onnx", 64, 65536, "99aa06d3014798d86001c324468d497f">
nn.weight @wte : tensor<256x64xf32> = #nn.data<"model.onnx", 64, 65536, "99aa06d3014798d86001c324468d497f">
// CHECK: nn.weight @"layer 0/w" : tensor<64x192xf16> = #nn.data<"", 0, 24576, "00">
nn.weight @"layer 0/w" : tensor<64x192xf16> = #nn.data<"", 0, 24576, "00">

// CHECK-LABEL: nn.program @weights(
// CHECK-SAME: %arg0: tensor<1x8xi64> {nn.name = "ids"}) -> (tensor<1x8x64xf32> {nn.name = "embedded"}, tensor<f32> {nn.name = "c"})
nn.program @weights(%ids: tensor<1x8xi64> {nn.name = "ids"})
    -> (tensor<1x8x64xf32> {nn.name = "embedded"}, tensor<f32> {nn.name = "c"}) {
  // CHECK: %wte = nn.load @wte : tensor<256x64xf32>
  %wte = nn.load @wte : tensor<256x64xf32>
  // CHECK: nn.constant dense<5.000000e-01> : tensor<f32>
  %c = nn.constant dense<5.000000e-01> : tensor<f32>
  // CHECK: nn.gather %wte, %arg0 axis = 0 : (tensor<256x64xf32>, tensor<1x8xi64>) -> tensor<1x8x64xf32>
  %e = nn.gather %wte, %ids axis = 0 : (tensor<256x64xf32>, tensor<1x8xi64>) -> tensor<1x8x64xf32>
  // CHECK: nn.return
  nn.return %e, %c : tensor<1x8x64xf32>, tensor<f32>
}

// CHECK-LABEL: nn.program @caches
// CHECK-SAME: attributes {state = [#nn.state<0 to 0 host tensor<1x4x16x8xf32> perm 0, 2, 1, 3>, #nn.state<1 to 2>]}
nn.program @caches(%c: tensor<1x16x32xf32>, %r: tensor<1x2x32xf32>, %n: tensor<4xf32>, %p: tensor<2xi64>)
    -> (tensor<1x16x32xf32>, tensor<4xf32>)
    attributes {state = [#nn.state<0 to 0 host tensor<1x4x16x8xf32> perm 0, 2, 1, 3>, #nn.state<1 to 2>]} {
  // CHECK: nn.cache_update %{{.*}}, %{{.*}} at %{{.*}} axis = 1 : (tensor<1x16x32xf32>, tensor<1x2x32xf32>, tensor<2xi64>) -> tensor<1x16x32xf32>
  %0 = nn.cache_update %c, %r at %p axis = 1 : (tensor<1x16x32xf32>, tensor<1x2x32xf32>, tensor<2xi64>) -> tensor<1x16x32xf32>
  // CHECK: nn.cache_update %{{.*}}, %{{.*}} at %{{.*}} axis = 1 wrap :
  %1 = nn.cache_update %0, %r at %p axis = 1 wrap : (tensor<1x16x32xf32>, tensor<1x2x32xf32>, tensor<2xi64>) -> tensor<1x16x32xf32>
  %2 = nn.relu %n : (tensor<4xf32>) -> tensor<4xf32>
  // CHECK: nn.cache_update %{{.*}}, %{{.*}} at %{{.*}} axis = 1 wrap reduction = "add" :
  %3 = nn.cache_update %1, %r at %p axis = 1 wrap reduction = "add" : (tensor<1x16x32xf32>, tensor<1x2x32xf32>, tensor<2xi64>) -> tensor<1x16x32xf32>
  nn.return %3, %2 : tensor<1x16x32xf32>, tensor<4xf32>
}

// CHECK-LABEL: nn.program @along
nn.program @along(%x: tensor<2x6x3xf32>, %r: tensor<2x1x3xf32>, %p: tensor<2x1xi32>) {
  // CHECK: nn.top_k %arg0 k = 4 axis = 1 largest = false : (tensor<2x6x3xf32>) -> tensor<2x4x3xi32>
  %0 = nn.top_k %x k = 4 axis = 1 largest = false : (tensor<2x6x3xf32>) -> tensor<2x4x3xi32>
  // CHECK: nn.cum_sum %arg0 axis = 0 exclusive = true reverse = false : (tensor<2x6x3xf32>) -> tensor<2x6x3xf32>
  %1 = nn.cum_sum %x axis = 0 exclusive = true reverse = false : (tensor<2x6x3xf32>) -> tensor<2x6x3xf32>
  // CHECK: nn.cum_prod %{{.*}} axis = 2 exclusive = false reverse = true : (tensor<2x6x3xf32>) -> tensor<2x6x3xf32>
  %2 = nn.cum_prod %1 axis = 2 exclusive = false reverse = true : (tensor<2x6x3xf32>) -> tensor<2x6x3xf32>
  // CHECK: nn.cache_update %{{.*}}, %arg1 at %arg2 axis = 1 : (tensor<2x6x3xf32>, tensor<2x1x3xf32>, tensor<2x1xi32>) -> tensor<2x6x3xf32>
  %3 = nn.cache_update %2, %r at %p axis = 1 : (tensor<2x6x3xf32>, tensor<2x1x3xf32>, tensor<2x1xi32>) -> tensor<2x6x3xf32>
  nn.return
}

// CHECK-LABEL: nn.program @products
nn.program @products(%x: tensor<1x8x64xf32>, %w: tensor<64x256xf32>, %b: tensor<256xf32>,
                     %k: tensor<1x12x32xf32>, %m: tensor<1x1x8x12xf32>, %q4: tensor<1x4x8x16xf32>,
                     %k4: tensor<4x16x8xf32>) {
  // CHECK: nn.linear %{{.*}}, %{{.*}} : (tensor<1x8x64xf32>, tensor<64x256xf32>) -> tensor<1x8x256xf32>
  %0 = nn.linear %x, %w : (tensor<1x8x64xf32>, tensor<64x256xf32>) -> tensor<1x8x256xf32>
  // CHECK: nn.linear %{{.*}}, %{{.*}} bias %{{.*}} :
  %1 = nn.linear %x, %w bias %b : (tensor<1x8x64xf32>, tensor<64x256xf32>, tensor<256xf32>) -> tensor<1x8x256xf32>
  // CHECK: nn.matmul %{{.*}}, %{{.*}} : (tensor<1x4x8x16xf32>, tensor<4x16x8xf32>) -> tensor<1x4x8x8xf32>
  %2 = nn.matmul %q4, %k4 : (tensor<1x4x8x16xf32>, tensor<4x16x8xf32>) -> tensor<1x4x8x8xf32>
  // CHECK: nn.attention %{{.*}}, %{{.*}}, %{{.*}} heads = 4 kv_heads = 2 scale = 2.500000e-01 causal = true
  %3 = nn.attention %x, %k, %k heads = 4 kv_heads = 2 scale = 0.25 causal = true
      : (tensor<1x8x64xf32>, tensor<1x12x32xf32>, tensor<1x12x32xf32>) -> tensor<1x8x64xf32>
  // CHECK: nn.attention %{{.*}}, %{{.*}}, %{{.*}} mask %{{.*}} heads = 4 kv_heads = 2 scale = 1.000000e+00 causal = false
  %4 = nn.attention %x, %k, %k mask %m heads = 4 kv_heads = 2 scale = 1.0 causal = false
      : (tensor<1x8x64xf32>, tensor<1x12x32xf32>, tensor<1x12x32xf32>, tensor<1x1x8x12xf32>) -> tensor<1x8x64xf32>
  nn.return
}

// CHECK-LABEL: nn.program @norms
nn.program @norms(%x: tensor<1x8x64xf16>, %g: tensor<64xf16>) {
  // CHECK: nn.layer_norm %{{.*}}, %{{.*}} bias %{{.*}} epsilon = 9.99999974E-6 :
  %0 = nn.layer_norm %x, %g bias %g epsilon = 1.0e-5 : (tensor<1x8x64xf16>, tensor<64xf16>, tensor<64xf16>) -> tensor<1x8x64xf16>
  // CHECK: nn.layer_norm %{{.*}}, %{{.*}} epsilon = 0.000000e+00 :
  %1 = nn.layer_norm %x, %g epsilon = 0.0 : (tensor<1x8x64xf16>, tensor<64xf16>) -> tensor<1x8x64xf16>
  // CHECK: nn.rms_norm %{{.*}}, %{{.*}} epsilon = 0.000000e+00 :
  %2 = nn.rms_norm %x, %g epsilon = 0.0 : (tensor<1x8x64xf16>, tensor<64xf16>) -> tensor<1x8x64xf16>
  // CHECK: nn.softmax %{{.*}} axis = 2 :
  %3 = nn.softmax %x axis = 2 : (tensor<1x8x64xf16>) -> tensor<1x8x64xf16>
  // CHECK: nn.gelu %{{.*}} approximate = "tanh" :
  %4 = nn.gelu %x approximate = "tanh" : (tensor<1x8x64xf16>) -> tensor<1x8x64xf16>
  nn.return
}

// CHECK-LABEL: nn.program @elementwise
nn.program @elementwise(%x: tensor<4x8xbf16>, %y: tensor<8xbf16>, %p: tensor<4x8xi1>) {
  // CHECK: nn.add
  %0 = nn.add %x, %y : (tensor<4x8xbf16>, tensor<8xbf16>) -> tensor<4x8xbf16>
  // CHECK: nn.sub
  %1 = nn.sub %x, %y : (tensor<4x8xbf16>, tensor<8xbf16>) -> tensor<4x8xbf16>
  // CHECK: nn.mul
  %2 = nn.mul %x, %y : (tensor<4x8xbf16>, tensor<8xbf16>) -> tensor<4x8xbf16>
  // CHECK: nn.div
  %3 = nn.div %x, %y : (tensor<4x8xbf16>, tensor<8xbf16>) -> tensor<4x8xbf16>
  // CHECK: nn.pow
  %4 = nn.pow %x, %y : (tensor<4x8xbf16>, tensor<8xbf16>) -> tensor<4x8xbf16>
  // CHECK: nn.max
  %5 = nn.max %x, %y : (tensor<4x8xbf16>, tensor<8xbf16>) -> tensor<4x8xbf16>
  // CHECK: nn.min
  %6 = nn.min %x, %y : (tensor<4x8xbf16>, tensor<8xbf16>) -> tensor<4x8xbf16>
  // CHECK: nn.equal {{.*}} -> tensor<4x8xi1>
  %7 = nn.equal %x, %y : (tensor<4x8xbf16>, tensor<8xbf16>) -> tensor<4x8xi1>
  // CHECK: nn.less
  %8 = nn.less %x, %y : (tensor<4x8xbf16>, tensor<8xbf16>) -> tensor<4x8xi1>
  // CHECK: nn.less_equal
  %9 = nn.less_equal %x, %y : (tensor<4x8xbf16>, tensor<8xbf16>) -> tensor<4x8xi1>
  // CHECK: nn.greater
  %10 = nn.greater %x, %y : (tensor<4x8xbf16>, tensor<8xbf16>) -> tensor<4x8xi1>
  // CHECK: nn.greater_equal
  %11 = nn.greater_equal %x, %y : (tensor<4x8xbf16>, tensor<8xbf16>) -> tensor<4x8xi1>
  // CHECK: nn.and
  %12 = nn.and %p, %p : (tensor<4x8xi1>, tensor<4x8xi1>) -> tensor<4x8xi1>
  // CHECK: nn.or
  %13 = nn.or %p, %p : (tensor<4x8xi1>, tensor<4x8xi1>) -> tensor<4x8xi1>
  // CHECK: nn.where
  %14 = nn.where %p, %x, %y : (tensor<4x8xi1>, tensor<4x8xbf16>, tensor<8xbf16>) -> tensor<4x8xbf16>
  // CHECK: nn.cast
  %15 = nn.cast %x : (tensor<4x8xbf16>) -> tensor<4x8xui8>
  nn.return
}

// CHECK-LABEL: nn.program @numbers
nn.program @numbers(%x: tensor<4x8xf32>, %i: tensor<4x8xui16>, %j: tensor<8xui16>, %k: tensor<4xui64>) {
  // CHECK: nn.round %arg0 :
  %0 = nn.round %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
  // CHECK: nn.sign %arg0 :
  %1 = nn.sign %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
  // CHECK: nn.tan %arg0 :
  %2 = nn.tan %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
  // CHECK: nn.asin %arg0 :
  %3 = nn.asin %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
  // CHECK: nn.acos %arg0 :
  %4 = nn.acos %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
  // CHECK: nn.atan %arg0 :
  %5 = nn.atan %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
  // CHECK: nn.sinh %arg0 :
  %6 = nn.sinh %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
  // CHECK: nn.cosh %arg0 :
  %7 = nn.cosh %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
  // CHECK: nn.asinh %arg0 :
  %8 = nn.asinh %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
  // CHECK: nn.acosh %arg0 :
  %9 = nn.acosh %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
  // CHECK: nn.atanh %arg0 :
  %10 = nn.atanh %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
  // CHECK: nn.exact_div %arg0, %arg0 :
  %11 = nn.exact_div %x, %x : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  // CHECK: nn.div_by %arg0, %arg0, %arg0 :
  %by = nn.div_by %x, %x, %x : (tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  // CHECK: nn.mod %arg1, %arg2 :
  %12 = nn.mod %i, %j : (tensor<4x8xui16>, tensor<8xui16>) -> tensor<4x8xui16>
  // CHECK: nn.rem %arg1, %arg2 :
  %13 = nn.rem %i, %j : (tensor<4x8xui16>, tensor<8xui16>) -> tensor<4x8xui16>
  // CHECK: nn.bit_and %arg1, %arg2 :
  %14 = nn.bit_and %i, %j : (tensor<4x8xui16>, tensor<8xui16>) -> tensor<4x8xui16>
  // CHECK: nn.bit_or %arg1, %arg2 :
  %15 = nn.bit_or %i, %j : (tensor<4x8xui16>, tensor<8xui16>) -> tensor<4x8xui16>
  // CHECK: nn.bit_xor %arg1, %arg2 :
  %16 = nn.bit_xor %i, %j : (tensor<4x8xui16>, tensor<8xui16>) -> tensor<4x8xui16>
  // CHECK: nn.shift_left %arg1, %arg2 :
  %17 = nn.shift_left %i, %j : (tensor<4x8xui16>, tensor<8xui16>) -> tensor<4x8xui16>
  // CHECK: nn.shift_right %arg1, %arg2 :
  %18 = nn.shift_right %i, %j : (tensor<4x8xui16>, tensor<8xui16>) -> tensor<4x8xui16>
  // CHECK: nn.bit_cast %arg0 :
  %19 = nn.bit_cast %x : (tensor<4x8xf32>) -> tensor<4x8xui32>
  // CHECK: nn.neg %arg3 :
  %20 = nn.neg %k : (tensor<4xui64>) -> tensor<4xui64>
  nn.return
}

// CHECK-LABEL: nn.program @unary
nn.program @unary(%x: tensor<4x8xf32>, %p: tensor<4xi1>) {
  // CHECK: nn.neg
  %0 = nn.neg %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
  // CHECK: nn.abs
  %1 = nn.abs %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
  // CHECK: nn.exp
  %2 = nn.exp %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
  // CHECK: nn.log
  %3 = nn.log %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
  // CHECK: nn.sqrt
  %4 = nn.sqrt %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
  // CHECK: nn.rsqrt
  %5 = nn.rsqrt %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
  // CHECK: nn.reciprocal
  %6 = nn.reciprocal %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
  // CHECK: nn.tanh
  %7 = nn.tanh %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
  // CHECK: nn.erf
  %8 = nn.erf %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
  // CHECK: nn.sigmoid
  %9 = nn.sigmoid %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
  // CHECK: nn.silu
  %10 = nn.silu %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
  // CHECK: nn.relu
  %11 = nn.relu %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
  // CHECK: nn.sin
  %12 = nn.sin %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
  // CHECK: nn.cos
  %13 = nn.cos %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
  // CHECK: nn.floor
  %14 = nn.floor %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
  // CHECK: nn.not
  %15 = nn.not %p : (tensor<4xi1>) -> tensor<4xi1>
  nn.return
}

// CHECK-LABEL: nn.program @movement
nn.program @movement(%x: tensor<1x8x64xf32>, %i: tensor<i64>) {
  // CHECK: nn.reshape
  %0 = nn.reshape %x : (tensor<1x8x64xf32>) -> tensor<1x8x4x16xf32>
  // CHECK: nn.transpose %{{.*}} perm = [0, 2, 1, 3] :
  %1 = nn.transpose %0 perm = [0, 2, 1, 3] : (tensor<1x8x4x16xf32>) -> tensor<1x4x8x16xf32>
  // CHECK: nn.slice %{{.*}} starts = [0, 7, 0] sizes = [1, 4, 64] steps = [1, -2, 1] :
  %2 = nn.slice %x starts = [0, 7, 0] sizes = [1, 4, 64] steps = [1, -2, 1] : (tensor<1x8x64xf32>) -> tensor<1x4x64xf32>
  // CHECK: nn.concat %{{.*}}, %{{.*}} axis = 1 :
  %3 = nn.concat %x, %2 axis = 1 : (tensor<1x8x64xf32>, tensor<1x4x64xf32>) -> tensor<1x12x64xf32>
  // CHECK: nn.expand
  %4 = nn.expand %x : (tensor<1x8x64xf32>) -> tensor<3x8x64xf32>
  // CHECK: nn.gather %{{.*}}, %{{.*}} axis = 1 : (tensor<1x8x64xf32>, tensor<i64>) -> tensor<1x64xf32>
  %5 = nn.gather %x, %i axis = 1 : (tensor<1x8x64xf32>, tensor<i64>) -> tensor<1x64xf32>
  // CHECK: nn.reduce_sum %{{.*}} axes = [0, 2] keepdims = false : {{.*}} -> tensor<8xf32>
  %6 = nn.reduce_sum %x axes = [0, 2] keepdims = false : (tensor<1x8x64xf32>) -> tensor<8xf32>
  // CHECK: nn.reduce_mean %{{.*}} axes = [2] keepdims = true : {{.*}} -> tensor<1x8x1xf32>
  %7 = nn.reduce_mean %x axes = [2] keepdims = true : (tensor<1x8x64xf32>) -> tensor<1x8x1xf32>
  // CHECK: nn.reduce_max
  %8 = nn.reduce_max %x axes = [2] keepdims = true : (tensor<1x8x64xf32>) -> tensor<1x8x1xf32>
  // CHECK: nn.reduce_min
  %9 = nn.reduce_min %x axes = [2] keepdims = true : (tensor<1x8x64xf32>) -> tensor<1x8x1xf32>
  nn.return
}
