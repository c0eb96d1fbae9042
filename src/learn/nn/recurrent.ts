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
import { arange } from '../../tensor/tensors/factories.js';
import { concat } from '../../tensor/tensors/functions.js';
import { split, type Key } from '../../tensor/tensors/random.js';
import { named } from '../../tensor/tensors/core.js';
import type { Tensor } from '../../tensor/tensors/tensor.js';
import { treeMap } from '../../tensor/trees/trees.js';
import { GRUCell, LSTMCell, RNNCell, type CellOptions, type LSTMState, type RecurrentCell } from './cells.js';
import { contextOf, type CallContext } from './context.js';
import { Dropout } from './dropout.js';
import { checkDType, checkInput, checkOption, labelOf, nameOf } from './lift.js';
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
  /** Steps that a sequence may have. Default, and the most: 2^20. */
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
 * f32 [B, T, inFeatures] -> [B, T, hiddenFeatures], twice as many features where it is bidirectional. The steps are a loop
 * of the program, a layer and a direction: its size does not depend on T. With `lengths` in the context, sequences are read
 * as if they ended there: backwards from their own last element.
 *
 * Throws SHAPE_MISMATCH for other inputs, for an initial state of other shapes and for other than B lengths; DTYPE_MISMATCH for
 * lengths that are not i32; LIMIT_EXCEEDED for more than `maxSteps`.
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
    const isRead = this.readFrom(x, context.lengths);
    const directions = this.bidirectional ? 2 : 1;
    const finals: S[] = [];
    let value = x;
    for (let first = 0; first < this.cells.length; first += directions) {
      if (first > 0) value = this.dropout.call(value, contextOf(context, first));
      const outputs = this.cells.slice(first, first + directions).map((cell, i) => {
        const [output, final] = read(cell, value, states[first + i], isRead, i === 1);
        finals.push(final);
        return output;
      });
      value = outputs.length === 1 ? outputs[0] : concat(outputs, -1);
    }
    return [value, finals];
  }

  /** Which elements are read, [T, B, 1]; undefined where all are. */
  private readFrom(x: Tensor, lengths: Tensor | undefined): Tensor | undefined {
    if (lengths === undefined) return undefined;
    const [count, steps] = x.shape;
    checkDType(this, lengths, () => lengths.dtype === 'i32', `lengths i32[${count}]`);
    checkInput(this, lengths, () => lengths.rank === 1 && lengths.size === count, `lengths i32[${count}]`);
    return arange(steps).reshape([steps, 1, 1]).less(lengths.unsqueeze(-1));
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
  isRead: Tensor | undefined,
  reverse: boolean,
): [Tensor, S] {
  const steps = { projected: cell.project(x).permute(1, 0, 2), ...(isRead === undefined ? {} : { isRead }) };
  const [final, outputs] = scan(
    (state: S, at: { readonly projected: Tensor; readonly isRead?: Tensor }): [S, Tensor] => {
      const next = cell.step(at.projected, state);
      const output = cell.outputOf(next);
      const reads = at.isRead;
      if (reads === undefined) return [next, output];
      return [treeMap((after, before) => reads.where(after, before), next, state), reads.where(output, 0)];
    },
    start,
    steps,
    { reverse },
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
