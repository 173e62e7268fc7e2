// RUN: weft-opt %s --split-input-file --verify-diagnostics --weft-expand

// Products of patches.

#i = #wafer.layout<[2, 2], [*, *, y, x, *, *]>
#w = #wafer.layout<[2, 2], [*, x, *, y]>
#y = #wafer.layout<[2, 2], [*, *, y]>

wafer.program @main inputs ["x"] outputs [] grid [4, 4] target #wafer.target<"wse2"> {
^bb0(%x: tensor<1x3x16x8xf32>):
  wafer.stage @s at [0, 0] size [2, 2] (%x) : (tensor<1x3x16x8xf32>) -> () {
  ^bb0(%a: tensor<1x3x16x8xf32>):
    %0 = wafer.place %a : tensor<1x3x16x8xf32> to tensor<1x3x4x4x2x4xf32, #i>
    %1 = wafer.place @c to tensor<3x4x4x6xf32, #w>
    // expected-error@+1 {{multiplies patches: it needs an image of rank 6, a weight of rank 4 and at most a bias of rank 2}}
    %2 = wafer.kernel "patches" of "wafer.patches" (%0) {order = array<i64: 1, 3, 5>} : (tensor<1x3x4x4x2x4xf32, #i>) -> tensor<1x8x6xf32, #y>
    wafer.yield
  }
  wafer.return
}
wafer.constant @c : tensor<3x4x4x6xf32> {
  %0 = nn.constant dense<1.0> : tensor<3x4x4x6xf32>
  wafer.yield %0 : tensor<3x4x4x6xf32>
}

// -----

#i = #wafer.layout<[2, 2], [*, *, y, x, *, *]>
#w = #wafer.layout<[2, 2], [*, x, *, y]>
#y = #wafer.layout<[2, 2], [*, *, y]>

wafer.program @main inputs ["x"] outputs [] grid [4, 4] target #wafer.target<"wse2"> {
^bb0(%x: tensor<1x3x16x8xf32>):
  wafer.stage @s at [0, 0] size [2, 2] (%x) : (tensor<1x3x16x8xf32>) -> () {
  ^bb0(%a: tensor<1x3x16x8xf32>):
    %0 = wafer.place %a : tensor<1x3x16x8xf32> to tensor<1x3x4x4x2x4xf32, #i>
    %1 = wafer.place @c to tensor<3x4x4x6xf16, #w>
    // expected-error@+1 {{multiplies patches of one type of floats, found 'tensor<3x4x4x6xf16>' beside 'tensor<1x8x6xf32>'}}
    %2 = wafer.kernel "patches" of "wafer.patches" (%0, %1) {order = array<i64: 1, 3, 5>} : (tensor<1x3x4x4x2x4xf32, #i>, tensor<3x4x4x6xf16, #w>) -> tensor<1x8x6xf32, #y>
    wafer.yield
  }
  wafer.return
}
wafer.constant @c : tensor<3x4x4x6xf16> {
  %0 = nn.constant dense<1.0> : tensor<3x4x4x6xf16>
  wafer.yield %0 : tensor<3x4x4x6xf16>
}

// -----

#i = #wafer.layout<[2, 2], [*, *, y, x, *, *]>
#w = #wafer.layout<[2, 2], [*, x, *, y]>
#y = #wafer.layout<[2, 2], [*, *, y]>

wafer.program @main inputs ["x"] outputs [] grid [4, 4] target #wafer.target<"wse2"> {
^bb0(%x: tensor<1x3x16x8xf32>):
  wafer.stage @s at [0, 0] size [2, 2] (%x) : (tensor<1x3x16x8xf32>) -> () {
  ^bb0(%a: tensor<1x3x16x8xf32>):
    %0 = wafer.place %a : tensor<1x3x16x8xf32> to tensor<1x3x4x4x2x4xf32, #i>
    %1 = wafer.place @c to tensor<3x4x4x6xf32, #w>
    // expected-error@+1 {{needs an 'order' of the dimensions 1, 3 and 5}}
    %2 = wafer.kernel "patches" of "wafer.patches" (%0, %1) {order = array<i64: 1, 3, 3>} : (tensor<1x3x4x4x2x4xf32, #i>, tensor<3x4x4x6xf32, #w>) -> tensor<1x8x6xf32, #y>
    wafer.yield
  }
  wafer.return
}
wafer.constant @c : tensor<3x4x4x6xf32> {
  %0 = nn.constant dense<1.0> : tensor<3x4x4x6xf32>
  wafer.yield %0 : tensor<3x4x4x6xf32>
}

// -----

#i = #wafer.layout<[2, 2], [*, *, y, x, *, *]>
#w = #wafer.layout<[2, 2], [*, x, *, y]>
#y = #wafer.layout<[2, 2], [*, *, y]>

wafer.program @main inputs ["x"] outputs [] grid [4, 4] target #wafer.target<"wse2"> {
^bb0(%x: tensor<1x3x16x8xf32>):
  wafer.stage @s at [0, 0] size [2, 2] (%x) : (tensor<1x3x16x8xf32>) -> () {
  ^bb0(%a: tensor<1x3x16x8xf32>):
    %0 = wafer.place %a : tensor<1x3x16x8xf32> to tensor<1x3x4x4x2x4xf32, #i>
    %1 = wafer.place @c to tensor<3x4x4x6xf32, #w>
    // expected-error@+1 {{expected 8 rows, and a weight of shape [4, 3, 4, 6]}}
    %2 = wafer.kernel "patches" of "wafer.patches" (%0, %1) {order = array<i64: 3, 1, 5>} : (tensor<1x3x4x4x2x4xf32, #i>, tensor<3x4x4x6xf32, #w>) -> tensor<1x8x6xf32, #y>
    wafer.yield
  }
  wafer.return
}
wafer.constant @c : tensor<3x4x4x6xf32> {
  %0 = nn.constant dense<1.0> : tensor<3x4x4x6xf32>
  wafer.yield %0 : tensor<3x4x4x6xf32>
}

// -----

#i = #wafer.layout<[2, 2], [*, *, y, x, *, *]>
#w = #wafer.layout<[2, 2], [*, x, *, y]>
#y = #wafer.layout<[2, 2], [*, *, y]>

wafer.program @main inputs ["x"] outputs [] grid [4, 4] target #wafer.target<"wse2"> {
^bb0(%x: tensor<1x3x16x8xf32>):
  wafer.stage @s at [0, 0] size [2, 2] (%x) : (tensor<1x3x16x8xf32>) -> () {
  ^bb0(%a: tensor<1x3x16x8xf32>):
    %0 = wafer.place %a : tensor<1x3x16x8xf32> to tensor<1x3x4x4x2x4xf32, #i>
    %1 = wafer.place @c to tensor<3x4x4x6xf32, #w>
    // expected-error@+1 {{expected 8 rows, and a weight of shape [3, 4, 4, 6]}}
    %2 = wafer.kernel "patches" of "wafer.patches" (%0, %1) {order = array<i64: 1, 3, 5>} : (tensor<1x3x4x4x2x4xf32, #i>, tensor<3x4x4x6xf32, #w>) -> tensor<1x7x6xf32, #y>
    wafer.yield
  }
  wafer.return
}
wafer.constant @c : tensor<3x4x4x6xf32> {
  %0 = nn.constant dense<1.0> : tensor<3x4x4x6xf32>
  wafer.yield %0 : tensor<3x4x4x6xf32>
}

// -----

#i = #wafer.layout<[2, 2], [*, *, y, x, *, *]>
#w = #wafer.layout<[2, 2], [*, x, *, y]>
#y = #wafer.layout<[2, 2], [*, *, y]>

wafer.program @main inputs ["x", "w"] outputs [] grid [4, 4] target #wafer.target<"wse2"> {
^bb0(%x: tensor<1x3x16x8xf32>, %v: tensor<3x4x4x6xf32>):
  wafer.stage @s at [0, 0] size [2, 2] (%x, %v) : (tensor<1x3x16x8xf32>, tensor<3x4x4x6xf32>) -> () {
  ^bb0(%a: tensor<1x3x16x8xf32>, %b: tensor<3x4x4x6xf32>):
    %0 = wafer.place %a : tensor<1x3x16x8xf32> to tensor<1x3x4x4x2x4xf32, #i>
    %1 = wafer.place %b : tensor<3x4x4x6xf32> to tensor<3x4x4x6xf32, #w>
    // expected-error@+1 {{cannot be computed by 'patches': patches keeps its weight resident, so it must be a constant}}
    %2 = wafer.kernel "patches" of "wafer.patches" (%0, %1) {order = array<i64: 1, 3, 5>} : (tensor<1x3x4x4x2x4xf32, #i>, tensor<3x4x4x6xf32, #w>) -> tensor<1x8x6xf32, #y>
    wafer.yield
  }
  wafer.return
}

// -----

#i = #wafer.layout<[2, 2], [*, *, y, x, *, *]>
#w = #wafer.layout<[2, 2], [*, x, *, y]>
#y = #wafer.layout<[2, 2], [*, *, y]>
#j = #wafer.layout<[2, 2], [*, *, x, y, *, *]>

wafer.program @main inputs ["x"] outputs [] grid [4, 4] target #wafer.target<"wse2"> {
^bb0(%x: tensor<1x3x16x8xf32>):
  wafer.stage @s at [0, 0] size [2, 2] (%x) : (tensor<1x3x16x8xf32>) -> () {
  ^bb0(%a: tensor<1x3x16x8xf32>):
    %0 = wafer.place %a : tensor<1x3x16x8xf32> to tensor<1x3x4x4x2x4xf32, #j>
    %1 = wafer.place @c to tensor<3x4x4x6xf32, #w>
    // expected-error@+2 {{has layouts that kernel 'patches' is not legal for}}
    // expected-note@+1 {{legal: }}
    %2 = wafer.kernel "patches" of "wafer.patches" (%0, %1) {order = array<i64: 1, 3, 5>} : (tensor<1x3x4x4x2x4xf32, #j>, tensor<3x4x4x6xf32, #w>) -> tensor<1x8x6xf32, #y>
    wafer.yield
  }
  wafer.return
}
wafer.constant @c : tensor<3x4x4x6xf32> {
  %0 = nn.constant dense<1.0> : tensor<3x4x4x6xf32>
  wafer.yield %0 : tensor<3x4x4x6xf32>
}
