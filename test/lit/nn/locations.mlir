// RUN: weft-opt %s --mlir-print-debuginfo | weft-opt --mlir-print-debuginfo | FileCheck %s

// ONNX nodes are metadata of fused locations; names may be empty.

nn.program @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK: nn.relu {{.*}} loc([[ONE:#.*]])
  %0 = nn.relu %x : (tensor<4xf32>) -> tensor<4xf32> loc(fused<#nn.node<3, "/h.0/Relu", "Relu">>[unknown])
  // CHECK: nn.gelu {{.*}} loc([[TWO:#.*]])
  %1 = nn.gelu %0 approximate = "none" : (tensor<4xf32>) -> tensor<4xf32>
      loc(fused[fused<#nn.node<4, "", "Erf">>[unknown], fused<#nn.node<5, "m", "Mul">>[unknown]])
  nn.return %1 : tensor<4xf32>
}
// CHECK-DAG: [[ONE]] = loc(fused<#nn.node<3, "/h.0/Relu", "Relu">>[#{{.*}}])
// CHECK-DAG: [[A:#.*]] = loc(fused<#nn.node<4, "", "Erf">>[#{{.*}}])
// CHECK-DAG: [[B:#.*]] = loc(fused<#nn.node<5, "m", "Mul">>[#{{.*}}])
// CHECK-DAG: [[TWO]] = loc(fused{{.*}}[[[A]], [[B]]])
