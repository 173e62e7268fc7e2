// RUN: weft-opt %s --split-input-file --verify-diagnostics

// Layouts.

// expected-error@+1 {{layout extent must be [width, height], both at least 1}}
wafer.constant @c : tensor<4xf32, #wafer.layout<[0, 3], [x]>> {}

// -----

// expected-error@+1 {{layout extent must be [width, height], both at least 1}}
wafer.constant @c : tensor<4xf32, #wafer.layout<[2], [x]>> {}

// -----

// expected-error@+1 {{layout uses axis x 2 times, allowed is once}}
wafer.constant @c : tensor<4x4xf32, #wafer.layout<[2, 3], [x, x]>> {}

// -----

// expected-error@+1 {{layout uses axis y 2 times, allowed is once}}
wafer.constant @c : tensor<4x4xf32, #wafer.layout<[2, 3], [x, y], partial [y]>> {}

// -----

// expected-error@+1 {{layout has 1 dimensions, the tensor has 2}}
wafer.constant @c : tensor<4x4xf32, #wafer.layout<[2, 3], [x]>> {}

// -----

// expected-error@+1 {{found axis 'z', allowed are x, y and *}}
wafer.constant @c : tensor<4xf32, #wafer.layout<[2, 3], [z]>> {}

// -----

// expected-error@+1 {{found axis 'z', allowed are x, y}}
wafer.constant @c : tensor<4xf32, #wafer.layout<[2, 3], [x], partial [z]>> {}

// -----

// Constants.

// expected-error@+1 {{has type 'tensor<4xf32, #wafer.layout<[2, 3], [x]>>', expected a tensor of static shape, no layout}}
wafer.constant @c : tensor<4xf32, #wafer.layout<[2, 3], [x]>> {
  %0 = nn.constant dense<1.0> : tensor<4xf32>
  wafer.yield %0 : tensor<4xf32>
}

// -----

wafer.constant @c : tensor<4xf32> {
  // expected-error@+1 {{block with no terminator}}
  %0 = nn.constant dense<1.0> : tensor<4xf32>
}

// -----

wafer.constant @c : tensor<4xf32> {
  %0 = nn.constant dense<1.0> : tensor<5xf32>
  // expected-error@+1 {{yields types that differ from the results of 'wafer.constant'}}
  wafer.yield %0 : tensor<5xf32>
}

// -----

// Programs.

// expected-error@+1 {{expects a non-empty block}}
wafer.program @main inputs [] outputs [] grid [4, 4] target #wafer.target<"wse2"> {
^bb0:
}

// -----

// expected-error@+1 {{has 0 inputs and 1 input names}}
wafer.program @main inputs ["x"] outputs [] grid [4, 4] target #wafer.target<"wse2"> {
  wafer.return
}

// -----

// expected-error@+1 {{has 1 outputs and 0 output names}}
wafer.program @main inputs ["x"] outputs [] grid [4, 4] target #wafer.target<"wse2"> {
^bb0(%x: tensor<4xf32>):
  wafer.return %x : tensor<4xf32>
}

// -----

// expected-error@+1 {{grid must be [width, height], both at least 1}}
wafer.program @main inputs [] outputs [] grid [4] target #wafer.target<"wse2"> {
  wafer.return
}

// -----

wafer.program @main inputs ["x"] outputs ["y"] grid [4, 4] target #wafer.target<"wse2"> {
^bb0(%x: tensor<4xf32>):
  // expected-error@+1 {{is not allowed between stages, allowed are wafer.stage, wafer.stream and wafer.place}}
  %y = nn.relu %x : (tensor<4xf32>) -> tensor<4xf32>
  wafer.return %y : tensor<4xf32>
}

// -----

wafer.program @main inputs ["x"] outputs ["y"] grid [4, 4] target #wafer.target<"wse2"> {
^bb0(%x: tensor<4xf32>):
  %y = wafer.place %x : tensor<4xf32> to tensor<4xf32, #wafer.layout<[2, 2], [*]>>
  // expected-error@+1 {{operand #0 must be a graph input, a constant that wafer.place lays out, or a result of a stage}}
  wafer.return %y : tensor<4xf32, #wafer.layout<[2, 2], [*]>>
}

// -----

wafer.program @main inputs [] outputs [] grid [4, 4] target #wafer.target<"wse2"> {
  wafer.stage @s at [0, 0] size [2, 2] () : () -> () {
    wafer.yield
  }
  // expected-error@+1 {{repeats the name of an earlier stage}}
  wafer.stage @s at [2, 0] size [2, 2] () : () -> () {
    wafer.yield
  }
  wafer.return
}

// -----

wafer.program @main inputs [] outputs [] grid [4, 4] target #wafer.target<"wse2"> {
  // expected-error@+1 {{rectangle [3, 0] + [2, 2] leaves the grid of [4, 4]}}
  wafer.stage @s at [3, 0] size [2, 2] () : () -> () {
    wafer.yield
  }
  wafer.return
}

// -----

wafer.program @main inputs [] outputs [] grid [4, 4] target #wafer.target<"wse2"> {
  // expected-error@+1 {{rectangle [0, 9223372036854775807] + [2, 9223372036854775807] leaves the grid of [4, 4]}}
  wafer.stage @s at [0, 9223372036854775807] size [2, 9223372036854775807] () : () -> () {
    wafer.yield
  }
  wafer.return
}

// -----

wafer.program @main inputs [] outputs [] grid [4, 4] target #wafer.target<"wse2"> {
  // expected-error@+1 {{rectangle [0, 0] + [5, 2] leaves the grid of [4, 4]}}
  wafer.stage @s size [5, 2] () : () -> () {
    wafer.yield
  }
  wafer.return
}

// -----

wafer.program @main inputs [] outputs [] grid [4, 4] target #wafer.target<"wse2"> {
  // expected-note@+1 {{stage 'a' here}}
  wafer.stage @a at [0, 0] size [2, 2] () : () -> () {
    wafer.yield
  }
  // expected-error@+1 {{rectangle overlaps that of stage 'a'}}
  wafer.stage @b at [1, 1] size [2, 2] () : () -> () {
    wafer.yield
  }
  wafer.return
}

// -----

// Stages.

// expected-error@+1 {{expects parent op 'wafer.program'}}
wafer.stage @s at [0, 0] size [2, 2] () : () -> () {
  wafer.yield
}

// -----

wafer.program @main inputs [] outputs [] grid [4, 4] target #wafer.target<"wse2"> {
  // expected-error@+1 {{size must be [width, height], both at least 1}}
  wafer.stage @s at [0, 0] size [2, 0] () : () -> () {
    wafer.yield
  }
  wafer.return
}

// -----

wafer.program @main inputs [] outputs [] grid [4, 4] target #wafer.target<"wse2"> {
  // expected-error@+1 {{'at' must be [x, y], both at least 0}}
  wafer.stage @s at [-1, 0] size [2, 2] () : () -> () {
    wafer.yield
  }
  wafer.return
}

// -----

wafer.program @main inputs ["x"] outputs ["y"] grid [4, 4] target #wafer.target<"wse2"> {
^bb0(%x: tensor<4xf32>):
  // expected-error@+1 {{result type 'tensor<4xf32>' must have a layout on the stage's extent [2, 2]}}
  %y = wafer.stage @s at [0, 0] size [2, 2] (%x) : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%a: tensor<4xf32>):
    wafer.yield %a : tensor<4xf32>
  }
  wafer.return %y : tensor<4xf32>
}

// -----

wafer.program @main inputs ["x"] outputs [] grid [4, 4] target #wafer.target<"wse2"> {
^bb0(%x: tensor<4xf32>):
  // expected-error@+1 {{block arguments must have the types of the operands}}
  wafer.stage @s at [0, 0] size [2, 2] (%x) : (tensor<4xf32>) -> () {
  ^bb0(%a: tensor<5xf32>):
    wafer.yield
  }
  wafer.return
}

// -----

wafer.program @main inputs ["x"] outputs [] grid [4, 4] target #wafer.target<"wse2"> {
^bb0(%x: tensor<4xf32>):
  wafer.stage @s at [0, 0] size [2, 2] (%x) : (tensor<4xf32>) -> () {
  ^bb0(%a: tensor<4xf32>):
    // expected-error@+1 {{is not allowed in a stage, allowed are wafer.place, wafer.kernel, wafer.relayout and wafer.value}}
    %b = nn.relu %a : (tensor<4xf32>) -> tensor<4xf32>
    wafer.yield
  }
  wafer.return
}

// -----

wafer.program @main inputs ["x"] outputs [] grid [4, 4] target #wafer.target<"wse2"> {
^bb0(%x: tensor<4xf32>):
  wafer.stage @s at [0, 0] size [2, 2] (%x) : (tensor<4xf32>) -> () {
  ^bb0(%a: tensor<4xf32>):
    // expected-error@+1 {{layout extent [3, 3] differs from the stage's [2, 2]}}
    %b = wafer.place %a : tensor<4xf32> to tensor<4xf32, #wafer.layout<[3, 3], [*]>>
    wafer.yield
  }
  wafer.return
}

// -----

wafer.program @main inputs [] outputs [] grid [4, 4] target #wafer.target<"wse2"> {
  // expected-error@+1 {{expects a non-empty block}}
  wafer.stage @s at [0, 0] size [2, 2] () : () -> () {
  ^bb0:
  }
  wafer.return
}

// -----

wafer.program @main inputs ["x"] outputs ["y"] grid [4, 4] target #wafer.target<"wse2"> {
^bb0(%x: tensor<4xf32>):
  %y = wafer.stage @s at [0, 0] size [2, 2] (%x) : (tensor<4xf32>) -> tensor<4xf32, #wafer.layout<[2, 2], [x]>> {
  ^bb0(%a: tensor<4xf32>):
    %b = wafer.place %a : tensor<4xf32> to tensor<4xf32, #wafer.layout<[2, 2], [y]>>
    // expected-error@+1 {{yields types that differ from the results of 'wafer.stage'}}
    wafer.yield %b : tensor<4xf32, #wafer.layout<[2, 2], [y]>>
  }
  wafer.return %y : tensor<4xf32, #wafer.layout<[2, 2], [x]>>
}

// -----

// Kernels and data.

wafer.program @main inputs ["x"] outputs [] grid [4, 4] target #wafer.target<"wse2"> {
^bb0(%x: tensor<4xf32>):
  // expected-error@+1 {{needs either an operand or a constant's symbol}}
  %0 = wafer.place to tensor<4xf32, #wafer.layout<[2, 2], [x]>>
  wafer.return
}

// -----

wafer.program @main inputs ["x"] outputs [] grid [4, 4] target #wafer.target<"wse2"> {
^bb0(%x: tensor<4xf32>):
  // expected-error@+1 {{needs either an operand or a constant's symbol}}
  %0 = wafer.place @c %x : tensor<4xf32> to tensor<4xf32, #wafer.layout<[2, 2], [x]>>
  wafer.return
}

// -----

wafer.program @main inputs ["x"] outputs [] grid [4, 4] target #wafer.target<"wse2"> {
^bb0(%x: tensor<4xf32>):
  // expected-error@+1 {{result needs a layout}}
  %0 = wafer.place %x : tensor<4xf32> to tensor<4xf32>
  wafer.return
}

// -----

wafer.program @main inputs ["x"] outputs [] grid [4, 4] target #wafer.target<"wse2"> {
^bb0(%x: tensor<4xf32>):
  // expected-error@+1 {{needs a static shape, found 'tensor<?xf32, #wafer.layout<[2, 2], [x]>>'}}
  %0 = wafer.place %x : tensor<4xf32> to tensor<?xf32, #wafer.layout<[2, 2], [x]>>
  wafer.return
}

// -----

wafer.program @main inputs ["x"] outputs [] grid [4, 4] target #wafer.target<"wse2"> {
^bb0(%x: tensor<4xf32>):
  // expected-error@+1 {{changes the number of elements from 'tensor<4xf32>' to 'tensor<5xf32, #wafer.layout<[2, 2], [x]>>'}}
  %0 = wafer.place %x : tensor<4xf32> to tensor<5xf32, #wafer.layout<[2, 2], [x]>>
  wafer.return
}

// -----

wafer.program @main inputs ["x"] outputs [] grid [4, 4] target #wafer.target<"wse2"> {
^bb0(%x: tensor<4xf32>):
  %0 = wafer.place %x : tensor<4xf32> to tensor<4xf32, #wafer.layout<[2, 2], [x]>>
  // expected-error@+1 {{lays out a graph input, found}}
  %1 = wafer.place %0 : tensor<4xf32, #wafer.layout<[2, 2], [x]>> to tensor<4xf32, #wafer.layout<[2, 2], [y]>>
  wafer.return
}

// -----

wafer.program @main inputs [] outputs [] grid [4, 4] target #wafer.target<"wse2"> {
  // expected-error@+1 {{names 'c', which is no wafer.constant of the module}}
  %0 = wafer.place @c to tensor<4xf32, #wafer.layout<[2, 2], [x]>>
  wafer.return
}

// -----

// expected-note@+1 {{constant here}}
wafer.constant @c : tensor<4xf32> {
  %0 = nn.constant dense<1.0> : tensor<4xf32>
  wafer.yield %0 : tensor<4xf32>
}
wafer.program @main inputs [] outputs [] grid [4, 4] target #wafer.target<"wse2"> {
  // expected-error@+1 {{lays out 'tensor<5xf32>', but 'c' is 'tensor<4xf32>'}}
  %0 = wafer.place @c to tensor<5xf32, #wafer.layout<[2, 2], [x]>>
  wafer.return
}

// -----

// expected-error@+1 {{expects parent op 'wafer.stage'}}
%0 = wafer.kernel "gemm" of "nn.linear" () {} : () -> tensor<4xf32>

// -----

wafer.program @main inputs ["x"] outputs [] grid [4, 4] target #wafer.target<"wse2"> {
^bb0(%x: tensor<4xf32>):
  wafer.stage @s at [0, 0] size [2, 2] (%x) : (tensor<4xf32>) -> () {
  ^bb0(%a: tensor<4xf32>):
    // expected-error@+1 {{result needs a layout}}
    %b = wafer.kernel "elementwise" of "nn.relu" (%a) {} : (tensor<4xf32>) -> tensor<4xf32>
    wafer.yield
  }
  wafer.return
}

// -----

wafer.program @main inputs ["x"] outputs [] grid [4, 4] target #wafer.target<"wse2"> {
^bb0(%x: tensor<4xf32>):
  wafer.stage @s at [0, 0] size [2, 2] (%x) : (tensor<4xf32>) -> () {
  ^bb0(%a: tensor<4xf32>):
    // expected-error@+1 {{operand #0 needs a layout on extent [2, 2], found 'tensor<4xf32>'}}
    %b = wafer.kernel "elementwise" of "nn.relu" (%a) {} : (tensor<4xf32>) -> tensor<4xf32, #wafer.layout<[2, 2], [x]>>
    wafer.yield
  }
  wafer.return
}

// -----

wafer.program @main inputs ["x"] outputs [] grid [4, 4] target #wafer.target<"wse2"> {
^bb0(%x: tensor<4xf32>):
  wafer.stage @s at [0, 0] size [2, 2] (%x) : (tensor<4xf32>) -> () {
  ^bb0(%a: tensor<4xf32>):
    // expected-error@+1 {{needs layouts of one extent, found 'tensor<4xf32>' and 'tensor<4xf32, #wafer.layout<[2, 2], [x]>>'}}
    %b = wafer.relayout %a : tensor<4xf32> to tensor<4xf32, #wafer.layout<[2, 2], [x]>>
    wafer.yield
  }
  wafer.return
}

// -----

wafer.program @main inputs ["x"] outputs [] grid [4, 4] target #wafer.target<"wse2"> {
^bb0(%x: tensor<4xf32>):
  wafer.stage @s at [0, 0] size [2, 2] (%x) : (tensor<4xf32>) -> () {
  ^bb0(%a: tensor<4xf32>):
    %b = wafer.place %a : tensor<4xf32> to tensor<4xf32, #wafer.layout<[2, 2], [*]>>
    // expected-error@+1 {{may change only the layout, found 'tensor<4xf32, #wafer.layout<[2, 2], [*]>>' to 'tensor<4xi32, #wafer.layout<[2, 2], [x]>>'}}
    %c = wafer.relayout %b : tensor<4xf32, #wafer.layout<[2, 2], [*]>> to tensor<4xi32, #wafer.layout<[2, 2], [x]>>
    wafer.yield
  }
  wafer.return
}

// -----

// Streams.

wafer.program @main inputs ["x"] outputs [] grid [4, 4] target #wafer.target<"wse2"> {
^bb0(%x: tensor<4xf32>):
  // expected-error@+1 {{needs layouts on both sides, found 'tensor<4xf32>' and 'tensor<4xf32, #wafer.layout<[2, 2], [*]>>'}}
  %0 = wafer.stream %x : tensor<4xf32> to tensor<4xf32, #wafer.layout<[2, 2], [*]>>
  wafer.return
}

// -----

wafer.program @main inputs ["x"] outputs [] grid [4, 4] target #wafer.target<"wse2"> {
^bb0(%x: tensor<4xf32>):
  %0 = wafer.place %x : tensor<4xf32> to tensor<4xf32, #wafer.layout<[2, 2], [*]>>
  // expected-error@+1 {{may change only the layout}}
  %1 = wafer.stream %0 : tensor<4xf32, #wafer.layout<[2, 2], [*]>> to tensor<5xf32, #wafer.layout<[2, 2], [*]>>
  wafer.return
}

// -----

wafer.program @main inputs ["x"] outputs [] grid [4, 4] target #wafer.target<"wse2"> {
^bb0(%x: tensor<4xf32>):
  %0 = wafer.place %x : tensor<4xf32> to tensor<4xf32, #wafer.layout<[2, 2], [*]>>
  // expected-error@+1 {{joins stages of heights 2 and 3, allowed are equal heights}}
  %1 = wafer.stream %0 : tensor<4xf32, #wafer.layout<[2, 2], [*]>> to tensor<4xf32, #wafer.layout<[2, 3], [*]>>
  wafer.return
}

// -----

wafer.program @main inputs ["x"] outputs [] grid [4, 4] target #wafer.target<"wse2"> {
^bb0(%x: tensor<4xf32>):
  %0 = wafer.place %x : tensor<4xf32> to tensor<4xf32, #wafer.layout<[2, 2], [x]>>
  // expected-error@+1 {{carries a tensor split over x, allowed are replicated and split over y}}
  %1 = wafer.stream %0 : tensor<4xf32, #wafer.layout<[2, 2], [x]>> to tensor<4xf32, #wafer.layout<[2, 2], [x]>>
  wafer.return
}

// -----

wafer.program @main inputs ["x"] outputs [] grid [4, 4] target #wafer.target<"wse2"> {
^bb0(%x: tensor<4xf32>):
  %0 = wafer.place %x : tensor<4xf32> to tensor<4xf32, #wafer.layout<[2, 2], [y]>>
  // expected-error@+1 {{must keep distribution over y and storage, and carry no partial sums}}
  %1 = wafer.stream %0 : tensor<4xf32, #wafer.layout<[2, 2], [y]>> to tensor<4xf32, #wafer.layout<[2, 2], [*]>>
  wafer.return
}

// -----

wafer.program @main inputs ["x"] outputs [] grid [4, 4] target #wafer.target<"wse2"> {
^bb0(%x: tensor<4xf32>):
  %0 = wafer.place %x : tensor<4xf32> to tensor<4xf32, #wafer.layout<[2, 2], [y], partial [x]>>
  // expected-error@+1 {{must keep distribution over y and storage, and carry no partial sums}}
  %1 = wafer.stream %0 : tensor<4xf32, #wafer.layout<[2, 2], [y], partial [x]>> to tensor<4xf32, #wafer.layout<[2, 2], [y]>>
  wafer.return
}

// -----

wafer.program @main inputs ["x"] outputs [] grid [4, 4] target #wafer.target<"wse2"> {
^bb0(%x: tensor<4xf32>):
  wafer.stage @s size [2, 2] (%x) : (tensor<4xf32>) -> () {
  ^bb0(%arg: tensor<4xf32>):
    %0 = wafer.place %arg : tensor<4xf32> to tensor<4xf32, #wafer.layout<[2, 2], [x]>>
    // expected-error@+1 {{names the result of a kernel or relayout, without partial sums}}
    wafer.value "v" of %0 : tensor<4xf32, #wafer.layout<[2, 2], [x]>> as tensor<4xf32>
    wafer.yield
  }
  wafer.return
}

// -----

wafer.program @main inputs ["x"] outputs [] grid [4, 4] target #wafer.target<"wse2"> {
^bb0(%x: tensor<4xf32>):
  wafer.stage @s size [2, 2] (%x) : (tensor<4xf32>) -> () {
  ^bb0(%arg: tensor<4xf32>):
    %0 = wafer.place %arg : tensor<4xf32> to tensor<4xf32, #wafer.layout<[2, 2], [x]>>
    %1 = wafer.kernel "later" of "nn.neg" (%0) {} : (tensor<4xf32, #wafer.layout<[2, 2], [x]>>)
        -> tensor<4xf32, #wafer.layout<[2, 2], [x], partial [y]>>
    // expected-error@+1 {{names the result of a kernel or relayout, without partial sums}}
    wafer.value "v" of %1 : tensor<4xf32, #wafer.layout<[2, 2], [x], partial [y]>> as tensor<4xf32>
    wafer.yield
  }
  wafer.return
}

// -----

wafer.program @main inputs ["x"] outputs [] grid [4, 4] target #wafer.target<"wse2"> {
^bb0(%x: tensor<4xf32>):
  wafer.stage @s size [2, 2] (%x) : (tensor<4xf32>) -> () {
  ^bb0(%arg: tensor<4xf32>):
    %0 = wafer.place %arg : tensor<4xf32> to tensor<4xf32, #wafer.layout<[2, 2], [x]>>
    %1 = wafer.relayout %0 : tensor<4xf32, #wafer.layout<[2, 2], [x]>> to tensor<4xf32, #wafer.layout<[2, 2], [y]>>
    // expected-error@+1 {{may change only the element type}}
    wafer.value "v" of %1 : tensor<4xf32, #wafer.layout<[2, 2], [y]>> as tensor<2x2xf32>
    wafer.yield
  }
  wafer.return
}

// -----

// States.

// expected-error@+1 {{has state #nn.state<0 to 1>, the program has 1 inputs and 1 outputs}}
wafer.program @main inputs ["x"] outputs ["y"] grid [4, 4] target #wafer.target<"wse2"> attributes {state = [#nn.state<0 to 1>]} {
^bb0(%x: tensor<4xf32>):
  wafer.return %x : tensor<4xf32>
}

// -----

// expected-error@+1 {{has state 7 : i64, expected #nn.state}}
wafer.program @main inputs ["x"] outputs ["y"] grid [4, 4] target #wafer.target<"wse2"> attributes {state = [7]} {
^bb0(%x: tensor<4xf32>):
  wafer.return %x : tensor<4xf32>
}
