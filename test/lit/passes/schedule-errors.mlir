// RUN: weft-opt %s --split-input-file --verify-diagnostics --weft-schedule

// What weft-assign-colors would have left.

fabric.program @main grid [4, 4] target #wafer.target<"wse2"> {
  fabric.region @s0 at [0, 0] size [2, 2] {}
  // expected-error@+1 {{has no colour yet, run weft-assign-colors first}}
  fabric.channel @c kind "multicast" axis x region @s0
}

// -----

fabric.program @main grid [4, 4] target #wafer.target<"wse2"> {
  fabric.region @s0 at [0, 0] size [2, 2] {
    %x = fabric.buffer "x" "activations" : memref<4xf32>
    fabric.launch @k(%x) : memref<4xf32>
  }
  fabric.kernel @k {
  ^bb0(%x: memref<4xf32>):
    // expected-error@+1 {{needs a channel of kind chain_odd along x in region 's0', run weft-assign-colors first}}
    fabric.reduce %x axis x : memref<4xf32>
    fabric.return
  }
}

// -----

fabric.program @main grid [4, 4] target #wafer.target<"wse2"> {
  fabric.region @s0 at [0, 0] size [2, 2] {
    %x = fabric.buffer "x" "activations" : memref<4xf32>
    fabric.launch @k(%x) : memref<4xf32>
  }
  fabric.kernel @k {
  ^bb0(%x: memref<4xf32>):
    // expected-error@+1 {{needs a channel of kind multicast along y in region 's0', run weft-assign-colors first}}
    fabric.multicast %x axis y : memref<4xf32>
    fabric.return
  }
  fabric.channel @o kind "chain_odd" axis y region @s0 color 0
  fabric.channel @e kind "chain_even" axis y region @s0 color 1
  fabric.channel @c kind "multicast" axis x region @s0 color 2
}

// -----

// Streams run where their channel starts and ends.

fabric.program @main grid [4, 4] target #wafer.target<"wse2"> {
  fabric.region @a at [0, 0] size [2, 2] {}
  fabric.region @b at [2, 0] size [2, 2] {
    %x = fabric.buffer "x" "activations" : memref<4xf32>
    fabric.launch @k(%x) : memref<4xf32>
  }
  fabric.kernel @k {
  ^bb0(%x: memref<4xf32>):
    // expected-error@+1 {{runs in region 'b', but channel 'c' starts in 'a'}}
    fabric.send %x to @c : memref<4xf32>
    fabric.return
  }
  fabric.channel @c kind "stream" axis x region @a peer @b color 2
}

// -----

fabric.program @main grid [4, 4] target #wafer.target<"wse2"> {
  fabric.region @a at [0, 0] size [2, 2] {
    %x = fabric.buffer "x" "activations" : memref<4xf32>
    fabric.launch @k(%x) : memref<4xf32>
  }
  fabric.region @b at [2, 0] size [2, 2] {}
  fabric.kernel @k {
  ^bb0(%x: memref<4xf32>):
    // expected-error@+1 {{runs in region 'a', but channel 'c' ends in 'b'}}
    fabric.recv %x from @c : memref<4xf32>
    fabric.return
  }
  fabric.channel @c kind "stream" axis x region @a peer @b color 2
}

// -----

// Inputs and outputs.

fabric.program @main grid [4, 4] target #wafer.target<"wse2"> {
  fabric.region @a at [0, 0] size [2, 2] {
    // expected-error@+1 {{is input 0, the program has 0 inputs}}
    %x = fabric.buffer "x" "io" input 0 tensor tensor<4xf32, #wafer.layout<[2, 2], [*]>> : memref<4xf32>
  }
}

// -----

fabric.program @main grid [4, 4] target #wafer.target<"wse2"> attributes {
    input_names = ["x"], input_types = [tensor<4xf32>]} {
  fabric.region @a at [0, 0] size [2, 2] {
    // expected-note@+1 {{first here}}
    %x = fabric.buffer "x" "io" input 0 tensor tensor<4xf32, #wafer.layout<[2, 2], [*]>> : memref<4xf32>
    // expected-error@+1 {{is input 0, which another buffer is}}
    %y = fabric.buffer "y" "io" input 0 tensor tensor<4xf32, #wafer.layout<[2, 2], [*]>> : memref<4xf32>
  }
}

// -----

fabric.program @main grid [4, 4] target #wafer.target<"wse2"> {
  fabric.region @a at [0, 0] size [2, 2] {
    // expected-error@+1 {{is output 1, the program has 0 outputs}}
    %x = fabric.buffer "x" "io" output [1] tensor tensor<4xf32, #wafer.layout<[2, 2], [*]>> : memref<4xf32>
  }
}

// -----

// expected-error@+1 {{output #0 is in no buffer, and its source unit is neither an input nor a wafer.constant}}
fabric.program @main grid [4, 4] target #wafer.target<"wse2"> attributes {
    output_names = ["y"], output_sources = [unit]} {
}

// -----

// The machine.

// expected-error@+1 {{wse9}}
fabric.program @main grid [4, 4] target #wafer.target<"wse9"> {}

// -----

// expected-error@+1 {{--grid 800x4: target 'wse2' has 750x994 PEs}}
fabric.program @main grid [800, 4] target #wafer.target<"wse2"> {}

// -----

// expected-error@+1 {{target:1:}}
fabric.program @main grid [4, 4] target #wafer.target<"name: x"> {}

// -----

fabric.program @main grid [4, 4] target #wafer.target<"wse2"> {
  // expected-error@+1 {{out of memory on the PEs of stage 's0': each of its 2x2 PEs needs 80004 bytes for data, wse2 has 44976 for data and code (R-MEM-1)}}
  fabric.region @s0 at [0, 0] size [2, 2] {
    // expected-note@+1 {{'x', activations, takes 80000 bytes of each PE}}
    %x = fabric.buffer "x" "activations" : memref<20000xf32>
    fabric.launch @k(%x) : memref<20000xf32>
  }
  fabric.kernel @k {
  ^bb0(%x: memref<20000xf32>):
    fabric.return
  }
}

// -----

fabric.program @main grid [5, 2] target #wafer.target<"wse2"> {
  fabric.region @a at [0, 0] size [2, 2] {}
  fabric.region @b at [2, 0] size [3, 2] {
    %x = fabric.buffer "x" "activations" : memref<4xf32>
    fabric.launch @k(%x) : memref<4xf32>
  }
  fabric.kernel @k {
  ^bb0(%x: memref<4xf32>):
    fabric.reduce %x axis x : memref<4xf32>
    fabric.reduce %x axis y : memref<4xf32>
    fabric.return
  }
  fabric.channel @xo kind "chain_odd" axis x region @b color 0
  fabric.channel @xe kind "chain_even" axis x region @b color 1
  fabric.channel @xm kind "multicast" axis x region @b color 2
  fabric.channel @yo kind "chain_odd" axis y region @b color 3
  fabric.channel @ye kind "chain_even" axis y region @b color 4
  fabric.channel @ym kind "multicast" axis y region @b color 5
  fabric.channel @s1 kind "stream" axis x region @a peer @b color 6
  fabric.channel @s2 kind "stream" axis x region @a peer @b color 7
  fabric.channel @s3 kind "stream" axis x region @a peer @b color 8
  fabric.channel @s4 kind "stream" axis x region @a peer @b color 9
  // The last column of @a sends each on an output queue of its own.
  // expected-error@+1 {{needs one more output queue than the 4 of the target (R-QUE-1)}}
  fabric.channel @s5 kind "stream" axis x region @a peer @b color 10
}

// -----

fabric.program @main grid [4, 4] target #wafer.target<"wse2"> {
  fabric.region @s0 at [0, 0] size [2, 2] {
    %x = fabric.buffer "x" "activations" : memref<4xf32>
    fabric.launch @k(%x) : memref<4xf32>
    // expected-error@+1 {{takes 6 elements a PE, the buffer has 4}}
    fabric.value "v" in %x tensor tensor<12xf32, #wafer.layout<[2, 2], [x]>> as tensor<12xf32> : memref<4xf32>
  }
  fabric.kernel @k {
  ^bb0(%x: memref<4xf32>):
    fabric.return
  }
}

// -----

// A state is one buffer.

// expected-error@+1 {{has output #0 and input #0 as a state, which are not in one buffer}}
fabric.program @main grid [4, 4] target #wafer.target<"wse2"> attributes {
    input_names = ["x"], input_types = [tensor<4xf32>], output_names = ["y"], output_sources = [unit],
    state = [#nn.state<0 to 0>]} {
  fabric.region @a at [0, 0] size [2, 2] {
    // expected-note@+1 {{input here}}
    %x = fabric.buffer "x" "io" input 0 tensor tensor<4xf32, #wafer.layout<[2, 2], [*]>> : memref<4xf32>
    %y = fabric.buffer "y" "io" output [0] tensor tensor<4xf32, #wafer.layout<[2, 2], [*]>> : memref<4xf32>
  }
}
