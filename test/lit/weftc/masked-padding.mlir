// A row of probabilities without keys, in 16 bits, with padding behind its 9
// columns on two PEs: what padding holds is finite, so that the product with its
// zeros is 0.
//
// REQUIRES: onnx
// RUN: %python -c "import numpy, sys; numpy.save(sys.argv[1], numpy.zeros((1, 1, 1, 1), numpy.float16))" %t.npy
// RUN: weftc %s -o %t.weft --grid=2x1 --plan=%t.yaml
// RUN: FileCheck %s < %t.yaml
// RUN: weft-run %t.weft --zeros --expect y=%t.npy
// RUN: weftc %s -o %t.column.weft --grid=1x2
// RUN: weft-run %t.column.weft --zeros --expect y=%t.npy

// CHECK: split_softmax
// CHECK: matmul
nn.program @main(%x: tensor<1x1x1x9xf16> {nn.name = "x"}, %v: tensor<1x1x9x1xf16> {nn.name = "v"}) -> (tensor<1x1x1x1xf16> {nn.name = "y"}) {
  %mask = nn.constant dense<0xFC00> : tensor<1x1x1x9xf16>
  %s = nn.add %x, %mask : (tensor<1x1x1x9xf16>, tensor<1x1x1x9xf16>) -> tensor<1x1x1x9xf16>
  %p = nn.softmax %s axis = 3 {zero_masked = true} : (tensor<1x1x1x9xf16>) -> tensor<1x1x1x9xf16>
  %y = nn.matmul %p, %v : (tensor<1x1x1x9xf16>, tensor<1x1x9x1xf16>) -> tensor<1x1x1x1xf16>
  nn.return %y : tensor<1x1x1x1xf16>
}
