// RUN: weft-opt %s | weft-opt | FileCheck %s
// RUN: weft-opt %s --mlir-print-op-generic | weft-opt | FileCheck %s
// RUN: weft-opt %s --mlir-print-debuginfo | weft-opt | FileCheck %s

// Every op and attribute of the dialect is printed as it is read.

// CHECK-LABEL: fabric.program @main grid [7, 3] target #target attributes
// CHECK-SAME: input_names = ["x"], input_types = [tensor<4x6xf32>], output_names = ["y", "z"], output_sources = [unit, 0]
fabric.program @main grid [7, 3] target #wafer.target<"wse2"> attributes {
    input_names = ["x"], input_types = [tensor<4x6xf32>], output_names = ["y", "z"], output_sources = [unit, 0]} {
  // CHECK: fabric.region @s0 at [0, 0] size [2, 3] {
  fabric.region @s0 at [0, 0] size [2, 3] {
    // CHECK: %[[X:.*]] = fabric.buffer "x" "io" input 0 tensor tensor<4x6xf32, #wafer.layout<[2, 3], [*, x]>> : memref<12xf32>
    %x = fabric.buffer "x" "io" input 0 tensor tensor<4x6xf32, #wafer.layout<[2, 3], [*, x]>> : memref<12xf32>
    // CHECK: fabric.buffer "w" "weights" init @c0 tensor tensor<6xf32, #wafer.layout<[2, 3], [y]>> : memref<2xf32>
    %w = fabric.buffer "w" "weights" init @c0 tensor tensor<6xf32, #wafer.layout<[2, 3], [y]>> : memref<2xf32>
    // CHECK: %[[T:.*]] = fabric.buffer "t" "buffers" : memref<12xi32>
    %t = fabric.buffer "t" "buffers" : memref<12xi32>
    // CHECK: fabric.launch @sum(%[[X]], %[[T]]) instance "fc1" algorithm "gemm" nodes [3, 4] : memref<12xf32>, memref<12xi32>
    fabric.launch @sum(%x, %t) instance "fc1" algorithm "gemm" nodes [3, 4] : memref<12xf32>, memref<12xi32>
    // CHECK: fabric.value "h" in %[[X]] tensor tensor<4x6xf32, #wafer.layout<[2, 3], [*, x]>> as tensor<4x6xf16> : memref<12xf32>
    fabric.value "h" in %x tensor tensor<4x6xf32, #wafer.layout<[2, 3], [*, x]>> as tensor<4x6xf16> : memref<12xf32>
    // CHECK: fabric.launch @out(%[[X]]) : memref<12xf32>
    fabric.launch @out(%x) : memref<12xf32>
  }
  // CHECK: fabric.region @s1 at [3, 0] size [4, 3] {
  fabric.region @s1 at [3, 0] size [4, 3] {
    // CHECK: fabric.buffer "y" "activations" output [0] tensor tensor<4x6xf32, #wafer.layout<[4, 3], [*, y]>> : memref<12xf32>
    %y = fabric.buffer "y" "activations" output [0] tensor tensor<4x6xf32, #wafer.layout<[4, 3], [*, y]>> : memref<12xf32>
    fabric.launch @in(%y) : memref<12xf32>
  }
  // CHECK: fabric.kernel @sum {
  fabric.kernel @sum {
  ^bb0(%x: memref<12xf32>, %t: memref<12xi32>):
    // CHECK: fabric.reduce %{{.*}} axis x : memref<12xf32>
    fabric.reduce %x axis x : memref<12xf32>
    // CHECK: fabric.multicast %{{.*}} axis y : memref<12xi32>
    fabric.multicast %t axis y : memref<12xi32>
    // CHECK: fabric.return
    fabric.return
  }
  fabric.kernel @out {
  ^bb0(%x: memref<12xf32>):
    // CHECK: fabric.send %{{.*}} to @s0_s1 : memref<12xf32>
    fabric.send %x to @s0_s1 : memref<12xf32>
    fabric.return
  }
  fabric.kernel @in {
  ^bb0(%x: memref<12xf32>):
    // CHECK: fabric.recv %{{.*}} from @s0_s1 : memref<12xf32>
    fabric.recv %x from @s0_s1 : memref<12xf32>
    fabric.return
  }
  // CHECK: fabric.channel @odd kind "chain_odd" axis x region @s0
  fabric.channel @odd kind "chain_odd" axis x region @s0
  // CHECK: fabric.channel @even kind "chain_even" axis y region @s0 color 3
  fabric.channel @even kind "chain_even" axis y region @s0 color 3
  // CHECK: fabric.channel @cast kind "multicast" axis y region @s0
  fabric.channel @cast kind "multicast" axis y region @s0
  // CHECK: fabric.channel @s0_s1 kind "stream" axis x region @s0 peer @s1 color 6
  fabric.channel @s0_s1 kind "stream" axis x region @s0 peer @s1 color 6
}
