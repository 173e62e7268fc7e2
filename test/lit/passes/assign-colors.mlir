// RUN: weft-opt %s --split-input-file --weft-assign-colors | FileCheck %s

// Three channels per axis in use, and only for axes in use. Chains in one
// direction need two colours; an axis of two PEs has no even sender, so its even
// channel costs none of its own.

// CHECK-LABEL: fabric.program @both
// CHECK: fabric.channel @s0_x_chain_odd kind "chain_odd" axis x region @s0 color [[A:[0-9]+]]
// CHECK: fabric.channel @s0_x_chain_even kind "chain_even" axis x region @s0 color [[B:[0-9]+]]
// CHECK: fabric.channel @s0_x_multicast kind "multicast" axis x region @s0 color [[C:[0-9]+]]
// CHECK: fabric.channel @s0_y_chain_odd kind "chain_odd" axis y region @s0 color
// CHECK-COUNT-2: fabric.channel
// CHECK-NOT: fabric.channel
fabric.program @both grid [4, 4] target #wafer.target<"wse2"> {
  fabric.region @s0 at [0, 0] size [4, 4] {
    %x = fabric.buffer "x" "activations" : memref<4xf32>
    fabric.launch @sum(%x) : memref<4xf32>
  }
  fabric.kernel @sum {
  ^bb0(%x: memref<4xf32>):
    fabric.reduce %x axis x : memref<4xf32>
    fabric.multicast %x axis y : memref<4xf32>
    fabric.return
  }
}

// -----

// Regions that do not meet share colours; the stream passes @b on its way and
// must differ from @b's own. A colour that was given stays.
// CHECK-LABEL: fabric.program @shared
// CHECK: fabric.channel @s kind "stream" axis x region @a peer @c color 7
// CHECK: fabric.channel @a_y_chain_odd {{.*}} color [[ODD:[0-9]+]]
// CHECK: fabric.channel @a_y_chain_even {{.*}} color [[EVEN:[0-9]+]]
// CHECK: fabric.channel @a_y_multicast {{.*}} color [[CAST:[0-9]+]]
// CHECK: fabric.channel @b_y_chain_odd {{.*}} color [[ODD]]
// CHECK: fabric.channel @b_y_chain_even {{.*}} color [[EVEN]]
// CHECK: fabric.channel @b_y_multicast {{.*}} color [[CAST]]
// CHECK-NOT: fabric.channel @c
fabric.program @shared grid [3, 4] target #wafer.target<"wse2"> {
  fabric.region @a at [0, 0] size [1, 4] {
    %x = fabric.buffer "x" "activations" : memref<4xf32>
    fabric.launch @sum(%x) : memref<4xf32>
    fabric.launch @out(%x) : memref<4xf32>
  }
  fabric.region @b at [1, 0] size [1, 4] {
    %x = fabric.buffer "x" "activations" : memref<4xf32>
    fabric.launch @sum(%x) : memref<4xf32>
  }
  fabric.region @c at [2, 0] size [1, 4] {
    %x = fabric.buffer "x" "activations" : memref<4xf32>
    fabric.launch @in(%x) : memref<4xf32>
  }
  fabric.kernel @sum {
  ^bb0(%x: memref<4xf32>):
    fabric.reduce %x axis y : memref<4xf32>
    fabric.return
  }
  fabric.kernel @out {
  ^bb0(%x: memref<4xf32>):
    fabric.send %x to @s : memref<4xf32>
    fabric.return
  }
  fabric.kernel @in {
  ^bb0(%x: memref<4xf32>):
    fabric.recv %x from @s : memref<4xf32>
    fabric.return
  }
  fabric.channel @s kind "stream" axis x region @a peer @c color 7
}

// -----

// Nothing communicates: nothing is created.
// CHECK-LABEL: fabric.program @none
// CHECK-NOT: fabric.channel
fabric.program @none grid [4, 4] target #wafer.target<"wse2"> {
  fabric.region @s0 at [0, 0] size [4, 4] {
    %x = fabric.buffer "x" "activations" : memref<4xf32>
    fabric.launch @zero(%x) : memref<4xf32>
  }
  fabric.kernel @zero {
  ^bb0(%x: memref<4xf32>):
    %c = arith.constant 0.0 : f32
    pe.vec vmov %x, %c : memref<4xf32>, f32
    fabric.return
  }
}

// -----

// Run again, it changes nothing: programs of other levels are left alone.
// CHECK: module
// CHECK-NEXT: }
module {}
