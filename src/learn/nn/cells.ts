/** The cells of recurrent networks: one step of a sequence. */
import { shown } from '../../base/describe.js';
import { flag, required } from '../../base/kinds.js';
import type { OptionTable } from '../../base/options.js';
import type { DType } from '../../base/dtype.js';
import { gruCell, linear, lstmCell, split as splitAxis } from '../../compose/index.js';
import { checkTensors, keyKind, optionsOf, tensorKind } from '../../tensor/arguments.js';
import { zeros } from '../../tensor/tensors/factories.js';
import { split, type Key } from '../../tensor/tensors/random.js';
import type { Tensor } from '../../tensor/tensors/tensor.js';
import { parameter, uniform } from './initializers.js';
import { areCounts, checkOption, lift, liftOne, nameOf } from './lift.js';
import { Module } from './module.js';

export interface CellOptions {
  readonly key: Key;
  /** Default true. */
  readonly bias?: boolean;
}

const OPTIONS: OptionTable<CellOptions> = { key: keyKind, bias: flag };

/**
 * Weights [gates * hiddenFeatures, inFeatures] and [gates * hiddenFeatures, hiddenFeatures] with their biases, as PyTorch
 * has them: the gates lie one after the other, and everything is uniform in ±1/sqrt(hiddenFeatures) at the start.
 */
export abstract class RecurrentCell<S> extends Module {
  inputWeight: Tensor;
  hiddenWeight: Tensor;
  inputBias: Tensor | undefined;
  hiddenBias: Tensor | undefined;

  constructor(
    readonly inFeatures: number,
    readonly hiddenFeatures: number,
    gates: number,
    options: CellOptions,
  ) {
    super();
    const { key, bias = true } = optionsOf(nameOf(this), options, OPTIONS);
    checkOption(
      this,
      areCounts(inFeatures, hiddenFeatures),
      'a recurrent cell needs features',
      shown`${inFeatures} -> ${hiddenFeatures}`,
    );
    const init = uniform(1 / Math.sqrt(hiddenFeatures));
    const rows = gates * hiddenFeatures;
    const [k1, k2, k3, k4] = split(key, 4);
    this.inputWeight = parameter(init(k1, [rows, inFeatures]));
    this.hiddenWeight = parameter(init(k2, [rows, hiddenFeatures]));
    this.inputBias = bias ? parameter(init(k3, [rows])) : undefined;
    this.hiddenBias = bias ? parameter(init(k4, [rows])) : undefined;
  }

  /** [..., inFeatures] -> [..., gates * hiddenFeatures]: the part of the gates that all steps of a sequence have at once. */
  project(x: Tensor): Tensor {
    return affine(x, this.inputWeight, this.inputBias);
  }

  /** The state after an element whose {@link project}ion is [N, gates * hiddenFeatures]. */
  abstract step(projected: Tensor, state: S): S;
  /** The state at the start of `count` sequences: zeros. */
  abstract initialState(count: number, dtype?: DType): S;
  /** What of a state is the output, [N, hiddenFeatures]. */
  abstract outputOf(state: S): Tensor;

  override describe(): string {
    return `${this.inFeatures}, ${this.hiddenFeatures}`;
  }
}

const affine = (x: Tensor, weight: Tensor, bias: Tensor | undefined): Tensor =>
  liftOne('linear', [x, weight, ...(bias === undefined ? [] : [bias])], (b, input, w, t) =>
    linear(b, input, w, t, true),
  );

/** What the state of a cell is where it is one tensor, [N, hiddenFeatures]. */
abstract class SimpleCell extends RecurrentCell<Tensor> {
  override initialState(count: number, dtype: DType = 'f32'): Tensor {
    return zeros([count, this.hiddenFeatures], { dtype });
  }
  override outputOf(state: Tensor): Tensor {
    return state;
  }
}

/** h' = activation(W x + b + U h + c). Elman (1990). */
export class RNNCell extends SimpleCell {
  constructor(
    inFeatures: number,
    hiddenFeatures: number,
    readonly activation: 'tanh' | 'relu',
    options: CellOptions,
  ) {
    super(inFeatures, hiddenFeatures, 1, options);
  }

  override step(projected: Tensor, hidden: Tensor): Tensor {
    checkTensors('RNNCell', { 'the projection': projected });
    const gate = projected.add(affine(hidden, this.hiddenWeight, this.hiddenBias));
    return this.activation === 'tanh' ? gate.tanh() : gate.relu();
  }
}

/** Gates in the order reset, update, candidate; see compose/recurrent.ts. Cho et al. (2014), in PyTorch's variant. */
export class GRUCell extends SimpleCell {
  constructor(inFeatures: number, hiddenFeatures: number, options: CellOptions) {
    super(inFeatures, hiddenFeatures, 3, options);
  }

  override step(projected: Tensor, hidden: Tensor): Tensor {
    const recurrent = affine(hidden, this.hiddenWeight, this.hiddenBias);
    const sizes = new Array<number>(3).fill(this.hiddenFeatures);
    return liftOne('GRU', [projected, recurrent, hidden], (b, x, h, state) => {
      const [xReset, xUpdate, xCandidate] = splitAxis(b, x, -1, sizes);
      const [hReset, hUpdate, hCandidate] = splitAxis(b, h, -1, sizes);
      const gates = {
        reset: b.binary('add', xReset, hReset),
        update: b.binary('add', xUpdate, hUpdate),
        candidate: (reset: typeof x) => b.binary('add', xCandidate, b.binary('mul', reset, hCandidate)),
      };
      return gruCell(b, gates, state);
    });
  }
}

/** Both [N, hiddenFeatures]. */
export interface LSTMState {
  readonly hidden: Tensor;
  readonly cell: Tensor;
}

/** Gates in the order input, forget, candidate, output; see compose/recurrent.ts. Hochreiter and Schmidhuber (1997). */
export class LSTMCell extends RecurrentCell<LSTMState> {
  constructor(inFeatures: number, hiddenFeatures: number, options: CellOptions) {
    super(inFeatures, hiddenFeatures, 4, options);
  }

  override step(projected: Tensor, state: LSTMState): LSTMState {
    checkTensors('LSTMCell', { 'the projection': projected });
    const { hidden, cell } = checkedState(state);
    const recurrent = affine(hidden, this.hiddenWeight, this.hiddenBias);
    const sizes = new Array<number>(4).fill(this.hiddenFeatures);
    const [nextHidden, nextCell] = lift('LSTM', [projected.add(recurrent), cell], (b, gates, c) => {
      const [input, forget, candidate, output] = splitAxis(b, gates, -1, sizes);
      const next = lstmCell(b, { input, forget, candidate, output }, c);
      return [next.hidden, next.cell] as const;
    });
    return { hidden: nextHidden, cell: nextCell };
  }

  override initialState(count: number, dtype: DType = 'f32'): LSTMState {
    const nothing = zeros([count, this.hiddenFeatures], { dtype });
    return { hidden: nothing, cell: nothing };
  }
  override outputOf(state: LSTMState): Tensor {
    return checkedState(state).hidden;
  }
}

const checkedState = (state: LSTMState): LSTMState =>
  optionsOf('LSTMCell', state, { hidden: required(tensorKind), cell: required(tensorKind) });
