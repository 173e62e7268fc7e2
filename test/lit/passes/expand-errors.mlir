// RUN: weft-opt %s --split-input-file --verify-diagnostics --weft-expand

#x = #wafer.layout<[2, 2], [*, x]>
#y = #wafer.layout<[2, 2], [*, y]>

wafer.program @main inputs [] outputs [] grid [4, 4] target #wafer.target<"wse2"> {
  // expected-error@+1 {{has no place yet, run weft-place first}}
  wafer.stage @s size [2, 2] () : () -> () {
    wafer.yield
  }
  wafer.return
}

// -----

#x = #wafer.layout<[2, 2], [*, x]>

wafer.program @main inputs ["x"] outputs [] grid [4, 4] target #wafer.target<"wse2"> {
^bb0(%x: tensor<4x4xf32>):
  wafer.stage @s at [0, 0] size [2, 2] (%x) : (tensor<4x4xf32>) -> () {
  ^bb0(%a: tensor<4x4xf32>):
    // expected-note@+1 {{first here}}
    %0 = wafer.place %a : tensor<4x4xf32> to tensor<4x4xf32, #x>
    // expected-error@+1 {{lays out graph input #0 again; once is allowed, wafer.relayout or wafer.stream take it further}}
    %1 = wafer.place %a : tensor<4x4xf32> to tensor<4x4xf32, #wafer.layout<[2, 2], [*, *]>>
    wafer.yield
  }
  wafer.return
}

// -----

#x = #wafer.layout<[2, 2], [*, x]>

wafer.program @main inputs ["x"] outputs [] grid [4, 4] target #wafer.target<"wse2"> {
^bb0(%x: tensor<4x4xf32>):
  wafer.stage @s at [0, 0] size [2, 2] (%x) : (tensor<4x4xf32>) -> () {
  ^bb0(%a: tensor<4x4xf32>):
    %0 = wafer.place %a : tensor<4x4xf32> to tensor<4x4xf32, #x>
    // expected-error@+1 {{names kernel 'relu', which is not in the registry}}
    %1 = wafer.kernel "relu" of "nn.relu" (%0) {} : (tensor<4x4xf32, #x>) -> tensor<4x4xf32, #x>
    wafer.yield
  }
  wafer.return
}

// -----

#x = #wafer.layout<[2, 2], [*, x]>

wafer.program @main inputs ["x"] outputs [] grid [4, 4] target #wafer.target<"wse2"> {
^bb0(%x: tensor<4x4xf32>):
  wafer.stage @s at [0, 0] size [2, 2] (%x) : (tensor<4x4xf32>) -> () {
  ^bb0(%a: tensor<4x4xf32>):
    %0 = wafer.place %a : tensor<4x4xf32> to tensor<4x4xf32, #x>
    // expected-error@+1 {{computes 'nn.bogus', which is no nn op}}
    %1 = wafer.kernel "elementwise" of "nn.bogus" (%0) {} : (tensor<4x4xf32, #x>) -> tensor<4x4xf32, #x>
    wafer.yield
  }
  wafer.return
}

// -----

#x = #wafer.layout<[2, 2], [*, x]>

wafer.program @main inputs ["x"] outputs [] grid [4, 4] target #wafer.target<"wse2"> {
^bb0(%x: tensor<4x4xf32>):
  wafer.stage @s at [0, 0] size [2, 2] (%x) : (tensor<4x4xf32>) -> () {
  ^bb0(%a: tensor<4x4xf32>):
    %0 = wafer.place %a : tensor<4x4xf32> to tensor<4x4xf32, #x>
    // expected-error@+1 {{cannot be computed by 'gemm'}}
    %1 = wafer.kernel "gemm" of "nn.relu" (%0) {} : (tensor<4x4xf32, #x>) -> tensor<4x4xf32, #x>
    wafer.yield
  }
  wafer.return
}

// -----

// The nn op's own verifier judges operands and attributes.

#x = #wafer.layout<[2, 2], [*, x]>
#y = #wafer.layout<[2, 2], [*, y]>

wafer.constant @c : tensor<5x4xf32> {
  %0 = nn.constant dense<1.0> : tensor<5x4xf32>
  wafer.yield %0 : tensor<5x4xf32>
}
wafer.program @main inputs ["x"] outputs [] grid [4, 4] target #wafer.target<"wse2"> {
^bb0(%x: tensor<4x4xf32>):
  wafer.stage @s at [0, 0] size [2, 2] (%x) : (tensor<4x4xf32>) -> () {
  ^bb0(%a: tensor<4x4xf32>):
    %0 = wafer.place %a : tensor<4x4xf32> to tensor<4x4xf32, #x>
    %1 = wafer.place @c to tensor<5x4xf32, #wafer.layout<[2, 2], [x, y]>>
    // expected-error@+2 {{'nn.linear' op has weight with 5 rows, expected the last extent of x, 4}}
    // expected-error@+1 {{'nn.linear' op failed to infer returned types}}
    %2 = wafer.kernel "gemm" of "nn.linear" (%0, %1) {}
        : (tensor<4x4xf32, #x>, tensor<5x4xf32, #wafer.layout<[2, 2], [x, y]>>) -> tensor<4x4xf32, #y>
    wafer.yield
  }
  wafer.return
}

// -----

#x = #wafer.layout<[2, 2], [*, x]>

wafer.program @main inputs ["x"] outputs [] grid [4, 4] target #wafer.target<"wse2"> {
^bb0(%x: tensor<4x4xf32>):
  wafer.stage @s at [0, 0] size [2, 2] (%x) : (tensor<4x4xf32>) -> () {
  ^bb0(%a: tensor<4x4xf32>):
    %0 = wafer.place %a : tensor<4x4xf32> to tensor<4x4xf32, #x>
    // expected-error@+1 {{'nn.relu' op requires a single operand}}
    %1 = wafer.kernel "elementwise" of "nn.relu" () {} : () -> tensor<4x4xf32, #x>
    wafer.yield
  }
  wafer.return
}

// -----

#x = #wafer.layout<[2, 2], [*, x]>

wafer.program @main inputs ["x"] outputs [] grid [4, 4] target #wafer.target<"wse2"> {
^bb0(%x: tensor<4x4xf32>):
  wafer.stage @s at [0, 0] size [2, 2] (%x) : (tensor<4x4xf32>) -> () {
  ^bb0(%a: tensor<4x4xf32>):
    %0 = wafer.place %a : tensor<4x4xf32> to tensor<4x4xf32, #x>
    // expected-error@+1 {{'nn.softmax' op requires attribute 'axis'}}
    %1 = wafer.kernel "local" of "nn.softmax" (%0) {axis = "last"} : (tensor<4x4xf32, #x>) -> tensor<4x4xf32, #x>
    wafer.yield
  }
  wafer.return
}

// -----

// The kernel judges layouts and says which it knows.

#x = #wafer.layout<[2, 2], [*, x]>
#y = #wafer.layout<[2, 2], [*, y]>

wafer.program @main inputs ["x"] outputs [] grid [4, 4] target #wafer.target<"wse2"> {
^bb0(%x: tensor<4x4xf32>):
  wafer.stage @s at [0, 0] size [2, 2] (%x) : (tensor<4x4xf32>) -> () {
  ^bb0(%a: tensor<4x4xf32>):
    %0 = wafer.place %a : tensor<4x4xf32> to tensor<4x4xf32, #x>
    // expected-error@+4 {{has layouts that kernel 'elementwise' is not legal for}}
    // expected-note@+3 {{legal: (tensor<4x4xf32, #wafer.layout<[2, 2], [*, x]>>) -> tensor<4x4xf32, #wafer.layout<[2, 2], [*, x]>>}}
    // expected-note@+2 {{legal: (tensor<4x4xf32, #wafer.layout<[2, 2], [*, y]>>)}}
    // expected-note@+1 {{legal: (tensor<4x4xf32, #wafer.layout<[2, 2], [*, *]>>)}}
    %1 = wafer.kernel "elementwise" of "nn.relu" (%0) {} : (tensor<4x4xf32, #x>) -> tensor<4x4xf32, #y>
    wafer.yield
  }
  wafer.return
}

// -----

#x = #wafer.layout<[2, 2], [*, x]>
#y = #wafer.layout<[2, 2], [*, y]>

wafer.program @main inputs ["x", "w"] outputs [] grid [4, 4] target #wafer.target<"wse2"> {
^bb0(%x: tensor<4x4xf32>, %w: tensor<4x4xf32>):
  wafer.stage @s at [0, 0] size [2, 2] (%x, %w) : (tensor<4x4xf32>, tensor<4x4xf32>) -> () {
  ^bb0(%a: tensor<4x4xf32>, %b: tensor<4x4xf32>):
    %0 = wafer.place %a : tensor<4x4xf32> to tensor<4x4xf32, #x>
    %1 = wafer.place %b : tensor<4x4xf32> to tensor<4x4xf32, #wafer.layout<[2, 2], [x, y]>>
    // expected-error@+1 {{cannot be computed by 'gemm': gemm keeps its weight resident, so weight and bias must be constants}}
    %2 = wafer.kernel "gemm" of "nn.linear" (%0, %1) {}
        : (tensor<4x4xf32, #x>, tensor<4x4xf32, #wafer.layout<[2, 2], [x, y]>>) -> tensor<4x4xf32, #y>
    wafer.yield
  }
  wafer.return
}

// -----

// Relayout knows splits of the last dimension.

#x = #wafer.layout<[2, 2], [*, x]>

wafer.program @main inputs ["x"] outputs [] grid [4, 4] target #wafer.target<"wse2"> {
^bb0(%x: tensor<4x4xf32>):
  wafer.stage @s at [0, 0] size [2, 2] (%x) : (tensor<4x4xf32>) -> () {
  ^bb0(%a: tensor<4x4xf32>):
    %0 = wafer.place %a : tensor<4x4xf32> to tensor<4x4xf32, #x>
    // expected-error@+7 {{has layouts that kernel 'relayout' is not legal for}}
    // expected-note@+6 {{legal: (tensor<4x4xf32, #wafer.layout<[2, 2], [*, *]>>) -> tensor<4x4xf32, #wafer.layout<[2, 2], [*, x]>>}}
    // expected-note@+5 {{legal: (tensor<4x4xf32, #wafer.layout<[2, 2], [*, *]>>) -> tensor<4x4xf32, #wafer.layout<[2, 2], [*, y]>>}}
    // expected-note@+4 {{legal: (tensor<4x4xf32, #wafer.layout<[2, 2], [*, x]>>) -> tensor<4x4xf32, #wafer.layout<[2, 2], [*, *]>>}}
    // expected-note@+3 {{legal: (tensor<4x4xf32, #wafer.layout<[2, 2], [*, x]>>) -> tensor<4x4xf32, #wafer.layout<[2, 2], [*, y]>>}}
    // expected-note@+2 {{legal: (tensor<4x4xf32, #wafer.layout<[2, 2], [*, y]>>) -> tensor<4x4xf32, #wafer.layout<[2, 2], [*, *]>>}}
    // expected-note@+1 {{legal: (tensor<4x4xf32, #wafer.layout<[2, 2], [*, y]>>) -> tensor<4x4xf32, #wafer.layout<[2, 2], [*, x]>>}}
    %1 = wafer.relayout %0 : tensor<4x4xf32, #x> to tensor<4x4xf32, #wafer.layout<[2, 2], [x, *]>>
    wafer.yield
  }
  wafer.return
}

// -----

// Streams.

#a = #wafer.layout<[2, 2], [y]>

wafer.program @main inputs ["x"] outputs [] grid [4, 4] target #wafer.target<"wse2"> {
^bb0(%x: tensor<4xf32>):
  // expected-note@+1 {{from the stage at [2, 0]}}
  %0 = wafer.stage @a at [2, 0] size [2, 2] (%x) : (tensor<4xf32>) -> tensor<4xf32, #a> {
  ^bb0(%arg: tensor<4xf32>):
    %1 = wafer.place %arg : tensor<4xf32> to tensor<4xf32, #a>
    wafer.yield %1 : tensor<4xf32, #a>
  }
  // expected-error@+1 {{must lead east, to a stage on the same rows}}
  %s = wafer.stream %0 : tensor<4xf32, #a> to tensor<4xf32, #a>
  // expected-note@+1 {{to the stage at [0, 0]}}
  wafer.stage @b at [0, 0] size [2, 2] (%s) : (tensor<4xf32, #a>) -> () {
  ^bb0(%arg: tensor<4xf32, #a>):
    wafer.yield
  }
  wafer.return
}

// -----

#a = #wafer.layout<[2, 2], [y]>

wafer.program @main inputs ["x"] outputs [] grid [4, 4] target #wafer.target<"wse2"> {
^bb0(%x: tensor<4xf32>):
  %0 = wafer.stage @a at [0, 0] size [2, 2] (%x) : (tensor<4xf32>) -> tensor<4xf32, #a> {
  ^bb0(%arg: tensor<4xf32>):
    %1 = wafer.place %arg : tensor<4xf32> to tensor<4xf32, #a>
    wafer.yield %1 : tensor<4xf32, #a>
  }
  // expected-error@+1 {{operand #0 must be a graph input or a wafer.stream of a stage}}
  wafer.stage @b at [2, 0] size [2, 2] (%0) : (tensor<4xf32, #a>) -> () {
  ^bb0(%arg: tensor<4xf32, #a>):
    wafer.yield
  }
  wafer.return
}

// -----

// Chains of elementwise ops.

#x = #wafer.layout<[2, 2], [*, x]>

wafer.program @main inputs ["x"] outputs [] grid [4, 4] target #wafer.target<"wse2"> {
^bb0(%x: tensor<4x4xf32>):
  wafer.stage @s at [0, 0] size [2, 2] (%x) : (tensor<4x4xf32>) -> () {
  ^bb0(%a: tensor<4x4xf32>):
    %0 = wafer.place %a : tensor<4x4xf32> to tensor<4x4xf32, #x>
    // expected-error@+1 {{is a chain without 'steps'}}
    %1 = wafer.kernel "elementwise" of "wafer.chain" (%0) {} : (tensor<4x4xf32, #x>) -> tensor<4x4xf32, #x>
    wafer.yield
  }
  wafer.return
}

// -----

#x = #wafer.layout<[2, 2], [*, x]>

wafer.program @main inputs ["x"] outputs [] grid [4, 4] target #wafer.target<"wse2"> {
^bb0(%x: tensor<4x4xf32>):
  wafer.stage @s at [0, 0] size [2, 2] (%x) : (tensor<4x4xf32>) -> () {
  ^bb0(%a: tensor<4x4xf32>):
    %0 = wafer.place %a : tensor<4x4xf32> to tensor<4x4xf32, #x>
    // expected-error@+1 {{step #0 of the chain needs 'op', 'args' and an element type 'out'}}
    %1 = wafer.kernel "elementwise" of "wafer.chain" (%0) {steps = [{op = "nn.neg"}]} : (tensor<4x4xf32, #x>) -> tensor<4x4xf32, #x>
    wafer.yield
  }
  wafer.return
}

// -----

#x = #wafer.layout<[2, 2], [*, x]>

wafer.program @main inputs ["x"] outputs [] grid [4, 4] target #wafer.target<"wse2"> {
^bb0(%x: tensor<4x4xf32>):
  wafer.stage @s at [0, 0] size [2, 2] (%x) : (tensor<4x4xf32>) -> () {
  ^bb0(%a: tensor<4x4xf32>):
    %0 = wafer.place %a : tensor<4x4xf32> to tensor<4x4xf32, #x>
    // expected-error@+1 {{step #0 of the chain uses operand 1 of 1}}
    %1 = wafer.kernel "elementwise" of "wafer.chain" (%0) {steps = [{op = "nn.neg", args = array<i64: 1>, out = f32}]} : (tensor<4x4xf32, #x>) -> tensor<4x4xf32, #x>
    wafer.yield
  }
  wafer.return
}

// -----

#x = #wafer.layout<[2, 2], [*, x]>

wafer.program @main inputs ["x"] outputs [] grid [4, 4] target #wafer.target<"wse2"> {
^bb0(%x: tensor<4x4xf32>):
  wafer.stage @s at [0, 0] size [2, 2] (%x) : (tensor<4x4xf32>) -> () {
  ^bb0(%a: tensor<4x4xf32>):
    %0 = wafer.place %a : tensor<4x4xf32> to tensor<4x4xf32, #x>
    // expected-error@+1 {{step #0 of the chain uses operand -1 of 1}}
    %1 = wafer.kernel "elementwise" of "wafer.chain" (%0) {steps = [{op = "nn.neg", args = array<i64: -1>, out = f32}]} : (tensor<4x4xf32, #x>) -> tensor<4x4xf32, #x>
    wafer.yield
  }
  wafer.return
}

// -----

#x = #wafer.layout<[2, 2], [*, x]>

wafer.program @main inputs ["x"] outputs [] grid [4, 4] target #wafer.target<"wse2"> {
^bb0(%x: tensor<4x4xf32>):
  wafer.stage @s at [0, 0] size [2, 2] (%x) : (tensor<4x4xf32>) -> () {
  ^bb0(%a: tensor<4x4xf32>):
    %0 = wafer.place %a : tensor<4x4xf32> to tensor<4x4xf32, #x>
    // expected-error@+1 {{computes 'nn.bogus', which is no nn op}}
    %1 = wafer.kernel "elementwise" of "wafer.chain" (%0) {steps = [{op = "nn.neg", args = array<i64: 0>, out = f32}, {op = "nn.bogus", args = array<i64: -1>, out = f32}]} : (tensor<4x4xf32, #x>) -> tensor<4x4xf32, #x>
    wafer.yield
  }
  wafer.return
}

// -----

#x = #wafer.layout<[2, 2], [*, x]>

wafer.program @main inputs ["x"] outputs [] grid [4, 4] target #wafer.target<"wse2"> {
^bb0(%x: tensor<4x4xf32>):
  wafer.stage @s at [0, 0] size [2, 2] (%x) : (tensor<4x4xf32>) -> () {
  ^bb0(%a: tensor<4x4xf32>):
    %0 = wafer.place %a : tensor<4x4xf32> to tensor<4x4xf32, #x>
    // expected-error@+1 {{step #0 of the chain, nn.softmax, is not elementwise}}
    %1 = wafer.kernel "elementwise" of "wafer.chain" (%0) {steps = [{op = "nn.softmax", args = array<i64: 0>, out = f32, axis = 1 : i64}]} : (tensor<4x4xf32, #x>) -> tensor<4x4xf32, #x>
    wafer.yield
  }
  wafer.return
}

// -----

#x = #wafer.layout<[2, 2], [*, x]>

wafer.program @main inputs ["x"] outputs [] grid [4, 4] target #wafer.target<"wse2"> {
^bb0(%x: tensor<4x4xf32>):
  wafer.stage @s at [0, 0] size [2, 2] (%x) : (tensor<4x4xf32>) -> () {
  ^bb0(%a: tensor<4x4xf32>):
    %0 = wafer.place %a : tensor<4x4xf32> to tensor<4x4xf32, #x>
    // expected-error@+1 {{is a chain that ends with 'tensor<4x4xi32>', its result is 'tensor<4x4xf32>'}}
    %1 = wafer.kernel "elementwise" of "wafer.chain" (%0) {steps = [{op = "nn.less", args = array<i64: 0, 0>, out = i32}]} : (tensor<4x4xf32, #x>) -> tensor<4x4xf32, #x>
    wafer.yield
  }
  wafer.return
}

// -----

// States.

wafer.program @main inputs ["x"] outputs ["y"] grid [4, 4] target #wafer.target<"wse2"> attributes {state = [#nn.state<0 to 0>]} {
^bb0(%x: tensor<4xf32>):
  // expected-error@+1 {{result #0 is the state of input #0, but has type 'tensor<4xf32, #wafer.layout<[2, 2], [x]>>'}}
  %y = wafer.stage @s0 at [0, 0] size [2, 2] (%x) : (tensor<4xf32>) -> tensor<4xf32, #wafer.layout<[2, 2], [x]>> {
  ^bb0(%a: tensor<4xf32>):
    // expected-note@+1 {{laid out here as 'tensor<4xf32, #wafer.layout<[2, 2], [*]>>'}}
    %0 = wafer.place %a : tensor<4xf32> to tensor<4xf32, #wafer.layout<[2, 2], [*]>>
    %1 = wafer.relayout %0 : tensor<4xf32, #wafer.layout<[2, 2], [*]>> to tensor<4xf32, #wafer.layout<[2, 2], [x]>>
    wafer.yield %1 : tensor<4xf32, #wafer.layout<[2, 2], [x]>>
  }
  wafer.return %y : tensor<4xf32, #wafer.layout<[2, 2], [x]>>
}

// -----

wafer.program @main inputs ["x", "z"] outputs ["y"] grid [4, 4] target #wafer.target<"wse2"> attributes {state = [#nn.state<0 to 1>]} {
^bb0(%x: tensor<4xf32>, %z: tensor<4xf32>):
  // expected-error@+1 {{result #0 is the state of input #1, which this stage does not lay out}}
  %y = wafer.stage @s0 at [0, 0] size [2, 2] (%x) : (tensor<4xf32>) -> tensor<4xf32, #wafer.layout<[2, 2], [x]>> {
  ^bb0(%a: tensor<4xf32>):
    %0 = wafer.place %a : tensor<4xf32> to tensor<4xf32, #wafer.layout<[2, 2], [x]>>
    wafer.yield %0 : tensor<4xf32, #wafer.layout<[2, 2], [x]>>
  }
  wafer.return %y : tensor<4xf32, #wafer.layout<[2, 2], [x]>>
}

// -----

// expected-error@+1 {{has output #0 as a state, which no stage computes}}
wafer.program @main inputs ["x"] outputs ["y"] grid [4, 4] target #wafer.target<"wse2"> attributes {state = [#nn.state<0 to 0>]} {
^bb0(%x: tensor<4xf32>):
  %y = wafer.stage @s0 at [0, 0] size [2, 2] (%x) : (tensor<4xf32>) -> tensor<4xf32, #wafer.layout<[2, 2], [x]>> {
  ^bb0(%a: tensor<4xf32>):
    %0 = wafer.place %a : tensor<4xf32> to tensor<4xf32, #wafer.layout<[2, 2], [x]>>
    wafer.yield %0 : tensor<4xf32, #wafer.layout<[2, 2], [x]>>
  }
  wafer.return %x : tensor<4xf32>
}
