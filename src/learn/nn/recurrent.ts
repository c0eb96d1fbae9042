/** Recurrent networks over sequences [B, T, features]. */
import { checkArguments } from '../../base/arguments.js';
import { shown } from '../../base/describe.js';
import { flag, integer, list, number, oneOf, required } from '../../base/kinds.js';
import type { OptionTable } from '../../base/options.js';
import { HeddleError } from '../../base/errors.js';
import { printType } from '../../ir/types.js';
import { keyKind, optionsOf } from '../../tensor/arguments.js';
import { flattenTensors } from '../../tensor/expressions/call.js';
import { MAX_TRIPS } from '../../ir/ops.js';
import { checkRounds, scan } from '../../tensor/transforms/loops.js';
import { concat } from '../../tensor/tensors/functions.js';
import { split, type Key } from '../../tensor/tensors/random.js';
import { named } from '../../tensor/tensors/core.js';
import type { Tensor } from '../../tensor/tensors/tensor.js';
import { GRUCell, LSTMCell, RNNCell, type CellOptions, type LSTMState, type RecurrentCell } from './cells.js';
import { contextOf, type CallContext } from './context.js';
import { Dropout } from './dropout.js';
import { checkInput, checkOption, labelOf, nameOf } from './lift.js';
import { Module } from './module.js';

export interface RecurrentOptions {
  readonly key: Key;
  /** One on top of the other. Default 1. */
  readonly layers?: number;
  /** Whether each layer reads the sequence in both directions; the outputs stand side by side. Default false. */
  readonly bidirectional?: boolean;
  /** Default true. */
  readonly bias?: boolean;
  /** Of the outputs of all layers but the last. Default 0. */
  readonly dropout?: number;
  /** Steps that a sequence may have, up to 65,536: each is part of the program. Default 4096. */
  readonly maxSteps?: number;
}

export interface RNNOptions extends RecurrentOptions {
  /** Default tanh. */
  readonly activation?: 'tanh' | 'relu';
}

const OPTIONS: OptionTable<RecurrentOptions> = {
  key: keyKind,
  layers: integer,
  bidirectional: flag,
  bias: flag,
  dropout: number,
  maxSteps: integer,
};
const RNN_OPTIONS: OptionTable<RNNOptions> = { ...OPTIONS, activation: oneOf('tanh', 'relu') };

type MakeCell<S> = (inFeatures: number, options: CellOptions) => RecurrentCell<S>;

/**
 * f32 [B, T, inFeatures] -> [B, T, hiddenFeatures], twice as many features where it is bidirectional. The steps are part of
 * the program, one after the other: long sequences make long programs.
 *
 * Throws SHAPE_MISMATCH for other inputs, and for an initial state of other shapes; LIMIT_EXCEEDED for more than `maxSteps`.
 */
abstract class Recurrent<S> extends Module {
  /** Layer by layer, in a layer the one that reads forwards first. */
  readonly cells: readonly RecurrentCell<S>[];
  readonly dropout: Dropout;
  readonly bidirectional: boolean;
  readonly maxSteps: number;

  constructor(
    readonly inFeatures: number,
    readonly hiddenFeatures: number,
    options: RecurrentOptions,
    makeCell: MakeCell<S>,
    table: OptionTable<RecurrentOptions> = OPTIONS,
  ) {
    super();
    const own = optionsOf(nameOf(this), options, table);
    const { key, layers = 1, bidirectional = false, bias = true, dropout = 0, maxSteps = MAX_TRIPS } = own;
    checkOption(
      this,
      Number.isInteger(layers) && layers >= 1,
      'a recurrent network needs layers',
      shown`${layers}`,
    );
    const directions = bidirectional ? 2 : 1;
    this.bidirectional = bidirectional;
    this.maxSteps = maxSteps;
    this.dropout = new Dropout(dropout);
    this.cells = split(key, layers * directions).map((own, i) =>
      makeCell(i < directions ? inFeatures : hiddenFeatures * directions, { key: own, bias }),
    );
  }

  /** The outputs alone. */
  call(x: Tensor, context: CallContext = {}): Tensor {
    return this.unroll(x, undefined, context)[0];
  }

  /**
   * The outputs, and the states of all cells, in the order of `cells`, after the last element that each has read. `initial`
   * are those before the first; zeros where it is left out.
   */
  unroll(x: Tensor, initial?: readonly S[], context: CallContext = {}): [output: Tensor, states: S[]] {
    checkInput(this, x, () => x.rank === 3 && x.shape[2] === this.inFeatures, `[B, T, ${this.inFeatures}]`);
    named(labelOf(this), () =>
      checkRounds(x.shape[1], this.maxSteps, `{ maxSteps: ${x.shape[1]} } allows them`),
    );
    const states = this.cells.map((cell, i) => this.startOf(cell, x, initial, i));
    const directions = this.bidirectional ? 2 : 1;
    const finals: S[] = [];
    let value = x;
    for (let first = 0; first < this.cells.length; first += directions) {
      if (first > 0) value = this.dropout.call(value, contextOf(context, first));
      const outputs = this.cells.slice(first, first + directions).map((cell, i) => {
        const [output, final] = read(cell, value, states[first + i], i === 1, this.maxSteps);
        finals.push(final);
        return output;
      });
      value = outputs.length === 1 ? outputs[0] : concat(outputs, -1);
    }
    return [value, finals];
  }

  private startOf(cell: RecurrentCell<S>, x: Tensor, initial: readonly S[] | undefined, i: number): S {
    const start = cell.initialState(x.shape[0], x.dtype);
    if (initial === undefined) return start;
    checkArguments(labelOf(this), { initial }, { initial: required(list) });
    const typesOf = (state: unknown): string =>
      flattenTensors(state)
        .leaves.map(({ expr }) => printType(expr.type))
        .join(', ');
    const [found, expected] = [typesOf(initial[i]), typesOf(start)];
    if (found !== expected)
      named(labelOf(this), () => {
        throw new HeddleError('SHAPE_MISMATCH', `the initial state of cell ${i} has other types`, {
          found,
          expected,
        });
      });
    return initial[i];
  }

  override describe(): string {
    const { inFeatures, hiddenFeatures, bidirectional } = this;
    return `${inFeatures}, ${hiddenFeatures}${bidirectional ? ', bidirectional=true' : ''}`;
  }
}

/** The outputs [B, T, H] of one cell, and its state in the end. */
function read<S>(
  cell: RecurrentCell<S>,
  x: Tensor,
  start: S,
  reverse: boolean,
  maxRounds: number,
): [Tensor, S] {
  const steps = cell.project(x).permute(1, 0, 2);
  const [final, outputs] = scan(
    (state: S, projected: Tensor): [S, Tensor] => {
      const next = cell.step(projected, state);
      return [next, cell.outputOf(next)];
    },
    start,
    steps,
    { reverse, maxRounds },
  );
  return [outputs.permute(1, 0, 2), final];
}

/** {@link Recurrent} with cells h' = tanh(W x + b + U h + c), or ReLU. Elman (1990). */
export class RNN extends Recurrent<Tensor> {
  constructor(inFeatures: number, hiddenFeatures: number, options: RNNOptions) {
    super(
      inFeatures,
      hiddenFeatures,
      options,
      (features, own) => new RNNCell(features, hiddenFeatures, options.activation ?? 'tanh', own),
      RNN_OPTIONS,
    );
  }
}

/** {@link Recurrent} with gated recurrent units, in PyTorch's variant. Cho et al. (2014). */
export class GRU extends Recurrent<Tensor> {
  constructor(inFeatures: number, hiddenFeatures: number, options: RecurrentOptions) {
    super(inFeatures, hiddenFeatures, options, (features, own) => new GRUCell(features, hiddenFeatures, own));
  }
}

/** {@link Recurrent} with long short-term memory. Hochreiter and Schmidhuber (1997). */
export class LSTM extends Recurrent<LSTMState> {
  constructor(inFeatures: number, hiddenFeatures: number, options: RecurrentOptions) {
    super(
      inFeatures,
      hiddenFeatures,
      options,
      (features, own) => new LSTMCell(features, hiddenFeatures, own),
    );
  }
}
