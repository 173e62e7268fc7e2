// RUN: weft-opt %s --split-input-file --verify-diagnostics --weft-place

// expected-error@+1 {{cannot be placed}}
wafer.program @main inputs [] outputs [] grid [3, 3] target #wafer.target<"wse2"> {
  wafer.stage @a size [2, 2] () : () -> () {
    wafer.yield
  }
  wafer.stage @b size [2, 2] () : () -> () {
    wafer.yield
  }
  wafer.return
}
