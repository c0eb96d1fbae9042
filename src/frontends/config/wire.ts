/** Layers in their places: what each gets, and what becomes of what it gives. */
import { checkTensors } from '../../tensor/arguments.js';
import type { CallContext, Layer } from '../../learn/nn/context.js';
import type { Tensor } from '../../tensor/tensors/tensor.js';
import { activate, type Activation } from './activations.js';
import type { Shape } from './scope.js';
import type { LayerType } from './types.js';

/** Values are numbered: 0 is the input of the whole, i + 1 the output of layer i. */
export interface Wire {
  readonly type: LayerType;
  /** The value that is the input. */
  readonly source: number;
  /** Its shape, without the batch, for the layer. */
  readonly view: Shape;
  /** Values that are added to the input, and to the output. */
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly activation: Activation;
  /** In step-based execution: every which tick the layer runs. */
  readonly every: number;
}

/** [B, ...] -> [B, ...shape], the same elements. */
export function viewed(x: Tensor, shape: Shape): Tensor {
  checkTensors('network', { 'the input': x });
  return x.rank === shape.length + 1 && shape.every((extent, i) => extent === x.shape[i + 1])
    ? x
    : x.reshape([x.shape[0], ...shape]);
}

/** What a layer in its place is called with. */
export const wireInput = ({ source, view, before }: Wire, values: readonly Tensor[]): Tensor =>
  before.reduce((sum, i) => sum.add(viewed(values[i], view)), viewed(values[source], view));

/** What becomes of an activated output. */
export const wireOutput = ({ after }: Wire, activated: Tensor, values: readonly Tensor[]): Tensor =>
  after.reduce((sum, i) => sum.add(viewed(values[i], sum.shape.slice(1))), activated);

/** The output of a layer in its place. */
export function runWire(layer: Layer, wire: Wire, values: readonly Tensor[], context: CallContext): Tensor {
  const output = activate(wire.activation, layer.call(wireInput(wire, values), context));
  return wireOutput(wire, output, values);
}
