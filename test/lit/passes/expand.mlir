// RUN: weft-opt %s --split-input-file --weft-expand | FileCheck %s

// Equal code is one kernel, however many launches; a result takes the buffer of
// an operand that dies; a reshape that keeps the last dimension is no code.

#row = #wafer.layout<[2, 3], [*, x]>
#col = #wafer.layout<[2, 3], [*, y]>

// CHECK-LABEL: fabric.program @main grid [2, 3] target #target attributes
// CHECK-SAME: input_names = ["x"], input_types = [tensor<4x6xf32>], output_names = ["y"], output_sources = [unit]
// CHECK: fabric.region @s0 at [0, 0] size [2, 3]
// CHECK: %[[X:.*]] = fabric.buffer "in0" "io" input 0 tensor tensor<4x6xf32, {{.*}}> : memref<12xf32>
// CHECK: %[[A:.*]] = fabric.buffer "wa" "weights" init @wa {{.*}} : memref<6xf32>
// CHECK: %[[B:.*]] = fabric.buffer "wb" "weights" init @wb {{.*}} : memref<6xf32>
// CHECK: %[[H:.*]] = fabric.buffer "linear" "activations" {{.*}} : memref<8xf32>
// CHECK: fabric.launch @[[G:gemm_[0-9]+]](%[[X]], %[[A]], %[[H]]) instance "linear" algorithm "gemm"
// A name is no use, and stands after the launch that wrote what it names.
// CHECK-NEXT: fabric.value "h" in %[[H]] tensor tensor<4x6xf32, {{.*}}> as tensor<4x6xf32> : memref<8xf32>
// The relu overwrites its operand; the reshape is not there.
// CHECK: fabric.launch @[[R:elementwise_[0-9]+]](%[[H]], %[[H]]) instance "relu"
// CHECK-NEXT: fabric.value "r" in %[[H]]
// CHECK-NEXT: fabric.value "r3" in %[[H]] tensor tensor<2x2x6xf32, {{.*}}> as tensor<2x2x6xf32> : memref<8xf32>
// CHECK-NOT: reshape
// CHECK: %[[Y:.*]] = fabric.buffer "linear_1" "activations" {{.*}} : memref<12xf32>
// CHECK: fabric.launch @{{gemm_[0-9]+}}(%[[H]], %{{.*}}, %[[Y]]) instance "linear_1"
// The second layer runs the code of the first on its own weights.
// CHECK: %[[H2:.*]] = fabric.buffer "linear_2" "activations"
// CHECK: fabric.launch @[[G]](%[[Y]], %[[B]], %[[H2]]) instance "linear_2"
// CHECK: fabric.launch @[[R]](%[[H2]], %[[H2]]) instance "relu_1"
// CHECK-NOT: fabric.launch
// CHECK-COUNT-3: fabric.kernel
// CHECK-NOT: fabric.kernel
wafer.program @main inputs ["x"] outputs ["y"] grid [2, 3] target #wafer.target<"wse2"> {
^bb0(%x: tensor<4x6xf32>):
  %y = wafer.stage @s0 at [0, 0] size [2, 3] (%x) : (tensor<4x6xf32>) -> tensor<2x2x6xf32, #wafer.layout<[2, 3], [*, *, y]>> {
  ^bb0(%arg: tensor<4x6xf32>):
    %in = wafer.place %arg : tensor<4x6xf32> to tensor<4x6xf32, #row>
    %a = wafer.place @wa to tensor<6x6xf32, #wafer.layout<[2, 3], [x, y]>>
    %b = wafer.place @wb to tensor<6x6xf32, #wafer.layout<[2, 3], [x, y]>>
    %c = wafer.place @wa to tensor<6x6xf32, #wafer.layout<[2, 3], [y, x]>>
    %0 = wafer.kernel "gemm" of "nn.linear" (%in, %a) {}
        : (tensor<4x6xf32, #row>, tensor<6x6xf32, #wafer.layout<[2, 3], [x, y]>>) -> tensor<4x6xf32, #col>
    wafer.value "h" of %0 : tensor<4x6xf32, #col> as tensor<4x6xf32>
    %1 = wafer.kernel "elementwise" of "nn.relu" (%0) {} : (tensor<4x6xf32, #col>) -> tensor<4x6xf32, #col>
    wafer.value "r" of %1 : tensor<4x6xf32, #col> as tensor<4x6xf32>
    %2 = wafer.kernel "rows" of "nn.reshape" (%1) {}
        : (tensor<4x6xf32, #col>) -> tensor<2x2x6xf32, #wafer.layout<[2, 3], [*, *, y]>>
    %3 = wafer.kernel "rows" of "nn.reshape" (%2) {}
        : (tensor<2x2x6xf32, #wafer.layout<[2, 3], [*, *, y]>>) -> tensor<4x6xf32, #col>
    wafer.value "r3" of %2 : tensor<2x2x6xf32, #wafer.layout<[2, 3], [*, *, y]>> as tensor<2x2x6xf32>
    %4 = wafer.kernel "gemm" of "nn.linear" (%3, %c) {}
        : (tensor<4x6xf32, #col>, tensor<6x6xf32, #wafer.layout<[2, 3], [y, x]>>) -> tensor<4x6xf32, #row>
    %5 = wafer.kernel "gemm" of "nn.linear" (%4, %b) {}
        : (tensor<4x6xf32, #row>, tensor<6x6xf32, #wafer.layout<[2, 3], [x, y]>>) -> tensor<4x6xf32, #col>
    %6 = wafer.kernel "elementwise" of "nn.relu" (%5) {} : (tensor<4x6xf32, #col>) -> tensor<4x6xf32, #col>
    %7 = wafer.kernel "rows" of "nn.reshape" (%6) {}
        : (tensor<4x6xf32, #col>) -> tensor<2x2x6xf32, #wafer.layout<[2, 3], [*, *, y]>>
    wafer.yield %7 : tensor<2x2x6xf32, #wafer.layout<[2, 3], [*, *, y]>>
  }
  wafer.return %y : tensor<2x2x6xf32, #wafer.layout<[2, 3], [*, *, y]>>
}
wafer.constant @wa : tensor<6x6xf32> {
  %0 = nn.constant dense<1.0> : tensor<6x6xf32>
  wafer.yield %0 : tensor<6x6xf32>
}
wafer.constant @wb : tensor<6x6xf32> {
  %0 = nn.constant dense<2.0> : tensor<6x6xf32>
  wafer.yield %0 : tensor<6x6xf32>
}

// -----

// An operand that lives on is not overwritten: x + relu(x).
// CHECK: %[[X:.*]] = fabric.buffer "neg" "activations"
// CHECK: %[[R:.*]] = fabric.buffer "relu" "activations"
// CHECK: fabric.launch @{{.*}}(%[[X]], %[[R]]) instance "relu"
// CHECK: fabric.launch @{{.*}}(%[[X]], %[[R]], %[[X]]) instance "add"
wafer.program @main inputs ["x"] outputs ["y"] grid [1, 1] target #wafer.target<"wse2"> {
^bb0(%x: tensor<4xf32>):
  %y = wafer.stage @s0 at [0, 0] size [1, 1] (%x) : (tensor<4xf32>) -> tensor<4xf32, #wafer.layout<[1, 1], [*]>> {
  ^bb0(%arg: tensor<4xf32>):
    %in = wafer.place %arg : tensor<4xf32> to tensor<4xf32, #wafer.layout<[1, 1], [*]>>
    %0 = wafer.kernel "elementwise" of "nn.neg" (%in) {} : (tensor<4xf32, #wafer.layout<[1, 1], [*]>>) -> tensor<4xf32, #wafer.layout<[1, 1], [*]>>
    %1 = wafer.kernel "elementwise" of "nn.relu" (%0) {} : (tensor<4xf32, #wafer.layout<[1, 1], [*]>>) -> tensor<4xf32, #wafer.layout<[1, 1], [*]>>
    %2 = wafer.kernel "elementwise" of "nn.add" (%0, %1) {}
        : (tensor<4xf32, #wafer.layout<[1, 1], [*]>>, tensor<4xf32, #wafer.layout<[1, 1], [*]>>) -> tensor<4xf32, #wafer.layout<[1, 1], [*]>>
    wafer.yield %2 : tensor<4xf32, #wafer.layout<[1, 1], [*]>>
  }
  wafer.return %y : tensor<4xf32, #wafer.layout<[1, 1], [*]>>
}

// -----

// A stream: the producer ends with a send, the consumer begins with a receive.
// CHECK: fabric.region @a at [0, 1] size [2, 2]
// CHECK: %[[X:.*]] = fabric.buffer "in0" "io"
// CHECK: fabric.launch @send_a_to_b_0(%[[X]]) instance "send_a_to_b_0" algorithm "stream"
// CHECK: fabric.region @b at [3, 1] size [1, 2]
// CHECK: %[[Y:.*]] = fabric.buffer "arg0" "activations"
// CHECK: fabric.launch @recv_a_to_b_0(%[[Y]]) instance "recv_a_to_b_0" algorithm "stream"
// CHECK: fabric.channel @a_to_b_0 kind "stream" axis x region @a peer @b{{$}}
// CHECK: fabric.send %{{.*}} to @a_to_b_0 : memref<2xf32>
// CHECK: fabric.recv %{{.*}} from @a_to_b_0 : memref<2xf32>
wafer.program @main inputs ["x"] outputs ["y"] grid [4, 4] target #wafer.target<"wse2"> {
^bb0(%x: tensor<4xf32>):
  %a = wafer.stage @a at [0, 1] size [2, 2] (%x) : (tensor<4xf32>) -> tensor<4xf32, #wafer.layout<[2, 2], [y]>> {
  ^bb0(%arg: tensor<4xf32>):
    %0 = wafer.place %arg : tensor<4xf32> to tensor<4xf32, #wafer.layout<[2, 2], [y]>>
    wafer.yield %0 : tensor<4xf32, #wafer.layout<[2, 2], [y]>>
  }
  %s = wafer.stream %a : tensor<4xf32, #wafer.layout<[2, 2], [y]>> to tensor<4xf32, #wafer.layout<[1, 2], [y]>>
  %b = wafer.stage @b at [3, 1] size [1, 2] (%s) : (tensor<4xf32, #wafer.layout<[1, 2], [y]>>) -> tensor<4xf32, #wafer.layout<[1, 2], [y]>> {
  ^bb0(%arg: tensor<4xf32, #wafer.layout<[1, 2], [y]>>):
    %0 = wafer.kernel "elementwise" of "nn.neg" (%arg) {}
        : (tensor<4xf32, #wafer.layout<[1, 2], [y]>>) -> tensor<4xf32, #wafer.layout<[1, 2], [y]>>
    wafer.yield %0 : tensor<4xf32, #wafer.layout<[1, 2], [y]>>
  }
  wafer.return %b : tensor<4xf32, #wafer.layout<[1, 2], [y]>>
}
