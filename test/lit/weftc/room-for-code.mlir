// Data fit by themselves, and kernels are chosen for speed: every PE has the whole
// table. Code then lacks room, so the table is split after all.
// RUN: rm -rf %t && mkdir %t
// RUN: weftc %s --grid=4x4 --set=pe.sram_bytes=12200 -o %t/a.weft --remarks=%t/a.yaml --plan=%t/plan.yaml
// RUN: weft-verify %t/a.weft
// RUN: FileCheck %s < %t/a.yaml
// CHECK: Algorithm: local
// CHECK: Name: RoomForCode
// CHECK: - Missing: '{{[0-9]+}}'
// CHECK-NEXT: - Capacity: '{{[0-9]+}}'
// CHECK: Algorithm: embedding
//
// The plan is that of the program. One that is given is obeyed, even if code
// lacks room.
// RUN: weftc %s --grid=4x4 --set=pe.sram_bytes=12200 -o %t/b.weft --plan=%t/plan.yaml && cmp %t/a.weft %t/b.weft
// RUN: weftc %s --grid=4x4 -o %t/large.weft --plan=%t/local.yaml
// RUN: not weftc %s --grid=4x4 --set=pe.sram_bytes=12200 -o %t/c.weft --plan=%t/local.yaml 2>&1 \
// RUN:   | FileCheck %s --check-prefix=GIVEN
// GIVEN: error: class 's0_root_root' on 1 PEs needs {{[0-9]+}} bytes of SRAM, wse2 has 12200 (R-MEM-1)
nn.program @main(%ids: tensor<8xi64> {nn.name = "ids"}) -> (tensor<8x16xf32> {nn.name = "y"}) {
  %t = nn.constant dense<0.5> : tensor<100x16xf32>
  %w = nn.constant dense<0.1> : tensor<16x16xf32>
  %0 = nn.gather %t, %ids axis = 0 : (tensor<100x16xf32>, tensor<8xi64>) -> tensor<8x16xf32>
  %1 = nn.gelu %0 approximate = "none" : (tensor<8x16xf32>) -> tensor<8x16xf32>
  %2 = nn.linear %1, %w : (tensor<8x16xf32>, tensor<16x16xf32>) -> tensor<8x16xf32>
  nn.return %2 : tensor<8x16xf32>
}
