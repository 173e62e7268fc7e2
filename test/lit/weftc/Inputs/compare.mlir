// Every kind of product, an embedding, and what is computed at compile time.
nn.weight @table : tensor<100x8xf32> = #nn.data<"", 0, 3200, "">
nn.weight @wq : tensor<8x8xf32> = #nn.data<"", 0, 256, "">
nn.weight @wo : tensor<16x8xf32> = #nn.data<"", 0, 512, "">
nn.weight @bias : tensor<16xf32> = #nn.data<"", 0, 64, "">
nn.program @main(%ids: tensor<1x4xi64> {nn.name = "ids"})
    -> (tensor<1x4x16xf32> {nn.name = "y"}, tensor<1x4x4xf32> {nn.name = "s"}) {
  %table = nn.load @table : tensor<100x8xf32>
  %wq = nn.load @wq : tensor<8x8xf32>
  %wo = nn.load @wo : tensor<16x8xf32>
  %wot = nn.transpose %wo perm = [1, 0] : (tensor<16x8xf32>) -> tensor<8x16xf32>
  %bias = nn.load @bias : tensor<16xf32>
  %x = nn.gather %table, %ids axis = 0
      : (tensor<100x8xf32>, tensor<1x4xi64>) -> tensor<1x4x8xf32>
  %q = nn.linear %x, %wq : (tensor<1x4x8xf32>, tensor<8x8xf32>) -> tensor<1x4x8xf32>
  %a = nn.attention %q, %x, %x heads = 2 kv_heads = 2 scale = 5.000000e-01 causal = true
      : (tensor<1x4x8xf32>, tensor<1x4x8xf32>, tensor<1x4x8xf32>) -> tensor<1x4x8xf32>
  %y = nn.linear %a, %wot bias %bias
      : (tensor<1x4x8xf32>, tensor<8x16xf32>, tensor<16xf32>) -> tensor<1x4x16xf32>
  %t = nn.transpose %a perm = [0, 2, 1] : (tensor<1x4x8xf32>) -> tensor<1x8x4xf32>
  %s = nn.matmul %a, %t : (tensor<1x4x8xf32>, tensor<1x8x4xf32>) -> tensor<1x4x4xf32>
  nn.return %y, %s : tensor<1x4x16xf32>, tensor<1x4x4xf32>
}
