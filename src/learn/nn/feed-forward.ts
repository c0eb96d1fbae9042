/** The two-layer perceptrons of transformers, with and without gates. */
import { flag, func, number } from '../../base/kinds.js';
import type { OptionTable } from '../../base/options.js';
import { gated, type GateKind } from '../../compose/index.js';
import { keyKind, optionsOf } from '../../tensor/arguments.js';
import { split, type Key } from '../../tensor/tensors/random.js';
import type { Tensor } from '../../tensor/tensors/tensor.js';
import { gelu } from './activations.js';
import { contextOf, type CallContext } from './context.js';
import { Dropout } from './dropout.js';
import { liftOne, nameOf } from './lift.js';
import { Linear } from './linear.js';
import { Module } from './module.js';

export interface FeedForwardOptions {
  readonly key: Key;
  /** Default true for {@link FeedForward}, false for those with gates. */
  readonly bias?: boolean;
  /** Of the hidden features. Default 0. */
  readonly dropout?: number;
}

export interface ActivatedOptions extends FeedForwardOptions {
  /** Default gelu. */
  readonly activation?: (x: Tensor) => Tensor;
}

const OPTIONS: OptionTable<FeedForwardOptions> = { key: keyKind, bias: flag, dropout: number };
const ACTIVATED_OPTIONS: OptionTable<ActivatedOptions> = { ...OPTIONS, activation: func };

/** f32 [..., features] -> the same: down(activation(up(x))). Throws SHAPE_MISMATCH for other inputs. */
export class FeedForward extends Module {
  readonly up: Linear;
  readonly down: Linear;
  readonly dropout: Dropout;
  readonly activation: (x: Tensor) => Tensor;

  constructor(features: number, hidden: number, options: ActivatedOptions) {
    super();
    const own = optionsOf(nameOf(this), options, ACTIVATED_OPTIONS);
    const { key, bias = true, dropout = 0, activation = gelu } = own;
    const [forUp, forDown] = split(key);
    this.up = new Linear(features, hidden, { key: forUp, bias });
    this.down = new Linear(hidden, features, { key: forDown, bias });
    this.dropout = new Dropout(dropout);
    this.activation = activation;
  }

  call(x: Tensor, context: CallContext = {}): Tensor {
    return this.down.call(this.dropout.call(this.activation(this.up.call(x)), contextOf(context, 0)));
  }
}

/**
 * f32 [..., features] -> the same: down(activation(gate(x)) * up(x)). Shazeer, "GLU variants improve transformer" (2020).
 * Throws SHAPE_MISMATCH for other inputs.
 */
export class GatedFeedForward extends Module {
  readonly gate: Linear;
  readonly up: Linear;
  readonly down: Linear;
  readonly dropout: Dropout;

  constructor(
    readonly kind: GateKind,
    features: number,
    hidden: number,
    options: FeedForwardOptions,
  ) {
    super();
    const { key, bias = false, dropout = 0 } = optionsOf(nameOf(this), options, OPTIONS);
    const [forGate, forUp, forDown] = split(key, 3);
    this.gate = new Linear(features, hidden, { key: forGate, bias });
    this.up = new Linear(features, hidden, { key: forUp, bias });
    this.down = new Linear(hidden, features, { key: forDown, bias });
    this.dropout = new Dropout(dropout);
  }

  call(x: Tensor, context: CallContext = {}): Tensor {
    const hidden = liftOne(this.kind, [this.gate.call(x), this.up.call(x)], (b, gate, up) =>
      gated(b, this.kind, gate, up),
    );
    return this.down.call(this.dropout.call(hidden, contextOf(context, 0)));
  }

  override describe(): string {
    return this.kind;
  }
}

/** {@link GatedFeedForward} with SiLU, as in Llama. */
export class SwiGLU extends GatedFeedForward {
  constructor(features: number, hidden: number, options: FeedForwardOptions) {
    super('swiglu', features, hidden, options);
  }
}
/** {@link GatedFeedForward} with GELU. */
export class GeGLU extends GatedFeedForward {
  constructor(features: number, hidden: number, options: FeedForwardOptions) {
    super('geglu', features, hidden, options);
  }
}
/** {@link GatedFeedForward} with ReLU. */
export class ReGLU extends GatedFeedForward {
  constructor(features: number, hidden: number, options: FeedForwardOptions) {
    super('reglu', features, hidden, options);
  }
}
