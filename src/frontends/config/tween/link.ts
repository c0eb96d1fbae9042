/** One layer in its place, with what goes back through it. */
import { contextOf, type CallContext, type Layer } from '../../../learn/nn/context.js';
import type { Module } from '../../../learn/nn/module.js';
import { inside } from '../../../learn/nn/sequential.js';
import type { Tensor } from '../../../tensor/tensors/tensor.js';
import { vjp } from '../../../tensor/transforms/grad.js';
import { activate } from '../activations.js';
import type { Chain } from '../chain.js';
import { viewed, wireInput, wireOutput, type Wire } from '../wire.js';

type Part = Module & Layer;

export interface Link {
  readonly name: string;
  readonly layer: Part;
  readonly wire: Wire;
  readonly input: Tensor;
  /** What the layer gives, before its activation. */
  readonly raw: Tensor;
  readonly output: Tensor;
  /** In step-based execution: whether the layer runs at this tick, a bool scalar. Default: it does. */
  readonly runs?: Tensor;
  /** From a cotangent of the activated output to one of the raw output. */
  readonly throughActivation: (cotangent: Tensor) => Tensor;
  /** From a cotangent of the raw output to a tree like the layer, and to one like the input. */
  readonly throughLayer: (cotangent: Tensor) => readonly [weights: Part, input: Tensor];
}

/** Runs layer `i` on `values`, which are numbered as in {@link Wire}. */
export function runLink(
  { names, wires, layers }: Chain,
  i: number,
  values: readonly Tensor[],
  context: CallContext,
): Link {
  const [name, wire] = [names[i], wires[i]];
  const layer = layers[name];
  return inside(`layers.${name}`, () => {
    const input = wireInput(wire, values);
    const own = contextOf(context, i);
    const [raw, throughLayer] = vjp((part: Part, x: Tensor) => part.call(x, own), layer, input);
    const [activated, throughActivation] = vjp((x: Tensor) => activate(wire.activation, x), raw);
    return {
      name,
      layer,
      wire,
      input,
      raw,
      output: wireOutput(wire, activated, values),
      throughActivation: (cotangent) => throughActivation(viewed(cotangent, raw.shape.slice(1)))[0],
      throughLayer: (cotangent) => throughLayer(cotangent),
    };
  });
}
