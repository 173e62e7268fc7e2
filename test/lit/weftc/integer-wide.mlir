// A 64-bit constant that 32 bits do not hold is refused, not cut.

// RUN: not weftc %s -o %t.weft 2>&1 | FileCheck %s
// CHECK: error: {{.*}}'nn.add' op cannot be mapped: found the constant 4294967296, 64-bit integers are held in 32 bits

nn.program @main(%a: tensor<4xi64> {nn.name = "a"}) -> (tensor<4xi64> {nn.name = "y"}) {
  %c = nn.constant dense<4294967296> : tensor<i64>
  %y = nn.add %a, %c : (tensor<4xi64>, tensor<i64>) -> tensor<4xi64>
  nn.return %y : tensor<4xi64>
}
