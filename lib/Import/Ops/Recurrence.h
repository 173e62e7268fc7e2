//===- Recurrence.h - What RNN, GRU and LSTM share ------------------------===//
//
// Part of Weft, under the Apache License v2.0. See LICENSE.
//
// One step after the other, written out. The products of the inputs are one
// matrix product for all steps; those of the state are one for each gate, so
// that a gate lies split over the PEs as the state does. Lengths of sequences
// select between a step's state and the one before, so they need not be known.
//
//===----------------------------------------------------------------------===//
#ifndef WEFT_LIB_IMPORT_OPS_RECURRENCE_H
#define WEFT_LIB_IMPORT_OPS_RECURRENCE_H

#include "../Importer.h"

namespace weft {

/// An activation with its parameters.
struct Activation {
  std::string name; // lower case
  double alpha = 0, beta = 0;
};

/// Values that a recurrence carries from step to step.
struct State {
  Value hidden, cell; // [batch, hidden]; the cell is LSTM's
};

class Recurrence {
public:
  Recurrence(NodeCtx &n, int64_t gates,
             llvm::ArrayRef<llvm::StringRef> defaults)
      : n(n), gates(gates), defaults(defaults) {}
  virtual ~Recurrence() = default;
  bool build();

protected:
  NodeCtx &n;
  int64_t gates;
  llvm::ArrayRef<llvm::StringRef> defaults; // activations of one direction
  int64_t steps = 0, batch = 0, hidden = 0, directions = 1;
  Value x; // [steps * batch, inputs]
  llvm::SmallVector<Activation> activations;
  double clip = 0;
  bool batchFirst = false;

  // Of the direction in hand.
  int64_t direction = 0;
  llvm::SmallVector<Value> ofInput;   // by gate: [steps, batch, hidden]
  llvm::SmallVector<Value> recurrent; // by gate: [hidden, hidden]

  virtual State step(int64_t t, const State &before) = 0;
  /// Both biases of a gate are added to the inputs' product, unless that of the
  /// state has to stay apart.
  virtual bool addsStateBias(int64_t gate) const { return true; }

  bool readShapes();
  bool readActivations();
  bool prepareDirection();
  Value weight(unsigned input, int64_t gate);
  Value vector(unsigned input, int64_t part, int64_t parts);
  Value first(unsigned input);
  Value lives(int64_t t);
  Value product(Value state, int64_t gate) {
    return n.make<nn::MatMulOp>({state, recurrent[gate]});
  }
  Value inputAt(int64_t t, int64_t gate) {
    return n.reshape(n.sliceAxis(ofInput[gate], 0, t, 1), {batch, hidden});
  }
  /// What a gate's activation is applied to.
  Value argument(int64_t t, int64_t gate, Value state) {
    Value own = product(state, gate);
    return sum(inputAt(t, gate), own);
  }
  Value sum(Value a, Value b) { return n.make<nn::AddOp>({a, b}); }
  Value times(Value a, Value b) { return n.make<nn::MulOp>({a, b}); }
  /// 1 - a
  Value rest(Value a) { return n.make<nn::SubOp>({n.scalarLike(a, 1), a}); }
  Value activated(int64_t which, Value a);
  Value function(const Activation &f, Value a);

  bool runDirection(llvm::SmallVectorImpl<Value> &outputs, State &last);
  bool emit(llvm::ArrayRef<llvm::SmallVector<Value>> outputs,
            llvm::ArrayRef<State> last);
};

} // namespace weft
#endif
