/**
 * One step of recurrent networks, from gates before their activation: how those come of inputs, states and biases, and in
 * which order they lie in the weights, is for the caller. All operands are of one shape, usually [B, H].
 */
import type { Emitter, Value } from '../ir/emitter.js';
import { scalarWith } from './broadcast.js';

export interface LstmGates {
  readonly input: Value;
  readonly forget: Value;
  readonly candidate: Value;
  readonly output: Value;
}

export interface LstmState {
  readonly hidden: Value;
  readonly cell: Value;
}

/**
 * c' = sigmoid(forget) * c + sigmoid(input) * tanh(candidate), h' = sigmoid(output) * tanh(c').
 * Hochreiter and Schmidhuber (1997), with the forget gate of Gers et al. (2000).
 */
export function lstmCell(
  b: Emitter,
  { input, forget, candidate, output }: LstmGates,
  cell: Value,
): LstmState {
  const kept = b.binary('mul', b.unary('sigmoid', forget), cell);
  const added = b.binary('mul', b.unary('sigmoid', input), b.unary('tanh', candidate));
  const next = b.binary('add', kept, added);
  return { hidden: b.binary('mul', b.unary('sigmoid', output), b.unary('tanh', next)), cell: next };
}

export interface GruGates {
  readonly reset: Value;
  readonly update: Value;
  /**
   * From the reset gate r (after its sigmoid). Wx + b + r * (Uh + c) is what PyTorch and cuDNN compute, ONNX with
   * linear_before_reset; Wx + b + U(r * h) + c is the original.
   */
  readonly candidate: (reset: Value) => Value;
}

/** h' = (1 - z) * tanh(candidate) + z * h with z = sigmoid(update). Cho et al. (2014). */
export function gruCell(b: Emitter, { reset, update, candidate }: GruGates, hidden: Value): Value {
  const z = b.unary('sigmoid', update);
  const n = b.unary('tanh', candidate(b.unary('sigmoid', reset)));
  return b.binary('add', b.binary('mul', scalarWith(b, 'sub', 1, z), n), b.binary('mul', z, hidden));
}
