/** One step of each recurrent operator: its gates in ONNX's order, its states. */
import { binaryBroadcast } from '../../../../compose/broadcast.js';
import { linear } from '../../../../compose/matmul.js';
import { split } from '../../../../compose/movement.js';
import { gruCell, lstmCell, type Activation } from '../../../../compose/recurrent.js';
import type { Emitter, Value } from '../../../../ir/emitter.js';
import type { NodeContext } from '../../context.js';

/** What the steps of one direction take from outside, by name; [gates * H, H], [gates * H], [H]. */
export type CellWeights = Readonly<Record<string, Value | undefined>>;

export interface RecurrentWeights {
  readonly recurrent: Value;
  readonly bias: Value | undefined;
  /** [3 * H] */
  readonly peepholes: Value | undefined;
}

export interface Cell {
  readonly gates: number;
  /** Its activations in one direction. */
  readonly activations: readonly string[];
  /** How many states it carries; the first one is the output. */
  readonly states: number;
  /** Takes apart, before the first step, what the steps need. */
  readonly prepare: (b: Emitter, weights: RecurrentWeights, size: number, ctx: NodeContext) => CellWeights;
  /** The states after a step. `projected` [B, gates * H] is the part of the gates that comes of the input. */
  readonly step: (
    b: Emitter,
    projected: Value,
    states: readonly Value[],
    weights: CellWeights,
    functions: readonly Activation[],
    ctx: NodeContext,
  ) => readonly Value[];
}

/** The weights `name` and its bias, which are given, applied to a state. */
const affine = (b: Emitter, state: Value, weights: CellWeights, name: string): Value =>
  linear(b, state, weights[name]!, weights[`${name}Bias`], true);

const third = (size: number): number[] => [size, size, size];

/** Ht = f(Xt Wi + Ht-1 Ri + Wbi + Rbi) */
export const rnn: Cell = {
  gates: 1,
  activations: ['Tanh'],
  states: 1,
  prepare: (_, { recurrent, bias }) => ({ all: recurrent, allBias: bias }),
  step: (b, projected, [hidden], weights, [f]) => [
    f(b, b.binary('add', projected, affine(b, hidden, weights, 'all'))),
  ],
};

const linearBeforeReset = (ctx: NodeContext): boolean => ctx.attr.flag('linear_before_reset', false);

/** Gates in the order update (z), reset (r), candidate (h). */
export const gru: Cell = {
  gates: 3,
  activations: ['Sigmoid', 'Tanh'],
  states: 1,
  prepare: (b, { recurrent, bias }, size, ctx) => {
    if (linearBeforeReset(ctx)) return { all: recurrent, allBias: bias };
    const [gates, candidate] = split(b, recurrent, 0, [2 * size, size]);
    const [gatesBias, candidateBias] = bias === undefined ? [] : split(b, bias, 0, [2 * size, size]);
    return { gates, gatesBias, candidate, candidateBias };
  },
  step: (b, projected, [hidden], weights, [gate, candidate], ctx) => {
    const size = sizeOf(hidden);
    const [xUpdate, xReset, xCandidate] = split(b, projected, -1, third(size));
    if (linearBeforeReset(ctx)) {
      const [update, reset, own] = split(b, affine(b, hidden, weights, 'all'), -1, third(size));
      const gates = {
        update: b.binary('add', xUpdate, update),
        reset: b.binary('add', xReset, reset),
        candidate: (r: Value) => b.binary('add', xCandidate, b.binary('mul', r, own)),
      };
      return [gruCell(b, gates, hidden, { gate, candidate })];
    }
    const [update, reset] = split(b, affine(b, hidden, weights, 'gates'), -1, [size, size]);
    const gates = {
      update: b.binary('add', xUpdate, update),
      reset: b.binary('add', xReset, reset),
      candidate: (r: Value) =>
        b.binary('add', xCandidate, affine(b, b.binary('mul', r, hidden), weights, 'candidate')),
    };
    return [gruCell(b, gates, hidden, { gate, candidate })];
  },
};

/** Gates in the order input (i), output (o), forget (f), candidate (c); peepholes in the order i, o, f. */
export const lstm: Cell = {
  gates: 4,
  activations: ['Sigmoid', 'Tanh', 'Tanh'],
  states: 2,
  prepare: (b, { recurrent, bias, peepholes }, size) => {
    const [input, output, forget] = peepholes === undefined ? [] : split(b, peepholes, 0, third(size));
    return { all: recurrent, allBias: bias, input, output, forget };
  },
  step: (b, projected, [hidden, state], weights, [gate, candidate, cell], ctx) => {
    const gates = b.binary('add', projected, affine(b, hidden, weights, 'all'));
    const size = sizeOf(hidden);
    const [input, output, forget, own] = split(b, gates, -1, [...third(size), size]);
    const looking = (gate: Value, seen: Value, peephole: Value | undefined): Value =>
      peephole === undefined ? gate : b.binary('add', gate, binaryBroadcast(b, 'mul', seen, peephole));
    const next = lstmCell(
      b,
      {
        input: looking(input, state, weights.input),
        forget: ctx.attr.flag('input_forget', false) ? undefined : looking(forget, state, weights.forget),
        candidate: own,
        output: (made) => looking(output, made, weights.output),
      },
      state,
      { gate, candidate, cell },
    );
    return [next.hidden, next.cell];
  },
};

const sizeOf = (state: Value): number => state.type.shape[1] as number;
