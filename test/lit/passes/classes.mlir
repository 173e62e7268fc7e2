// RUN: weft-opt %s --split-input-file --weft-assign-colors --weft-schedule | FileCheck %s

// A class per combination of roles along the axes that communicate: root, odd
// and even relays, far end. Never more than 16, whatever the size.

// CHECK: pe.program @main grid [40, 9]
// CHECK-COUNT-16: pe.class
// CHECK-NOT: pe.class
fabric.program @large grid [40, 9] target #wafer.target<"wse2"> {
  fabric.region @s0 at [0, 0] size [40, 9] {
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

// Positions by role: with four PEs each role is one PE.
// CHECK: pe.program @main grid [4, 4]
// CHECK: pe.class @s0_root_root at [#pe.pattern<(0, 0), 1 x 1>]
// CHECK: pe.class @s0_root_odd at [#pe.pattern<(0, 1), 1 x 1, step (1, 2)>]
// CHECK: pe.class @s0_root_even at [#pe.pattern<(0, 2), 1 x 1, step (1, 2)>]
// CHECK: pe.class @s0_root_far at [#pe.pattern<(0, 3), 1 x 1>]
// CHECK: pe.class @s0_odd_root at [#pe.pattern<(1, 0), 1 x 1, step (2, 1)>]
// CHECK-COUNT-11: pe.class
// CHECK-NOT: pe.class
fabric.program @square grid [4, 4] target #wafer.target<"wse2"> {
  fabric.region @s0 at [0, 0] size [4, 4] {
    %x = fabric.buffer "x" "activations" : memref<4xf32>
    fabric.launch @sum(%x) : memref<4xf32>
  }
  fabric.kernel @sum {
  ^bb0(%x: memref<4xf32>):
    fabric.reduce %x axis x : memref<4xf32>
    fabric.reduce %x axis y : memref<4xf32>
    fabric.return
  }
}

// -----

// An axis that nobody communicates along does not split: 5 x 3, x only.
// CHECK: pe.program @main grid [7, 4]
// CHECK: pe.class @s0_root_all at [#pe.pattern<(1, 1), 1 x 3>]
// CHECK: pe.class @s0_odd_all at [#pe.pattern<(2, 1), 2 x 3, step (2, 1)>]
// CHECK: pe.class @s0_even_all at [#pe.pattern<(3, 1), 1 x 3, step (2, 1)>]
// CHECK: pe.class @s0_far_all at [#pe.pattern<(5, 1), 1 x 3>]
// CHECK-NOT: pe.class
fabric.program @row grid [7, 4] target #wafer.target<"wse2"> {
  fabric.region @s0 at [1, 1] size [5, 3] {
    %x = fabric.buffer "x" "activations" : memref<4xf32>
    fabric.launch @sum(%x) : memref<4xf32>
  }
  fabric.kernel @sum {
  ^bb0(%x: memref<4xf32>):
    fabric.reduce %x axis x : memref<4xf32>
    fabric.return
  }
}

// -----

// Two PEs: no relay. What the roles do: the far end sends, the root adds, and
// the other way round for the multicast.
// CHECK: pe.program @main grid [2, 1]
// CHECK: pe.route color [[ODD:[0-9]+]] rx ramp tx [west] on #pe.pattern<(1, 0), 1 x 1, step (2, 1)>
// CHECK: pe.stream "s0 x chain odd" color [[ODD]] from #pe.pattern<(1, 0), 1 x 1, step (2, 1)> dx [-1, -1] dy [0, 0] words 4
// CHECK-NOT: chain even
// CHECK: pe.stream "s0 x multicast" color [[CAST:[0-9]+]] from #pe.pattern<(0, 0), 1 x 1> dx [1, 1] dy [0, 0] words 4
// CHECK: pe.class @s0_root_all
// CHECK: %[[IN:.*]] = pe.queue input {{.*}} color [[ODD]]
// CHECK: %[[OUT:.*]] = pe.queue output {{.*}} color [[CAST]]
// CHECK: pe.vec{{ +}}vfadd %[[X:.*]], %[[IN]], %[[X]] :
// CHECK: pe.vec{{ +}}vmov %[[OUT]], %[[X]] :
// CHECK: pe.class @s0_far_all
// CHECK: %[[IN:.*]] = pe.queue input {{.*}} color [[CAST]]
// CHECK: %[[OUT:.*]] = pe.queue output {{.*}} color [[ODD]]
// CHECK: pe.vec{{ +}}vmov %[[OUT]], %[[X:.*]] :
// CHECK: pe.vec{{ +}}vmov %[[X]], %[[IN]] :
// CHECK-NOT: pe.class
fabric.program @two grid [2, 1] target #wafer.target<"wse2"> {
  fabric.region @s0 at [0, 0] size [2, 1] {
    %x = fabric.buffer "x" "activations" : memref<4xf32>
    fabric.launch @sum(%x) : memref<4xf32>
  }
  fabric.kernel @sum {
  ^bb0(%x: memref<4xf32>):
    fabric.reduce %x axis x : memref<4xf32>
    fabric.multicast %x axis x : memref<4xf32>
    fabric.return
  }
}

// -----

// Three PEs: one relay. Integers are added as integers.
// CHECK: pe.program @main grid [1, 3]
// CHECK: pe.class @s0_all_root
// CHECK: pe.vec{{ +}}vadd
// CHECK: pe.class @s0_all_odd at [#pe.pattern<(0, 1), 1 x 1, step (1, 2)>]
// CHECK: pe.vec{{ +}}vadd
// CHECK: pe.class @s0_all_far
// CHECK-NOT: pe.class
fabric.program @three grid [1, 3] target #wafer.target<"wse2"> {
  fabric.region @s0 at [0, 0] size [1, 3] {
    %x = fabric.buffer "x" "activations" : memref<4xi32>
    fabric.launch @sum(%x) : memref<4xi32>
  }
  fabric.kernel @sum {
  ^bb0(%x: memref<4xi32>):
    fabric.reduce %x axis y : memref<4xi32>
    fabric.return
  }
}

// -----

// One PE along an axis: collectives are no code, channels are none.
// CHECK: pe.program @main grid [1, 1]
// CHECK-NOT: pe.route
// CHECK: pe.class @s0_all_all at [#pe.pattern<(0, 0), 1 x 1>]
// CHECK-NOT: pe.queue
// CHECK: pe.sub @sum
// CHECK-NEXT: pe.return
// CHECK-NOT: pe.class
fabric.program @one grid [1, 1] target #wafer.target<"wse2"> {
  fabric.region @s0 at [0, 0] size [1, 1] {
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
