/** Gated linear units (Dauphin et al., 2016) and their variants (Shazeer, "GLU variants improve transformer", 2020). */
import type { Emitter, Value } from '../ir/emitter.js';
import { gelu, relu, silu } from './activation.js';

const ACTIVATIONS = {
  glu: (b: Emitter, x: Value): Value => b.unary('sigmoid', x),
  reglu: relu,
  geglu: gelu,
  swiglu: silu,
};

export type GateKind = keyof typeof ACTIVATIONS;

/** activation(gate) * value, both of one shape. */
export const gated = (b: Emitter, kind: GateKind, gate: Value, value: Value): Value =>
  b.binary('mul', ACTIVATIONS[kind](b, gate), value);
