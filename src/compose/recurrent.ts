/**
 * One step of recurrent networks, from gates before their activation: how those come of inputs, states and biases, and in
 * which order they lie in the weights, is for the caller. All operands are of one shape, usually [B, H].
 */
import type { Emitter, Value } from '../ir/emitter.js';
import { scalarWith } from './broadcast.js';

/** An activation, element by element. */
export type Activation = (b: Emitter, x: Value) => Value;

const sigmoid: Activation = (b, x) => b.unary('sigmoid', x);
const tanh: Activation = (b, x) => b.unary('tanh', x);

export interface LstmGates {
  readonly input: Value;
  /** Where it is left out, the forget gate is 1 - the input gate. */
  readonly forget: Value | undefined;
  readonly candidate: Value;
  /** It may depend on the new cell: a peephole. */
  readonly output: Value | ((cell: Value) => Value);
}

export interface LstmState {
  readonly hidden: Value;
  readonly cell: Value;
}

/** What stands for sigmoid and tanh. */
export interface LstmFunctions {
  readonly gate: Activation;
  readonly candidate: Activation;
  readonly cell: Activation;
}

/**
 * c' = sigmoid(forget) * c + sigmoid(input) * tanh(candidate), h' = sigmoid(output) * tanh(c').
 * Hochreiter and Schmidhuber (1997), with the forget gate of Gers et al. (2000).
 */
export function lstmCell(
  b: Emitter,
  { input, forget, candidate, output }: LstmGates,
  cell: Value,
  f: LstmFunctions = { gate: sigmoid, candidate: tanh, cell: tanh },
): LstmState {
  const keep = forget === undefined ? scalarWith(b, 'sub', 1, f.gate(b, input)) : f.gate(b, forget);
  const kept = b.binary('mul', keep, cell);
  const added = b.binary('mul', f.gate(b, input), f.candidate(b, candidate));
  const next = b.binary('add', kept, added);
  const shown = f.gate(b, typeof output === 'function' ? output(next) : output);
  return { hidden: b.binary('mul', shown, f.cell(b, next)), cell: next };
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

/** What stands for sigmoid and tanh. */
export interface GruFunctions {
  readonly gate: Activation;
  readonly candidate: Activation;
}

/** h' = (1 - z) * tanh(candidate) + z * h with z = sigmoid(update). Cho et al. (2014). */
export function gruCell(
  b: Emitter,
  { reset, update, candidate }: GruGates,
  hidden: Value,
  f: GruFunctions = { gate: sigmoid, candidate: tanh },
): Value {
  const z = f.gate(b, update);
  const n = f.candidate(b, candidate(f.gate(b, reset)));
  return b.binary('add', b.binary('mul', scalarWith(b, 'sub', 1, z), n), b.binary('mul', z, hidden));
}
