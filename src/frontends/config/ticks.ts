/**
 * Step-based execution, as LOOM's: each tick every layer runs once, on what its predecessors gave at the tick before, so that an
 * input takes as many ticks as there are layers to come out. The state is a value: a tick makes the next one of it, and two buffers
 * take turns where the state is donated. All of it consists of the ops that the network consists of.
 */
import { checkArguments, instanceOf } from '../../base/arguments.js';
import { HeddleError } from '../../base/errors.js';
import { flag, integer, kind, listOf, record, required } from '../../base/kinds.js';
import { checkedOptions, type OptionTable } from '../../base/options.js';
import { contextOf, type CallContext } from '../../learn/nn/context.js';
import { inside } from '../../learn/nn/sequential.js';
import { checkTensors } from '../../tensor/arguments.js';
import { named } from '../../tensor/tensors/core.js';
import { zeros } from '../../tensor/tensors/factories.js';
import type { Tensor } from '../../tensor/tensors/tensor.js';
import { cond } from '../../tensor/transforms/branches.js';
import { scan } from '../../tensor/transforms/loops.js';
import { Chain, checkInput } from './chain.js';
import { inputDType, networkKind } from './program.js';
import { statistics as statisticsOf, type LayerStatistics } from './statistics.js';
import { runWire, viewed, type Wire } from './wire.js';

/** What a network is between two ticks: a tree of tensors. */
export interface TickState {
  /** i32: how many ticks there were. */
  readonly tick: Tensor;
  /** The outputs of the last tick, by the names of layers: f32 [B, ...] each. */
  readonly outputs: Readonly<Record<string, Tensor>>;
}

export interface TicksOptions {
  /** So many ticks, with one input for all of them. */
  readonly count?: number;
  /** The layers whose outputs are kept of every tick. Default: the last. */
  readonly layers?: readonly string[];
  /** Whether the statistics of all layers are computed at every tick, in the same run. Default: false. */
  readonly statistics?: boolean;
}

/** What ticks give. */
export interface Ticked {
  /** After the last tick. */
  readonly state: TickState;
  /** Of the layers that are kept: [T, B, ...]. */
  readonly outputs: Readonly<Record<string, Tensor>>;
  /** Of all layers, where they are asked for: [T] each. */
  readonly statistics: Readonly<Record<string, LayerStatistics>>;
}

const TICKS_OPTIONS: OptionTable<TicksOptions> = {
  count: integer,
  layers: listOf('a list of names of layers', (name) => typeof name === 'string'),
  statistics: flag,
};

export const stateKind = required(
  kind('a state, such as initTicks(network, batch)', (value) => {
    const { tick: at, outputs } = (record.accepts(value) ? value : {}) as Partial<TickState>;
    return at !== undefined && record.accepts(outputs);
  }),
);
const chain = instanceOf('a network, such as fromConfig(config)', Chain);

/** The name of the last layer, whose output is that of the network. */
const lastLayer = ({ names }: Chain): string => names[names.length - 1];

/**
 * The state before the first tick, in which all outputs are 0.
 *
 * @param batch examples at a time
 * @throws USAGE, ATTRIBUTE_INVALID where it is no number of examples
 */
export function initTicks(network: Chain, batch = 1): TickState {
  checkArguments('initTicks', { network, batch }, { network: networkKind, batch: required(integer) });
  if (batch < 1)
    throw new HeddleError('ATTRIBUTE_INVALID', 'a batch has at least one example', {
      where: 'initTicks',
      found: `${batch}`,
      expected: 'an integer from 1',
    });
  // Nothing is computed: the shapes are those of expressions.
  const values: Tensor[] = [zeros([batch, ...network.input], { dtype: inputDType(network) })];
  network.wires.forEach((wire, i) => {
    const layer = network.layers[network.names[i]];
    values.push(zeros(runWire(layer, wire, values, {}).shape));
  });
  const outputs = Object.fromEntries(network.names.map((name, i) => [name, values[i + 1]]));
  return { tick: zeros([], { dtype: 'i32' }), outputs };
}

/**
 * One tick: the first layers see `x`, all others what the layers before them gave at the tick before. A layer with `tick_every` n
 * runs at ticks 0, n, 2n, ..., and keeps its output in between.
 *
 * @param x f32 (or i32, for an embedding) [B, ...input]: it may be another at every tick
 * @throws SHAPE_MISMATCH where `x` or the state do not fit the network; else as the network does
 */
export function tick(network: Chain, state: TickState, x: Tensor, context: CallContext = {}): TickState {
  checkArguments('tick', { network, state }, { network: chain, state: stateKind });
  checkInput(x, network.input);
  const before = checkedOutputs(network, state, x);
  const values = [viewed(x, network.input), ...before];
  const outputs = network.names.map((name, i) => {
    const wire = network.wires[i];
    const run = (): Tensor =>
      inside(`layers.${name}`, () => runWire(network.layers[name], wire, values, contextOf(context, i)));
    const runs = runsAt(wire, state.tick);
    return [name, runs === undefined ? run() : cond(runs, run, () => before[i])] as const;
  });
  return { tick: state.tick.add(1), outputs: Object.fromEntries(outputs) };
}

/** Whether a layer runs at this tick, a bool scalar; undefined for one that always does. */
export const runsAt = ({ every }: Wire, at: Tensor): Tensor | undefined =>
  every === 1 ? undefined : at.rem(every).equal(0);

/** The outputs of the tick before, in order. Throws TREE_MISMATCH and SHAPE_MISMATCH where they do not fit. */
export const checkedOutputs = (network: Chain, state: TickState, x: Tensor): readonly Tensor[] =>
  network.names.map((name) => outputOf(state, name, x));

function outputOf({ outputs }: TickState, name: string, x: Tensor): Tensor {
  const found = Object.hasOwn(outputs, name) ? outputs[name] : undefined;
  return named('tick', () => {
    if (found === undefined)
      throw new HeddleError('TREE_MISMATCH', 'the state lacks a layer', {
        found: Object.keys(outputs).join(', '),
        expected: name,
      });
    checkTensors('tick', { [`state.outputs.${name}`]: found });
    if (found.shape[0] === x.shape[0]) return found;
    throw new HeddleError('SHAPE_MISMATCH', 'the input and the state differ in their number of examples', {
      where: `state.outputs.${name}`,
      found: `${found.shape[0]} in the state, ${x.shape[0]} in the input`,
      expected: 'as many',
    });
  });
}

/**
 * Several ticks as one loop of the program: one submit. The bits are those of `tick`, one after the other.
 *
 * @param input [T, B, ...input], an input for each of T ticks; with `count`, [B, ...input], one for all
 * @throws as `tick` and `scan` do; VALUE_UNKNOWN for a layer that is none
 */
export function ticks(network: Chain, state: TickState, input: Tensor, options: TicksOptions = {}): Ticked {
  checkArguments('ticks', { network, state }, { network: chain, state: stateKind });
  checkTensors('ticks', { input });
  const {
    count,
    layers = [lastLayer(network)],
    statistics = false,
  } = checkedOptions(options, TICKS_OPTIONS, 'ticks');
  const unknown = layers.find((name) => !network.names.includes(name));
  if (unknown !== undefined)
    throw new HeddleError('VALUE_UNKNOWN', 'no layer has that name', {
      where: 'ticks',
      found: JSON.stringify(unknown),
      expected: network.names.join(', '),
    });
  const step = (own: TickState, x: Tensor): readonly [TickState, Kept] => {
    const next = tick(network, own, x);
    return [
      next,
      {
        outputs: Object.fromEntries(layers.map((name) => [name, next.outputs[name]])),
        statistics: statistics ? statisticsOf(next.outputs) : {},
      },
    ];
  };
  const [after, kept] =
    count === undefined
      ? scan<TickState, Tensor, Kept>(step, state, input)
      : scan((own: TickState) => step(own, input), state, undefined, { length: count });
  return { state: after, ...kept };
}

/** What is kept of a tick. */
type Kept = Pick<Ticked, 'outputs' | 'statistics'>;
