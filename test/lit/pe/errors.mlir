// Every diagnostic of the dialect, with the rule it cites.
// RUN: weft-opt %s --split-input-file --verify-diagnostics

pe.program @p grid [4, 4] target "wse2" {
  // expected-error @below {{a region of 0 x 1 PEs is empty, both extents must be at least 1}}
  pe.stage "s" on #pe.pattern<(0, 0), 0 x 1>
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  // expected-error @below {{step (0, 1) does not advance, both must be at least 1}}
  pe.stage "s" on #pe.pattern<(0, 0), 1 x 1, step (0, 1)>
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  // expected-error @below {{a region of PEs has two extents, as in '4 x 8'}}
  pe.stage "s" on #pe.pattern<(0, 0), 1 x 1 x 1>
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  // expected-error @below {{region reaches beyond 1048576 PEs}}
  pe.stage "s" on #pe.pattern<(0, 0), 4000000 x 1>
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  // expected-error @below {{region #pe.pattern<(1, 0), 2 x 1, step (3, 1)> leaves the grid of 4 x 4 PEs}}
  pe.stage "s" on #pe.pattern<(1, 0), 2 x 1, step (3, 1)>
}

// -----

// expected-error @below {{grid must be two positive extents, [width, height]}}
pe.program @p grid [4] target "wse2" {
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  // expected-error @below {{extent 0 and tile 1 must both be at least 1}}
  pe.input "x" : tensor<1xf32> at 4176 on #pe.pattern<(0, 0), 1 x 1> storage f32 map [#pe.dim<none, extent 0, tile 1, stride 1>]
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  // expected-error @below {{shape of 'tensor<?xf32>' is not static, all extents must be known}}
  pe.input "x" : tensor<?xf32>
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  // expected-error @below {{element type 'f64' has no form in the file, allowed are f32, f16, bf16, i1 and integers of 8 to 64 bits}}
  pe.input "x" : tensor<4xf64>
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  // expected-error @below {{map has 0 entries for a tensor of rank 1, and not as many elements}}
  pe.input "x" : tensor<4xf32> at 4176 on #pe.pattern<(0, 0), 1 x 1> storage f32 map []
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  // expected-error @below {{address 4178 is not a multiple of the element's 4 bytes (R-MEM-2)}}
  pe.input "x" : tensor<4xf32> at 4178 on #pe.pattern<(0, 0), 1 x 1> storage f32 map [#pe.dim<none, extent 4, tile 4, stride 1>]
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  // expected-error @below {{map says extent 5 for dimension 0 of 4}}
  pe.input "x" : tensor<4xf32> at 4176 on #pe.pattern<(0, 0), 1 x 1> storage f32 map [#pe.dim<none, extent 5, tile 5, stride 1>]
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  // expected-error @below {{dimension 0 of 4 is not covered by 1 tiles of 2}}
  pe.input "x" : tensor<4xf32> at 4176 on #pe.pattern<(0, 0), 1 x 1> storage f32 map [#pe.dim<x, extent 4, tile 2, stride 1>]
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  // expected-error @below {{a tensor lies on adjacent PEs, step must be (1, 1)}}
  pe.input "x" : tensor<4xf32> at 4176 on #pe.pattern<(0, 0), 2 x 1, step (2, 1)> storage f32 map [#pe.dim<x, extent 4, tile 2, stride 1>]
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  // expected-error @below {{'none' is not a pe.tensor}}
  pe.init @none at 4176 on #pe.pattern<(0, 0), 1 x 1> storage f32 map []
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  // expected-error @below {{needs exactly one of 'at', 'constant' and 'alias'}}
  pe.output "y" : tensor<4xf32>
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  // expected-error @below {{alias 0 is no input, there are 0}}
  pe.output "y" : tensor<4xf32> alias 0
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  // expected-error @below {{'c' is not a pe.tensor}}
  pe.output "y" : tensor<4xf32> constant @c
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  // expected-error @below {{unknown port 'up', ports are north, south, east, west, ramp}}
  pe.route color 2 rx up tx [east] on #pe.pattern<(0, 0), 1 x 1>
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  // expected-error @below {{color 300 is not one (R-FAB-1)}}
  pe.route color 300 rx ramp tx [east] on #pe.pattern<(0, 0), 1 x 1>
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  // expected-error @below {{rx must be exactly one port (R-FAB-2)}}
  "pe.route"() {color = 2 : i32, rx = 3 : i32, tx = 4 : i32, where = #pe.pattern<(0, 0), 1 x 1>} : () -> ()
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  // expected-error @below {{tx must be at least one port (R-FAB-2)}}
  pe.route color 2 rx ramp tx [] on #pe.pattern<(0, 0), 1 x 1>
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  // expected-error @below {{tx contains the receive port (R-FAB-2)}}
  pe.route color 2 rx east tx [east] on #pe.pattern<(0, 0), 1 x 1>
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  // expected-error @below {{position 0 is not in 1 to 15; that without one is 0 (R-FAB-10)}}
  pe.route color 2 position 0 rx west tx [east] on #pe.pattern<(0, 0), 1 x 1>
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  // expected-error @below {{dx and dy are ranges [first, last]}}
  pe.stream "s" color 2 from #pe.pattern<(0, 0), 1 x 1> dx [1, 0] dy [0, 0] words 1
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  // expected-error @below {{words must not be negative}}
  pe.stream "s" color 2 from #pe.pattern<(0, 0), 1 x 1> dx [0, 1] dy [0, 0] words -1
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  // expected-error @below {{applies to no PE, give at least one region}}
  pe.class @c at [] {
  }
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  // expected-error @below {{code_at 8190 is not a multiple of 4 (R-MEM-2)}}
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] code_at 8190 {
  }
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  // expected-error @below {{has no start task, so it never halts (R-TASK-2)}}
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] {
    pe.task @t id 0 {
      pe.halt
    }
  }
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] {
    // expected-error @below {{cannot stand in a class; queues, buffers, constants, subroutines and tasks can}}
    %x = pe.coord x : index
  }
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] {
    // expected-note @below {{the other binding is here}}
    %a = pe.queue input 2 color 2 : !pe.fabin
    // expected-error @below {{queue is bound twice (R-QUE-2)}}
    %b = pe.queue input 2 color 3 : !pe.fabin
  }
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] {
    // expected-note @below {{the other binding is here}}
    %a = pe.queue input 2 color 2 : !pe.fabin
    // expected-error @below {{colour is bound to two queues (R-QUE-2)}}
    %b = pe.queue input 3 color 2 : !pe.fabin
  }
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] {
    // expected-error @below {{an input queue yields !pe.fabin}}
    %a = pe.queue input 2 color 2 : !pe.fabout
  }
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] {
    // expected-error @below {{queue 16 is none, ids are 0 to 15 (R-QUE-1)}}
    %a = pe.queue input 16 color 2 : !pe.fabin
  }
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] {
    // expected-error @below {{color 256 is not one (R-FAB-1)}}
    %a = pe.queue input 2 color 256 : !pe.fabin
  }
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] {
    // expected-error @below {{element type 'f64' is not one of f32, f16, bf16, i32, i16}}
    %a = pe.buffer "a" at 4176 : memref<4xf64>
  }
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] {
    // expected-error @below {{a buffer is contiguous; make views with memref.reinterpret_cast}}
    %a = pe.buffer "a" at 4176 : memref<4xf32, strided<[2]>>
  }
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] {
    // expected-error @below {{address 4177 is not a multiple of the element's 2 bytes (R-MEM-2)}}
    %a = pe.buffer "a" at 4177 : memref<4xf16>
  }
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] {
    // expected-error @below {{argument type 'f64' does not fit a parameter word; a memref, index, i32 or f32 does}}
    pe.sub @s(%x: f64) {
      pe.return
    }
  }
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] {
    // expected-error @below {{a subroutine needs a body}}
    pe.sub @s() {
    }
  }
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] {
    // expected-error @below {{must end with pe.return}}
    pe.sub @s() {
      pe.wait 1
    }
  }
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] {
    // expected-error @below {{must end with pe.halt or pe.end}}
    pe.task @t id 0 {
      pe.wait 1
    }
  }
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] {
    // expected-error @below {{id 31 is not below 31 (R-TASK-1)}}
    pe.task @t id 31 {
      pe.halt
    }
  }
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] {
    // expected-note @below {{the other task is here}}
    pe.task @t id 0 start {
      pe.halt
    }
    // expected-error @below {{id 0 is used twice (R-TASK-1)}}
    pe.task @u id 0 start {
      pe.halt
    }
  }
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] {
    // expected-error @below {{'k' is not a pe.kernel}}
    pe.task @t id 0 start kernel @k {
      pe.halt
    }
  }
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] {
    pe.task @t id 0 start {
      // expected-error @below {{task 5 does not exist in this class (R-TASK-1)}}
      pe.activate 5
      pe.halt
    }
  }
}

// -----

// expected-error @below {{stands outside a class}}
pe.activate 5

// -----

pe.program @p grid [4, 4] target "wse2" {
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] {
    pe.task @t id 0 start {
      // expected-error @below {{'s' is not a pe.sub of this class}}
      pe.call @s()
      pe.halt
    }
  }
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] {
    %x = pe.buffer "x" at 4176 : memref<4xf32>
    pe.sub @s(%a: memref<4xf16>) {
      pe.return
    }
    pe.task @t id 0 start {
      // expected-error @below {{argument 0 is 'memref<4xf32>', 's' takes 'memref<4xf16>'}}
      pe.call @s(%x) : memref<4xf32>
      pe.halt
    }
  }
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] {
    pe.sub @s(%a: memref<4xf16>) {
      pe.return
    }
    pe.task @t id 0 start {
      // expected-error @below {{passes 0 arguments, 's' takes 1}}
      pe.call @s()
      pe.halt
    }
  }
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] {
    pe.sub @s(%a: index) {
      pe.return
    }
    pe.sub @u(%a: index) {
      // expected-error @below {{a subroutine may only call subroutines without arguments: it holds the one parameter pointer}}
      pe.call @s(%a) : index
      pe.return
    }
  }
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] {
    %x = pe.buffer "x" at 4176 : memref<4xf32>
    pe.task @t id 0 start {
      // expected-error @below {{vfadd takes 2 sources, not 1}}
      pe.vec vfadd %x, %x : memref<4xf32>, memref<4xf32>
      pe.halt
    }
  }
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] {
    %x = pe.buffer "x" at 4176 : memref<4xi16>
    pe.task @t id 0 start {
      // expected-error @below {{vfneg cannot write elements of type 'i16'}}
      pe.vec vfneg %x, %x : memref<4xi16>, memref<4xi16>
      pe.halt
    }
  }
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] {
    %x = pe.buffer "x" at 4176 : memref<4xi16>
    pe.task @t id 0 start {
      // expected-error @below {{vf2i cannot read elements of type 'i16'}}
      pe.vec vf2i %x, %x : memref<4xi16>, memref<4xi16>
      pe.halt
    }
  }
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] {
    %out = pe.queue output 2 color 2 : !pe.fabout
    %x = pe.buffer "x" at 4176 : memref<4xf32>
    pe.task @t id 0 start {
      // expected-error @below {{vfmac reads its destination, which cannot be a queue (R-QUE-4)}}
      pe.vec vfmac %out, %x, %x : !pe.fabout, memref<4xf32>, memref<4xf32>
      pe.halt
    }
  }
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] {
    %x = pe.buffer "x" at 4176 : memref<4xf32>
    pe.task @t id 0 start {
      // expected-error @below {{microthread 16 is not in 0 to 15 (R-OP-4)}}
      pe.vec vmov %x, %x async 16 : memref<4xf32>, memref<4xf32>
      pe.halt
    }
  }
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] {
    %x = pe.buffer "x" at 4176 : memref<4xf32>
    pe.task @t id 0 start {
      // expected-error @below {{advances the switch of no output queue (R-FAB-10)}}
      pe.vec vmov %x, %x advance : memref<4xf32>, memref<4xf32>
      pe.halt
    }
  }
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] {
    %x = pe.buffer "x" at 4176 : memref<4xf32>
    %y = pe.buffer "y" at 4192 : memref<5xf32>
    pe.task @t id 0 start {
      // expected-error @below {{operands have 4 and 5 elements (R-OP-2)}}
      pe.vec vmov %x, %y : memref<4xf32>, memref<5xf32>
      pe.halt
    }
  }
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] {
    %in = pe.queue input 2 color 2 : !pe.fabin
    %out = pe.queue output 2 color 3 : !pe.fabout
    pe.task @t id 0 start {
      // expected-error @below {{has no operand in memory and states no length (R-OP-3)}}
      pe.vec vmov %out, %in : !pe.fabout, !pe.fabin
      pe.halt
    }
  }
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] {
    %in = pe.queue input 2 color 2 : !pe.fabin
    %out = pe.queue output 2 color 3 : !pe.fabout
    pe.task @t id 0 start {
      // expected-error @below {{length 65536 is not in 1 to 65535 (R-OP-1)}}
      pe.vec vmov %out, %in length 65536 : !pe.fabout, !pe.fabin
      pe.halt
    }
  }
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] {
    %out = pe.queue output 2 color 3 : !pe.fabout
    %x = pe.buffer "x" at 4176 : memref<4xf32>
    pe.task @t id 0 start {
      // expected-error @below {{states length 5, its operands have 4 elements (R-OP-2)}}
      pe.vec vmov %out, %x length 5 : !pe.fabout, memref<4xf32>
      pe.halt
    }
  }
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] {
    %x = pe.buffer "x" at 4176 : memref<1x1x1x2x2xf32>
    pe.task @t id 0 start {
      // expected-error @below {{operand of rank 5, a DSD has at most 4 dimensions (R-OP-1)}}
      pe.vec vmov %x, %x : memref<1x1x1x2x2xf32>, memref<1x1x1x2x2xf32>
      pe.halt
    }
  }
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] {
    %x = pe.buffer "x" at 4176 : memref<65536xf16>
    pe.task @t id 0 start {
      // expected-error @below {{extent 65536 is not in 1 to 65535 (R-OP-1)}}
      pe.vec vmov %x, %x : memref<65536xf16>, memref<65536xf16>
      pe.halt
    }
  }
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] {
    %x = pe.buffer "x" at 4176 : memref<4xf32>
    pe.task @t id 0 start {
      %v = memref.reinterpret_cast %x to offset: [0], sizes: [2], strides: [40000] : memref<4xf32> to memref<2xf32, strided<[40000]>>
      // expected-error @below {{stride 40000 is not in -32768 to 32767 elements (R-OP-1)}}
      pe.vec vmov %v, %v : memref<2xf32, strided<[40000]>>, memref<2xf32, strided<[40000]>>
      pe.halt
    }
  }
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] {
    %x = pe.buffer "x" at 4176 : memref<4xf32>
    pe.task @t id 0 start {
      %s = arith.constant 2 : index
      %v = memref.reinterpret_cast %x to offset: [0], sizes: [2], strides: [%s] : memref<4xf32> to memref<2xf32, strided<[?]>>
      // expected-error @below {{strides of 'memref<2xf32, strided<[?]>>' are not static (R-OP-1)}}
      pe.vec vmov %v, %v : memref<2xf32, strided<[?]>>, memref<2xf32, strided<[?]>>
      pe.halt
    }
  }
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] {
    %x = pe.buffer "x" at 4176 : memref<4xf32>
    pe.task @t id 0 start {
      %z = arith.constant 0.0 : f32
      // expected-error @below {{vfdot takes 2 sources, not 1}}
      %d = pe.reduce vfdot %z, %x : f32, memref<4xf32>
      pe.halt
    }
  }
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] {
    %x = pe.buffer "x" at 4176 : memref<4xi16>
    pe.task @t id 0 start {
      %z = arith.constant 0.0 : f32
      // expected-error @below {{reduces elements of type 'i16' into 'f32'}}
      %d = pe.reduce vrsum %z, %x : f32, memref<4xi16>
      pe.halt
    }
  }
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] {
    pe.task @t id 0 start {
      // expected-error @below {{reads 'x' or 'y'}}
      %c = pe.coord none : index
      pe.halt
    }
  }
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] {
    %x = pe.buffer "x" at 4176 : memref<4xf32>
    pe.task @t id 0 start {
      // expected-error @below {{elements of 'f32' and 'f16' differ in width}}
      %r = pe.retype %x : memref<4xf32> to memref<4xf16>
      pe.halt
    }
  }
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] {
    %x = pe.buffer "x" at 4176 : memref<4xf32>
    pe.task @t id 0 start {
      // expected-error @below {{changes shape or strides from 'memref<4xf32>' to 'memref<2xi32>'}}
      %r = pe.retype %x : memref<4xf32> to memref<2xi32>
      pe.halt
    }
  }
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  // expected-error @below {{stage 0 is none, there are 0}}
  pe.kernel @k algorithm "a" on #pe.pattern<(0, 0), 1 x 1> nodes [] stage 0
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  pe.stage "s" on #pe.pattern<(0, 0), 1 x 1>
  // expected-error @below {{node 1 is none, there are 1}}
  pe.kernel @k algorithm "a" on #pe.pattern<(0, 0), 1 x 1> nodes [1] stage 0
  pe.node 7 "n" "Add" fate executed
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  // expected-error @below {{address 4294967296 is not in 0 to 2147483647 (R-MEM-2)}}
  pe.memory "m" weights at 4294967296 bytes 4 on #pe.pattern<(0, 0), 1 x 1>
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  // expected-error @below {{bytes -1 is not in 0 to 2147483647 (R-MEM-1)}}
  pe.memory "m" weights at 4096 bytes -1 on #pe.pattern<(0, 0), 1 x 1>
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] {
    // expected-error @below {{is larger than any SRAM (R-MEM-1)}}
    %a = pe.buffer "a" at 4176 : memref<4000000000x4000000000xf32>
    pe.task @t id 0 start {
      pe.halt
    }
  }
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  pe.input "x" : tensor<4xf32>
  // expected-error @below {{is a 'tensor<5xf32>', input 0 a 'tensor<4xf32>'}}
  pe.output "y" : tensor<5xf32> alias 0
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  pe.tensor @c : tensor<4xf32> = dense<0.0> : tensor<4xf32>
  // expected-error @below {{is a 'tensor<5xf32>', 'c' a 'tensor<4xf32>'}}
  pe.output "y" : tensor<5xf32> constant @c
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  // expected-error @below {{'k' is not a pe.kernel}}
  pe.value "v" : tensor<8xf32> after @k at 4240 on #pe.pattern<(0, 0), 1 x 1> storage f32
      map [#pe.dim<none, extent 8, tile 8, stride 1>]
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  pe.stage "s" on #pe.pattern<(0, 0), 4 x 4>
  pe.kernel @k algorithm "a" on #pe.pattern<(0, 0), 4 x 4> nodes [] stage 0
  // expected-error @below {{map says extent 7 for dimension 0 of 8}}
  pe.value "v" : tensor<8xf32> after @k at 4240 on #pe.pattern<(0, 0), 1 x 1> storage f32
      map [#pe.dim<none, extent 7, tile 8, stride 1>]
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  pe.stage "s" on #pe.pattern<(0, 0), 4 x 4>
  pe.kernel @k algorithm "a" on #pe.pattern<(0, 0), 4 x 4> nodes [] stage 0
  // expected-error @below {{element type 'f64' has no form in the file}}
  pe.value "v" : tensor<8xf64> after @k at 4240 on #pe.pattern<(0, 0), 1 x 1> storage f32
      map [#pe.dim<none, extent 8, tile 8, stride 1>]
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  // expected-error @below {{needs all of 'at', 'view' and 'perm' for a view}}
  pe.input "x" : tensor<2x4xf32> view tensor<8xf32> perm [1, 0]
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  // expected-error @below {{is a 'tensor<2x3xf32>', its view 'tensor<8xf32>', expected as many elements of one type}}
  pe.input "x" : tensor<2x3xf32> at 4208 on #pe.pattern<(0, 0), 1 x 1> storage f32 map [#pe.dim<none, extent 8, tile 8, stride 1>] view tensor<8xf32> perm [1, 0]
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  // expected-error @below {{has perm [0, 2], expected a permutation of 2 axes}}
  pe.output "x" : tensor<2x4xf32> at 4208 on #pe.pattern<(0, 0), 1 x 1> storage f32 map [#pe.dim<none, extent 8, tile 8, stride 1>] view tensor<8xf32> perm [0, 2]
}

// -----

pe.program @p grid [4, 4] target "wse2" repeatable {
  pe.input "x" : tensor<8xf32> at 4208 on #pe.pattern<(0, 0), 1 x 1> storage f32 map [#pe.dim<none, extent 8, tile 8, stride 1>]
  // expected-error @below {{state 1 is no input, there are 1}}
  pe.output "y" : tensor<8xf32> at 4208 on #pe.pattern<(0, 0), 1 x 1> storage f32 map [#pe.dim<none, extent 8, tile 8, stride 1>] state 1
}

// -----

pe.program @p grid [4, 4] target "wse2" {
  pe.input "x" : tensor<8xf32> at 4208 on #pe.pattern<(0, 0), 1 x 1> storage f32 map [#pe.dim<none, extent 8, tile 8, stride 1>]
  // expected-error @below {{is a state, but the program is not repeatable}}
  pe.output "y" : tensor<8xf32> at 4208 on #pe.pattern<(0, 0), 1 x 1> storage f32 map [#pe.dim<none, extent 8, tile 8, stride 1>] state 0
}

// -----

pe.program @p grid [4, 4] target "wse2" repeatable {
  pe.input "x" : tensor<8xf32> at 4208 on #pe.pattern<(0, 0), 1 x 1> storage f32 map [#pe.dim<none, extent 8, tile 8, stride 1>]
  // expected-error @below {{is state 0, which output 'z' is, too}}
  pe.output "y" : tensor<8xf32> at 4208 on #pe.pattern<(0, 0), 1 x 1> storage f32 map [#pe.dim<none, extent 8, tile 8, stride 1>] state 0
  pe.output "z" : tensor<8xf32> at 4208 on #pe.pattern<(0, 0), 1 x 1> storage f32 map [#pe.dim<none, extent 8, tile 8, stride 1>] state 0
}

// -----

pe.program @p grid [4, 4] target "wse2" repeatable {
  // expected-note @below {{input here}}
  pe.input "x" : tensor<8xf32> at 4208 on #pe.pattern<(0, 0), 1 x 1> storage f32 map [#pe.dim<none, extent 8, tile 8, stride 1>]
  // expected-error @below {{is state 0, but lies elsewhere or in another form than that input}}
  pe.output "y" : tensor<8xf32> at 4240 on #pe.pattern<(0, 0), 1 x 1> storage f32 map [#pe.dim<none, extent 8, tile 8, stride 1>] state 0
}
