// RUN: weft-opt %s --nn-convert-floats="to=f16 acc=f16" | FileCheck %s
// RUN: weft-opt %s --nn-convert-floats=to=f16 | FileCheck %s --check-prefix=WIDE
// RUN: weft-opt %s --nn-convert-floats | FileCheck %s --check-prefix=KEEP
// RUN: weft-opt %s --nn-convert-floats=to=f16 | weft-opt --nn-convert-floats=to=f32 | FileCheck %s --check-prefix=BACK
// RUN: not weft-opt %s --nn-convert-floats=to=f8 2>&1 | FileCheck %s --check-prefix=TYPE
// RUN: not weft-opt %s --nn-convert-floats=acc=bf16 2>&1 | FileCheck %s --check-prefix=TYPE
// TYPE: error: nn-convert-floats: found to={{.*}} acc={{.*}}, allowed are to=keep, f32, f16 or bf16 and acc=f32 or f16

// CHECK-LABEL: nn.program @main
// An input keeps its type; what is returned as it came stays as it is.
nn.program @main(%x: tensor<2x4xf32>, %p: tensor<4xf32>, %i: tensor<2xi64>)
    -> (tensor<2x3xf32>, tensor<4xf32>, tensor<2xi64>, tensor<2x4xf32>) {
  // CHECK-DAG: %[[X:.*]] = nn.cast %arg0 : (tensor<2x4xf32>) -> tensor<2x4xf16>
  // A constant expression is evaluated in f32 and rounded once; the lowest
  // number of a mask must not become -inf.
  // CHECK-DAG: %[[SUM:.*]] = nn.mul {{.*}} -> tensor<4x3xf32>
  // CHECK-DAG: %[[W:.*]] = nn.cast %[[SUM]] {saturate} : (tensor<4x3xf32>) -> tensor<4x3xf16>
  %c = nn.constant dense<-1.0e9> : tensor<4x3xf32>
  %d = nn.constant dense<2.0> : tensor<4x3xf32>
  %w = nn.mul %c, %d : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4x3xf32>
  // CHECK: %[[L:.*]] = nn.linear %[[X]], %[[W]] {weft.acc = "f16"} : {{.*}} -> tensor<2x3xf16>
  // WIDE: nn.linear
  // WIDE-NOT: weft.acc
  // KEEP-NOT: nn.cast %arg0
  // KEEP: nn.linear %arg0, {{.*}} -> tensor<2x3xf32>
  // BACK: nn.linear {{.*}} -> tensor<2x3xf32>
  %y = nn.linear %x, %w : (tensor<2x4xf32>, tensor<4x3xf32>) -> tensor<2x3xf32>
  // A cast that now does nothing is gone.
  // CHECK: %[[Z:.*]] = nn.relu %[[L]] : (tensor<2x3xf16>) -> tensor<2x3xf16>
  %n = nn.cast %y : (tensor<2x3xf32>) -> tensor<2x3xf16>
  %z = nn.relu %n : (tensor<2x3xf16>) -> tensor<2x3xf16>
  %o = nn.cast %z : (tensor<2x3xf16>) -> tensor<2x3xf32>
  // CHECK: %[[O:.*]] = nn.cast %[[Z]] : (tensor<2x3xf16>) -> tensor<2x3xf32>
  // CHECK: nn.return %[[O]], %arg1, %arg2, %arg0
  nn.return %o, %p, %i, %x : tensor<2x3xf32>, tensor<4xf32>, tensor<2xi64>, tensor<2x4xf32>
}

// A product of integers is exact in f32 only, so it stays in f32.
// CHECK-LABEL: nn.program @integers
nn.program @integers(%q: tensor<2x4xui8>, %f: tensor<2x3xf32>) -> (tensor<2x3xi32>, tensor<2x3xf32>) {
  %w = nn.constant dense<3.0> : tensor<4x3xf32>
  // CHECK: %[[H:.*]] = nn.cast %arg0 : (tensor<2x4xui8>) -> tensor<2x4xf16>
  // CHECK: %[[F:.*]] = nn.cast %[[H]] : (tensor<2x4xf16>) -> tensor<2x4xf32>
  // CHECK: %[[P:.*]] = nn.linear %[[F]], %{{[^ ]*}} : (tensor<2x4xf32>, tensor<4x3xf32>) -> tensor<2x3xf32>
  // CHECK: nn.cast %[[P]] : (tensor<2x3xf32>) -> tensor<2x3xi32>
  %c = nn.cast %q : (tensor<2x4xui8>) -> tensor<2x4xf32>
  %p = nn.linear %c, %w : (tensor<2x4xf32>, tensor<4x3xf32>) -> tensor<2x3xf32>
  %i = nn.cast %p : (tensor<2x3xf32>) -> tensor<2x3xi32>
  nn.return %i, %f : tensor<2x3xi32>, tensor<2x3xf32>
}

// Its sums may be larger than f16 holds, and the scales smaller: both are f32 up
// to their product. What else reads a scale has it in f16.
// CHECK-LABEL: nn.program @scaled_sums
nn.program @scaled_sums(%q: tensor<2x4xui8>, %f: tensor<f32>) -> (tensor<2x3xf32>, tensor<f32>) {
  %w = nn.constant dense<3.0> : tensor<4x3xf32>
  %k = nn.constant dense<1.0e-3> : tensor<f32>
  // CHECK-DAG: %[[I:.*]] = nn.cast %{{.*}} : (tensor<2x3xf32>) -> tensor<2x3xi32>
  // CHECK-DAG: %[[S:.*]] = nn.cast %[[I]] : (tensor<2x3xi32>) -> tensor<2x3xf32>
  // CHECK-DAG: %[[SCALE:.*]] = nn.mul %arg1, %{{.*}} : (tensor<f32>, tensor<f32>) -> tensor<f32>
  // CHECK-DAG: %[[P:.*]] = nn.mul %[[S]], %[[SCALE]] : {{.*}} -> tensor<2x3xf32>
  // CHECK-DAG: %[[N:.*]] = nn.cast %[[P]] : (tensor<2x3xf32>) -> tensor<2x3xf16>
  // CHECK-DAG: nn.relu %[[N]] : (tensor<2x3xf16>) -> tensor<2x3xf16>
  // CHECK-DAG: %[[T:.*]] = nn.cast %[[SCALE]] : (tensor<f32>) -> tensor<f16>
  // CHECK-DAG: nn.exp %[[T]] : (tensor<f16>) -> tensor<f16>
  %c = nn.cast %q : (tensor<2x4xui8>) -> tensor<2x4xf32>
  %p = nn.linear %c, %w : (tensor<2x4xf32>, tensor<4x3xf32>) -> tensor<2x3xf32>
  %i = nn.cast %p : (tensor<2x3xf32>) -> tensor<2x3xi32>
  %s = nn.cast %i : (tensor<2x3xi32>) -> tensor<2x3xf32>
  %scale = nn.mul %f, %k : (tensor<f32>, tensor<f32>) -> tensor<f32>
  %y = nn.mul %s, %scale : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
  %z = nn.relu %y : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %e = nn.exp %scale : (tensor<f32>) -> tensor<f32>
  nn.return %z, %e : tensor<2x3xf32>, tensor<f32>
}

// A sum that something else reads is a number like others.
// CHECK-LABEL: nn.program @bare_sums
nn.program @bare_sums(%q: tensor<2x4xui8>) -> tensor<2x3xf32> {
  %w = nn.constant dense<3.0> : tensor<4x3xf32>
  // CHECK: nn.cast {{.*}} : (tensor<2x3xi32>) -> tensor<2x3xf16>
  // CHECK: nn.relu {{.*}} : (tensor<2x3xf16>) -> tensor<2x3xf16>
  %c = nn.cast %q : (tensor<2x4xui8>) -> tensor<2x4xf32>
  %p = nn.linear %c, %w : (tensor<2x4xf32>, tensor<4x3xf32>) -> tensor<2x3xf32>
  %i = nn.cast %p : (tensor<2x3xf32>) -> tensor<2x3xi32>
  %s = nn.cast %i : (tensor<2x3xi32>) -> tensor<2x3xf32>
  %z = nn.relu %s : (tensor<2x3xf32>) -> tensor<2x3xf32>
  nn.return %z : tensor<2x3xf32>
}

// An angle of positions, and an integer computed in floats, have their places
// before the point: f16 knows only every second integer from 2048 on.
// CHECK-LABEL: nn.program @positions
nn.program @positions(%p: tensor<1x4xi64>, %t: tensor<1x1xf32>, %h: tensor<1x4xf32>) -> (tensor<1x4xf32>, tensor<1x4xi64>) {
  %f = nn.constant dense<[[1.0, 0.5, 0.25, 0.125]]> : tensor<1x4xf32>
  // CHECK-DAG: %[[P:.*]] = nn.cast %arg0 : (tensor<1x4xi64>) -> tensor<1x4xf32>
  // CHECK-DAG: %[[A:.*]] = nn.mul %[[P]], %{{.*}} -> tensor<1x4xf32>
  // CHECK-DAG: %[[C:.*]] = nn.cos %[[A]] : (tensor<1x4xf32>) -> tensor<1x4xf32>
  // CHECK-DAG: %[[N:.*]] = nn.cast %[[C]] : (tensor<1x4xf32>) -> tensor<1x4xf16>
  // CHECK-DAG: %[[H:.*]] = nn.cast %arg2 : (tensor<1x4xf32>) -> tensor<1x4xf16>
  // CHECK-DAG: nn.mul %[[H]], %[[N]] : {{.*}} -> tensor<1x4xf16>
  // CHECK-DAG: %[[I:.*]] = nn.add %arg1, %[[P]] : (tensor<1x1xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>
  // CHECK-DAG: nn.cast %[[I]] : (tensor<1x4xf32>) -> tensor<1x4xi64>
  %x = nn.cast %p : (tensor<1x4xi64>) -> tensor<1x4xf32>
  %a = nn.mul %x, %f : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>
  %c = nn.cos %a : (tensor<1x4xf32>) -> tensor<1x4xf32>
  %y = nn.mul %h, %c : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>
  %s = nn.add %t, %x : (tensor<1x1xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>
  %i = nn.cast %s : (tensor<1x4xf32>) -> tensor<1x4xi64>
  nn.return %y, %i : tensor<1x4xf32>, tensor<1x4xi64>
}

// A feature stays a feature, whatever is made of it.
// CHECK-LABEL: nn.program @features
nn.program @features(%h: tensor<1x4xf32>) -> (tensor<1x4xf32>, tensor<1x4xi32>) {
  // CHECK: nn.tanh {{.*}} -> tensor<1x4xf16>
  // CHECK: nn.sin {{.*}} -> tensor<1x4xf16>
  // CHECK: nn.cast {{.*}} : (tensor<1x4xf16>) -> tensor<1x4xi32>
  %t = nn.tanh %h : (tensor<1x4xf32>) -> tensor<1x4xf32>
  %s = nn.sin %t : (tensor<1x4xf32>) -> tensor<1x4xf32>
  %i = nn.cast %t : (tensor<1x4xf32>) -> tensor<1x4xi32>
  nn.return %s, %i : tensor<1x4xf32>, tensor<1x4xi32>
}

// A product that is made an integer is one of integers, and so is what it is
// computed of; bytes are what f16 holds.
// CHECK-LABEL: nn.program @products
nn.program @products(%p: tensor<1x4xi32>, %q: tensor<1x4xui8>) -> (tensor<1x4xi32>, tensor<1x4xi32>) {
  %w = nn.constant dense<2.0> : tensor<4x4xf32>
  // CHECK-DAG: %[[X:.*]] = nn.cast %arg0 : (tensor<1x4xi32>) -> tensor<1x4xf32>
  // CHECK-DAG: nn.linear %[[X]], %{{.*}} -> tensor<1x4xf32>
  // CHECK-DAG: nn.cast %arg1 : (tensor<1x4xui8>) -> tensor<1x4xf16>
  %x = nn.cast %p : (tensor<1x4xi32>) -> tensor<1x4xf32>
  %a = nn.linear %x, %w : (tensor<1x4xf32>, tensor<4x4xf32>) -> tensor<1x4xf32>
  %i = nn.cast %a : (tensor<1x4xf32>) -> tensor<1x4xi32>
  %y = nn.cast %q : (tensor<1x4xui8>) -> tensor<1x4xf32>
  %b = nn.linear %y, %w : (tensor<1x4xf32>, tensor<4x4xf32>) -> tensor<1x4xf32>
  %j = nn.cast %b : (tensor<1x4xf32>) -> tensor<1x4xi32>
  nn.return %i, %j : tensor<1x4xi32>, tensor<1x4xi32>
}
