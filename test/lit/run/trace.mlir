// --trace and --critical-path: two kernels that run at once, the second of which
// waits for the first. What happens when is derived by hand in
// test/unit/Sim/TraceTest.cpp; here it is named and written.
// RUN: rm -rf %t && mkdir %t && weft-opt --pe-to-weft %s -o %t/p.weft
// RUN: weft-verify %t/p.weft
// RUN: cd %t && weft-run p.weft --trace=t.json --trace-pes=1,0,1x1 --trace-links=64 --critical-path --stats-json=s.json \
// RUN:   | FileCheck %s --check-prefix=TABLE
// RUN: FileCheck %s < %t/t.json
// RUN: FileCheck %s --check-prefix=STATS < %t/s.json
// RUN: %python -m json.tool %t/t.json /dev/null

// Two runs write the same bytes; a record changes no number.
// RUN: cd %t && weft-run p.weft --quiet --trace=- --trace-pes=1,0,1x1 --trace-links=64 --critical-path --stats-json=s2.json > t2.json
// RUN: cmp %t/t.json %t/t2.json
// RUN: cmp %t/s.json %t/s2.json
// RUN: cd %t && weft-run p.weft --quiet --stats-json=plain.json --fidelity=exact
// RUN: %python -c "import json, sys; a, b = (json.load(open(f)) for f in sys.argv[1:]); p = a.pop('critical_path'); assert a == b; assert sum(k['cycles'] for k in p['kernels']) == a['cycles']" %t/s.json %t/plain.json

// TABLE: cycles [[CYCLES:[0-9]+]]
// TABLE: critical path
// TABLE-NEXT: cycles compute setup transport room task hops kernel: nodes
// The first wavelet: ramp 2, hop 1, ramp 2.
// TABLE-NEXT: {{[0-9]+}} {{[0-9]+}} {{[0-9]+}} 5 0 0 1 make: make/it (Mul), #1 (Neg)
// TABLE-NEXT: {{[0-9]+}} {{[0-9]+}} 0 0 0 0 0 take: take (Add)
// TABLE-NEXT: [[CYCLES]] {{[0-9]+}} {{[0-9]+}} 5 0 0 1 all

// CHECK: {"otherData":{"program":"p","target":"wse2","unit":"1 cycle is shown as 1 us","cycles":[[CYCLES:[0-9]+]],"link_window":64,"link_wavelets_left_out":0,"pe_events":[[EVENTS:[0-9]+]],"pe_events_left_out":0},"traceEvents":[
// CHECK-NEXT: {"ph":"M","pid":1,"tid":0,"name":"process_name","args":{"name":"stage s0"}}
// CHECK: {"ph":"M","pid":1,"tid":1,"name":"thread_name","args":{"name":"kernels 1"}}
// CHECK: {"ph":"X","pid":1,"tid":1,"ts":0,"dur":{{[0-9]+}},"name":"make","args":{"algorithm":"local","rectangle":"(0, 0) 1x1","nodes":["make/it (Mul)","#1 (Neg)"],"macs":0,"pes":1}}
// CHECK: {"ph":"M","pid":1,"tid":2,"name":"thread_name","args":{"name":"kernels 2"}}
// CHECK: {"ph":"X","pid":1,"tid":2,"ts":0,"dur":[[CYCLES]],"name":"take","args":{"algorithm":"sum","rectangle":"(1, 0) 1x1","nodes":["take (Add)"],"macs":0,"pes":1}}
// CHECK-NEXT: {"ph":"X","pid":1,"tid":0,"ts":0,"dur":[[CYCLES]],"name":"s0","args":{"rectangle":"(0, 0) 2x1","kernels":2}}
// CHECK-NEXT: {"ph":"M","pid":2,"tid":0,"name":"process_name","args":{"name":"fabric links"}}
// CHECK: {"ph":"C","pid":2,"ts":0,"name":"busiest link (wavelets in 64 cycles)","args":{"wavelets":8}}
// CHECK-NEXT: {"ph":"C","pid":2,"ts":0,"name":"all links (wavelets in 64 cycles)","args":{"wavelets":8}}
// CHECK-NEXT: {"ph":"X","pid":2,"tid":0,"ts":0,"dur":64,"name":"(0, 0) east","args":{"wavelets":8,"percent":12.5}}
// CHECK-NEXT: {"ph":"C","pid":2,"ts":64,"name":"busiest link (wavelets in 64 cycles)","args":{"wavelets":0}}
// CHECK: {"ph":"M","pid":3,"tid":0,"name":"process_name","args":{"name":"critical path"}}
// CHECK: "name":"make","args":{"nodes":["make/it (Mul)","#1 (Neg)"],"from_pe":"(0, 0)","to_pe":"(1, 0)","compute":{{[0-9]+}},"setup":{{[0-9]+}},"transport":5,"room":0,"task":0,"messages":1,"hops":1}}
// CHECK: {"ph":"M","pid":4,"tid":0,"name":"process_name","args":{"name":"PE (1, 0), class to"}}
// CHECK: {"ph":"M","pid":4,"tid":0,"name":"thread_name","args":{"name":"main thread"}}
// CHECK: "name":"vfadd d{{[0-9]+}}, in2, d{{[0-9]+}}","args":{"kernel":"take"}}
// CHECK: "name":"set-up","args":{}}
// CHECK: "name":"wait for a wavelet","args":{"colour":3}}
// CHECK: "name":"elements","args":{"elements":8}}
// CHECK: "name":"halt","args":{"kernel":"take"}}
// CHECK: {"ph":"M","pid":4,"tid":259,"name":"thread_name","args":{"name":"in, colour 3"}}
// CHECK: "name":"wavelet","args":{"word":"0x40800000","queued":0}}
// CHECK: ]}

// STATS: "critical_path": {
// STATS: "kernels": [
// STATS: "name": "make",
// STATS-NEXT: "nodes": [
// STATS-NEXT: "make/it (Mul)",
// STATS: "room": 0,
// STATS: "transport": 5
// STATS: "stretches": [
// STATS: "from_pe": [
// STATS: "to": {{[0-9]+}},

// Only in some cycles, and no more events than are allowed: what is cut is said.
// RUN: cd %t && weft-run p.weft --quiet --trace=w.json --trace-pes=0,0,2x1 --trace-window=0:1
// RUN: FileCheck %s --check-prefix=WINDOW < %t/w.json
// WINDOW: "link_window":16,{{.*}}"pe_events":2,"pe_events_left_out":0
// RUN: cd %t && weft-run p.weft --quiet --trace=e.json --trace-pes=1,0,1x1 --trace-events=3 2>&1 | FileCheck %s --check-prefix=CUT
// CUT: p.weft: warning: the trace leaves out [[N:[0-9]+]] events after the first 3; a smaller --trace-pes or --trace-window, or more --trace-events, shows them
// RUN: FileCheck %s --check-prefix=CUTFILE < %t/e.json
// CUTFILE: "pe_events":3,"pe_events_left_out":{{[1-9][0-9]*}}
// RUN: cd %t && weft-run p.weft --quiet --trace=l.json --trace-links=4
// RUN: FileCheck %s --check-prefix=LINKS < %t/l.json
// LINKS: "link_window":4
// LINKS: "name":"busiest link (wavelets in 4 cycles)","args":{"wavelets":4}}

#x = #pe.dim<none, extent 8, tile 8, stride 1>
pe.program @p grid [2, 1] target "wse2" {
  pe.stage "s0" on #pe.pattern<(0, 0), 2 x 1>
  pe.node 0 "make/it" "Mul" fate executed
  pe.node 1 "" "Neg" fate merged
  pe.node 2 "take" "Add" fate executed
  pe.kernel @make algorithm "local" on #pe.pattern<(0, 0), 1 x 1> nodes [0, 1] stage 0
  pe.kernel @take algorithm "sum" on #pe.pattern<(1, 0), 1 x 1> nodes [2] stage 0
  pe.tensor @two : tensor<8xf32> = dense<2.0> : tensor<8xf32>
  pe.init @two at 4176 on #pe.pattern<(0, 0), 2 x 1> storage f32 map [#x]
  pe.output "y" : tensor<8xf32> at 4176 on #pe.pattern<(1, 0), 1 x 1> storage f32 map [#x]
  pe.route color 3 rx ramp tx [east] on #pe.pattern<(0, 0), 1 x 1>
  pe.route color 3 rx west tx [ramp] on #pe.pattern<(1, 0), 1 x 1>
  pe.stream "s" color 3 from #pe.pattern<(0, 0), 1 x 1> dx [1, 1] dy [0, 0] words 8
  pe.class @from at [#pe.pattern<(0, 0), 1 x 1>] code_at 8192 {
    %out = pe.queue output 2 color 3 : !pe.fabout
    %x = pe.buffer "x" at 4176 : memref<8xf32>
    pe.task @start id 0 start kernel @make {
      %two = arith.constant 2.0 : f32
      pe.vec vfmul %out, %x, %two : !pe.fabout, memref<8xf32>, f32
      pe.halt
    }
  }
  pe.class @to at [#pe.pattern<(1, 0), 1 x 1>] code_at 8192 {
    %in = pe.queue input 2 color 3 : !pe.fabin
    %x = pe.buffer "x" at 4176 : memref<8xf32>
    pe.task @start id 0 start kernel @take {
      pe.vec vfadd %x, %in, %x : memref<8xf32>, !pe.fabin, memref<8xf32>
      pe.halt
    }
  }
}
