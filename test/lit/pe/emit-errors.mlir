// Every diagnostic of emission; a limit of the target is named with its rule.
// RUN: weft-opt --pe-to-weft --split-input-file --verify-diagnostics %s -o %t

// expected-error @below {{no pe.program}}
module {
}

// -----

pe.program @p grid [1, 1] target "wse2" {
}
// expected-error @below {{is a second program; a file is made of one}}
pe.program @q grid [1, 1] target "wse2" {
}

// -----

// expected-error-re @below {{'no-such-target'}}
pe.program @p grid [1, 1] target "no-such-target" {
}

// -----

// expected-error @below {{grid of 4000 x 1 PEs is larger than wse2's}}
pe.program @p grid [4000, 1] target "wse2" {
}

// -----

pe.program @p grid [1, 1] target "wse2" {
  // expected-error @below {{source is neither dense nor #pe.blob}}
  pe.tensor @t : tensor<4xf32> = "elsewhere"
}

// -----

pe.program @p grid [1, 1] target "wse2" {
  // expected-error-re @below {{cannot read '{{.*}}no-such-file': No such file or directory}}
  pe.tensor @t : tensor<4xf32> = #pe.blob<"no-such-file", offset 0, bytes 16>
}

// -----

pe.program @p grid [1, 1] target "wse2" {
  // expected-error @below {{is a 'tensor<4xf32>', its data 'tensor<2xf32>'}}
  pe.tensor @t : tensor<4xf32> = dense<0.0> : tensor<2xf32>
}

// -----

pe.program @p grid [1, 1] target "wse2" {
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] code_at 8192 {
    // expected-error @below {{input queue 1 is not one of wse2's 6 user queues (R-QUE-1)}}
    %in = pe.queue input 1 color 2 : !pe.fabin
    pe.task @t id 0 start {
      pe.halt
    }
  }
}

// -----

pe.program @p grid [1, 1] target "wse2" {
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] code_at 8192 {
    // expected-error @below {{color 23 is not a user color of wse2 (R-FAB-1)}}
    %in = pe.queue input 2 color 23 : !pe.fabin
    pe.task @t id 0 start {
      pe.halt
    }
  }
}

// -----

pe.program @p grid [1, 1] target "wse2" {
  // expected-error @below {{needs 'code_at' or 'data_end' to place its code}}
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] {
    pe.task @t id 0 start {
      pe.halt
    }
  }
}

// -----

pe.program @p grid [1, 1] target "wse2" {
  // expected-note @below {{'w', weights, takes 40000 bytes of each PE}}
  pe.memory "w" weights at 4176 bytes 40000 on #pe.pattern<(0, 0), 1 x 1>
  // expected-error @below {{class 'c' on 1 PEs needs 49156 bytes of SRAM, wse2 has 49152 (R-MEM-1)}}
  // expected-note @below {{code: 4 bytes, parameters: 0 bytes}}
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] data_end 49150 {
    pe.task @t id 0 start {
      pe.halt
    }
  }
}

// -----

pe.program @p grid [1, 1] target "wse2" {
  // expected-error @below {{code at byte 64 lies in the 4176 reserved bytes (R-MEM-1)}}
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] code_at 64 {
    pe.task @t id 0 start {
      pe.halt
    }
  }
}

// -----

pe.program @p grid [1, 1] target "wse2" {
  // expected-error @below {{code at bytes 4180 to 4184 overlaps 'x' (R-MEM-4)}}
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] code_at 4180 {
    // expected-note @below {{at bytes 4176 to 4192}}
    %x = pe.buffer "x" at 4176 : memref<4xf32>
    pe.task @t id 0 start {
      pe.halt
    }
  }
}

// -----

pe.program @p grid [1, 1] target "wse2" {
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] code_at 8192 {
    // expected-error @below {{lies in the 4176 reserved bytes (R-MEM-1)}}
    %x = pe.buffer "x" at 64 : memref<4xf32>
    pe.task @t id 0 start {
      pe.halt
    }
  }
}

// -----

pe.program @p grid [1, 1] target "wse2" {
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] code_at 8192 {
    // expected-error @below {{ends at byte 49160, wse2 has 49152 bytes (R-MEM-1)}}
    %x = pe.buffer "x" at 49144 : memref<4xf32>
    pe.task @t id 0 start {
      pe.halt
    }
  }
}

// -----

pe.program @p grid [1, 1] target "wse2" {
  // expected-error @below {{passes 2 parameters and needs 'params_at' for their table}}
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] code_at 8192 {
    pe.sub @s(%i: index) {
      pe.return
    }
    pe.task @t id 0 start {
      %a = arith.constant 1 : index
      %b = arith.constant 2 : index
      pe.call @s(%a) : index
      pe.call @s(%b) : index
      pe.halt
    }
  }
}

// -----

pe.program @p grid [1, 1] target "wse2" {
  // expected-error @below {{parameters at byte 8192 overlap the code at byte 8192 (R-MEM-4)}}
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] code_at 8192 params_at 8192 {
    pe.sub @s(%i: index) {
      pe.return
    }
    pe.task @t id 0 start {
      %a = arith.constant 1 : index
      %b = arith.constant 2 : index
      pe.call @s(%a) : index
      pe.call @s(%b) : index
      pe.halt
    }
  }
}

// -----

pe.program @p grid [1, 1] target "wse2" {
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] code_at 8192 {
    pe.sub @s(%i: index) {
      pe.return
    }
    pe.task @t id 0 start {
      %a = pe.coord x : index
      // expected-error @below {{argument 0 is known only at run time; a parameter is a buffer, a view at a constant offset or a constant}}
      pe.call @s(%a) : index
      pe.halt
    }
  }
}

// -----

pe.program @p grid [1, 1] target "wse2" {
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] code_at 8192 {
    // expected-error @below {{calls itself (R-OP-5)}}
    pe.sub @a() {
      pe.call @b()
      pe.return
    }
    // expected-note @below {{through this subroutine}}
    pe.sub @b() {
      pe.call @a()
      pe.return
    }
    pe.task @t id 0 start {
      pe.call @a()
      pe.halt
    }
  }
}

// -----

pe.program @p grid [1, 1] target "wse2" {
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] code_at 8192 {
    pe.task @t id 0 start {
      // expected-error @below {{microthread 9, wse2 has 8 (R-OP-4)}}
      pe.wait 9
      pe.halt
    }
  }
}

// -----

pe.program @p grid [1, 1] target "wse2" {
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] code_at 8192 {
    %x = pe.buffer "x" at 4176 : memref<4xf32>
    pe.task @t id 0 start {
      // expected-error @below {{microthread 9, wse2 has 8 (R-OP-4)}}
      pe.vec vmov %x, %x async 9 : memref<4xf32>, memref<4xf32>
      pe.halt
    }
  }
}

// -----

pe.program @p grid [1, 1] target "wse2" {
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] code_at 8192 {
    %x = pe.buffer "x" at 4176 : memref<4xf32>
    pe.task @t id 0 start {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %x0 = memref.load %x[%c0] : memref<4xf32>
      %i = arith.fptosi %x0 : f32 to i32
      %n = arith.index_cast %i : i32 to index
      // expected-error @below {{bounds and step must be constants: no trip count depends on data}}
      scf.for %k = %c0 to %n step %c1 {
      }
      pe.halt
    }
  }
}

// -----

pe.program @p grid [1, 1] target "wse2" {
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] code_at 8192 {
    %x = pe.buffer "x" at 4176 : memref<4xf32>
    pe.task @t id 0 start {
      %c0 = arith.constant 0 : index
      %x0 = memref.load %x[%c0] : memref<4xf32>
      // expected-error @below {{has no instruction}}
      %y = arith.divf %x0, %x0 : f32
      memref.store %y, %x[%c0] : memref<4xf32>
      pe.halt
    }
  }
}

// -----

pe.program @p grid [1, 1] target "wse2" {
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] code_at 8192 {
    %x = pe.buffer "x" at 4176 : memref<4xf32>
    pe.task @t id 0 start {
      %c0 = arith.constant 0 : index
      %x0 = memref.load %x[%c0] : memref<4xf32>
      // expected-error @below {{only olt, ogt, ule and uge have an instruction}}
      %c = arith.cmpf oeq, %x0, %x0 : f32
      %y = arith.select %c, %x0, %x0 : f32
      memref.store %y, %x[%c0] : memref<4xf32>
      pe.halt
    }
  }
}

// -----

pe.program @p grid [1, 1] target "wse2" {
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] code_at 8192 {
    %x = pe.buffer "x" at 4176 : memref<4xi32>
    pe.task @t id 0 start {
      %c0 = arith.constant 0 : index
      %x0 = memref.load %x[%c0] : memref<4xi32>
      // expected-error @below {{unsigned comparison has no instruction}}
      %c = arith.cmpi ult, %x0, %x0 : i32
      %y = arith.extui %c : i1 to i32
      memref.store %y, %x[%c0] : memref<4xi32>
      pe.halt
    }
  }
}

// -----

pe.program @p grid [1, 1] target "wse2" {
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] code_at 8192 {
    %x = pe.buffer "x" at 4176 : memref<4xf32>
    pe.task @t id 0 start {
      %v = memref.reinterpret_cast %x to offset: [1], sizes: [2], strides: [1] : memref<4xf32> to memref<2xf32, strided<[1], offset: 1>>
      // expected-error @below {{must view a buffer or an argument, not another view}}
      %w = memref.reinterpret_cast %v to offset: [0], sizes: [1], strides: [1] : memref<2xf32, strided<[1], offset: 1>> to memref<1xf32, strided<[1]>>
      pe.vec vmov %w, %w : memref<1xf32, strided<[1]>>, memref<1xf32, strided<[1]>>
      pe.halt
    }
  }
}

// -----

pe.program @p grid [1, 1] target "wse2" {
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] code_at 8192 {
    %x = pe.buffer "x" at 4176 : memref<2x2xf32>
    pe.task @t id 0 start {
      // expected-error @below {{makes no memref that code can be made for; memref.reinterpret_cast and pe.retype do}}
      %y = memref.collapse_shape %x [[0, 1]] : memref<2x2xf32> into memref<4xf32>
      pe.vec vmov %y, %y : memref<4xf32>, memref<4xf32>
      pe.halt
    }
  }
}

// -----

pe.program @p grid [1, 1] target "wse2" {
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] code_at 8192 {
    %x = pe.buffer "x" at 4176 : memref<4xf32>
    pe.task @t id 0 start {
      // expected-error @below {{has no instruction}}
      memref.copy %x, %x : memref<4xf32> to memref<4xf32>
      pe.halt
    }
  }
}

// -----

pe.program @p grid [1, 1] target "wse2" {
  // expected-error @below {{position 4, a switch of wse2 has 4 (R-FAB-10)}}
  pe.route color 2 position 4 rx ramp tx [east] on #pe.pattern<(0, 0), 1 x 1>
}

// -----

pe.program @p grid [1, 1] target "wse3" {
  pe.class @c at [#pe.pattern<(0, 0), 1 x 1>] code_at 8192 {
    %out = pe.queue output 2 color 2 : !pe.fabout
    %x = pe.buffer "x" at 4176 : memref<4xf32>
    pe.task @t id 0 start {
      // expected-error @below {{advances a switch, which ops do not on wse3 (R-FAB-10)}}
      pe.vec vmov %out, %x advance : !pe.fabout, memref<4xf32>
      pe.halt
    }
  }
}
