// RUN: weft-opt %s --split-input-file --verify-diagnostics

// Programs and regions.

// expected-error@+1 {{grid must be [width, height], both at least 1}}
fabric.program @main grid [4, 0] target #wafer.target<"wse2"> {}

// -----

// expected-error@+1 {{has 1 input names and 0 input types}}
fabric.program @main grid [4, 4] target #wafer.target<"wse2"> attributes {input_names = ["x"]} {}

// -----

// expected-error@+1 {{has 0 output names and 1 output sources}}
fabric.program @main grid [4, 4] target #wafer.target<"wse2"> attributes {output_sources = [unit]} {}

// -----

// expected-error@+1 {{expects parent op 'fabric.program'}}
fabric.region @s0 at [0, 0] size [2, 2] {}

// -----

fabric.program @main grid [4, 4] target #wafer.target<"wse2"> {
  // expected-error@+1 {{'at', 'size' and the grid must have two numbers}}
  fabric.region @s0 at [0] size [2, 2] {}
}

// -----

fabric.program @main grid [4, 4] target #wafer.target<"wse2"> {
  // expected-error@+1 {{rectangle [0, 3] + [2, 2] leaves the grid of [4, 4]}}
  fabric.region @s0 at [0, 3] size [2, 2] {}
}

// -----

fabric.program @main grid [4, 4] target #wafer.target<"wse2"> {
  // expected-error@+1 {{rectangle [1, 0] + [9223372036854775807, 2] leaves the grid of [4, 4]}}
  fabric.region @s0 at [1, 0] size [9223372036854775807, 2] {}
}

// -----

// Buffers.

fabric.program @main grid [4, 4] target #wafer.target<"wse2"> {
  // expected-error@+1 {{expects parent op 'fabric.region'}}
  %x = fabric.buffer "x" "io" : memref<4xf32>
}

// -----

fabric.program @main grid [4, 4] target #wafer.target<"wse2"> {
  fabric.region @s0 at [0, 0] size [2, 2] {
    // expected-error@+1 {{found memory class 'heap', allowed are weights, activations, buffers and io}}
    %x = fabric.buffer "x" "heap" : memref<4xf32>
  }
}

// -----

fabric.program @main grid [4, 4] target #wafer.target<"wse2"> {
  fabric.region @s0 at [0, 0] size [2, 2] {
    // expected-error@+1 {{with init, input or output needs 'tensor'}}
    %x = fabric.buffer "x" "io" input 0 : memref<4xf32>
  }
}

// -----

fabric.program @main grid [4, 4] target #wafer.target<"wse2"> {
  fabric.region @s0 at [0, 0] size [2, 2] {
    // expected-error@+1 {{'tensor' needs a layout, found 'tensor<4xf32>'}}
    %x = fabric.buffer "x" "io" input 0 tensor tensor<4xf32> : memref<4xf32>
  }
}

// -----

fabric.program @main grid [4, 4] target #wafer.target<"wse2"> {
  fabric.region @s0 at [0, 0] size [2, 2] {
    // expected-error@+1 {{is input -1, allowed are 0 and up}}
    %x = fabric.buffer "x" "io" input -1 tensor tensor<4xf32, #wafer.layout<[2, 2], [*]>> : memref<4xf32>
  }
}

// -----

fabric.program @main grid [4, 4] target #wafer.target<"wse2"> {
  fabric.region @s0 at [0, 0] size [2, 2] {
    // expected-error@+1 {{is output -2, allowed are 0 and up}}
    %x = fabric.buffer "x" "io" output [-2] tensor tensor<4xf32, #wafer.layout<[2, 2], [*]>> : memref<4xf32>
  }
}

// -----

fabric.program @main grid [4, 4] target #wafer.target<"wse2"> {
  fabric.region @s0 at [0, 0] size [2, 2] {
    // expected-error@+1 {{has 'memref<?xf32>', allowed are static shapes of 16 and 32 bit elements}}
    %x = fabric.buffer "x" "io" : memref<?xf32>
  }
}

// -----

fabric.program @main grid [4, 4] target #wafer.target<"wse2"> {
  fabric.region @s0 at [0, 0] size [2, 2] {
    // expected-error@+1 {{has 'memref<4xi64>', allowed are static shapes of 16 and 32 bit elements}}
    %x = fabric.buffer "x" "io" : memref<4xi64>
  }
}

// -----

// Kernels and launches.

fabric.program @main grid [4, 4] target #wafer.target<"wse2"> {
  // expected-error@+1 {{expects a non-empty block}}
  fabric.kernel @k {
  ^bb0(%x: memref<4xf32>):
  }
}

// -----

// expected-error@+1 {{expects parent op 'fabric.program'}}
fabric.kernel @k {
  fabric.return
}

// -----

fabric.program @main grid [4, 4] target #wafer.target<"wse2"> {
  fabric.region @s0 at [0, 0] size [2, 2] {
    %x = fabric.buffer "x" "io" : memref<4xf32>
    // expected-error@+1 {{names kernel 'k', which is not here}}
    fabric.launch @k(%x) : memref<4xf32>
  }
}

// -----

fabric.program @main grid [4, 4] target #wafer.target<"wse2"> {
  fabric.region @s0 at [0, 0] size [2, 2] {
    %x = fabric.buffer "x" "io" : memref<4xf32>
    // expected-error@+1 {{operand types differ from the kernel's arguments}}
    fabric.launch @k(%x) : memref<4xf32>
  }
  // expected-note@+1 {{kernel here}}
  fabric.kernel @k {
  ^bb0(%x: memref<5xf32>):
    fabric.return
  }
}

// -----

// Collectives and streams.

fabric.program @main grid [4, 4] target #wafer.target<"wse2"> {
  fabric.kernel @k {
  ^bb0(%x: memref<?xf32>):
    // expected-error@+1 {{has 'memref<?xf32>', allowed are static shapes of 16 and 32 bit elements}}
    fabric.reduce %x axis x : memref<?xf32>
    fabric.return
  }
}

// -----

fabric.program @main grid [4, 4] target #wafer.target<"wse2"> {
  fabric.kernel @k {
  ^bb0(%x: memref<4xf64>):
    // expected-error@+1 {{has 'memref<4xf64>', allowed are static shapes of 16 and 32 bit elements}}
    fabric.multicast %x axis x : memref<4xf64>
    fabric.return
  }
}

// -----

fabric.program @main grid [4, 4] target #wafer.target<"wse2"> {
  fabric.kernel @k {
  ^bb0(%x: memref<4xf32>):
    // expected-error@+1 {{names 'c', which is no channel of kind stream}}
    fabric.send %x to @c : memref<4xf32>
    fabric.return
  }
}

// -----

fabric.program @main grid [4, 4] target #wafer.target<"wse2"> {
  fabric.kernel @k {
  ^bb0(%x: memref<4xf32>):
    // expected-error@+1 {{names 'c', which is no channel of kind stream}}
    fabric.recv %x from @c : memref<4xf32>
    fabric.return
  }
  fabric.region @s0 at [0, 0] size [2, 2] {}
  fabric.channel @c kind "multicast" axis x region @s0
}

// -----

// Channels.

fabric.program @main grid [4, 4] target #wafer.target<"wse2"> {
  fabric.region @s0 at [0, 0] size [2, 2] {}
  // expected-error@+1 {{found kind 'ring', allowed are chain_even, chain_odd, multicast and stream}}
  fabric.channel @c kind "ring" axis x region @s0
}

// -----

fabric.program @main grid [4, 4] target #wafer.target<"wse2"> {
  fabric.region @s0 at [0, 0] size [2, 2] {}
  // expected-error@+1 {{of kind stream, and no other, names a peer region}}
  fabric.channel @c kind "stream" axis x region @s0
}

// -----

fabric.program @main grid [4, 4] target #wafer.target<"wse2"> {
  fabric.region @s0 at [0, 0] size [2, 2] {}
  // expected-error@+1 {{of kind stream runs along x}}
  fabric.channel @c kind "stream" axis y region @s0 peer @s0
}

// -----

fabric.program @main grid [4, 4] target #wafer.target<"wse2"> {
  fabric.region @s0 at [0, 0] size [2, 2] {}
  // expected-error@+1 {{has color 256, allowed are 0 to 255}}
  fabric.channel @c kind "multicast" axis x region @s0 color 256
}

// -----

fabric.program @main grid [4, 4] target #wafer.target<"wse2"> {
  // expected-error@+1 {{names region 's0', which is not here}}
  fabric.channel @c kind "multicast" axis x region @s0
}

// -----

fabric.program @main grid [4, 4] target #wafer.target<"wse2"> {
  fabric.region @s0 at [0, 0] size [2, 2] {}
  // expected-error@+1 {{names region 's1', which is not here}}
  fabric.channel @c kind "stream" axis x region @s0 peer @s1
}

// -----

fabric.program @main grid [4, 4] target #wafer.target<"wse2"> {
  // expected-note@+1 {{to here}}
  fabric.region @s0 at [0, 0] size [2, 2] {}
  // expected-note@+1 {{from here}}
  fabric.region @s1 at [2, 0] size [2, 2] {}
  // expected-error@+1 {{must lead east, to a region on the same rows}}
  fabric.channel @c kind "stream" axis x region @s1 peer @s0
}

// -----

fabric.program @main grid [4, 4] target #wafer.target<"wse2"> {
  // expected-note@+1 {{from here}}
  fabric.region @s0 at [0, 0] size [2, 2] {}
  // expected-note@+1 {{to here}}
  fabric.region @s1 at [2, 1] size [2, 2] {}
  // expected-error@+1 {{must lead east, to a region on the same rows}}
  fabric.channel @c kind "stream" axis x region @s0 peer @s1
}

// -----

fabric.program @main grid [4, 4] target #wafer.target<"wse2"> {
  fabric.region @s0 at [0, 0] size [2, 2] {
    %x = fabric.buffer "x" "activations" : memref<4xf32>
    // expected-error@+1 {{stands after the launch that writes the buffer, found none before it}}
    fabric.value "v" in %x tensor tensor<4xf32, #wafer.layout<[2, 2], [*]>> as tensor<4xf32> : memref<4xf32>
  }
  fabric.kernel @k {
  ^bb0(%x: memref<4xf32>):
    fabric.return
  }
}

// -----

fabric.program @main grid [4, 4] target #wafer.target<"wse2"> {
  fabric.region @s0 at [0, 0] size [2, 2] {
    %x = fabric.buffer "x" "activations" : memref<4xf32>
    fabric.launch @k(%x) : memref<4xf32>
    // expected-error@+1 {{'tensor' needs a layout without partial sums, found 'tensor<4xf32>'}}
    fabric.value "v" in %x tensor tensor<4xf32> as tensor<4xf32> : memref<4xf32>
  }
  fabric.kernel @k {
  ^bb0(%x: memref<4xf32>):
    fabric.return
  }
}

// -----

fabric.program @main grid [4, 4] target #wafer.target<"wse2"> {
  fabric.region @s0 at [0, 0] size [2, 2] {
    %x = fabric.buffer "x" "activations" : memref<4xf32>
    fabric.launch @k(%x) : memref<4xf32>
    // expected-error@+1 {{may change only the element type}}
    fabric.value "v" in %x tensor tensor<4xf32, #wafer.layout<[2, 2], [*]>> as tensor<2x2xf32> : memref<4xf32>
  }
  fabric.kernel @k {
  ^bb0(%x: memref<4xf32>):
    fabric.return
  }
}

// -----

// expected-error@+1 {{expects parent op 'fabric.kernel'}}
fabric.return

// -----

// expected-error@+1 {{has state #nn.state<1 to 0>, the program has 1 inputs and 1 outputs}}
fabric.program @main grid [4, 4] target #wafer.target<"wse2"> attributes {
    input_names = ["x"], input_types = [tensor<4xf32>], output_names = ["y"], output_sources = [unit],
    state = [#nn.state<1 to 0>]} {}
