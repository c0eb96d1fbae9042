/**
 * Neural tweening, LOOM's training rule: a network runs, its layers get targets from the last to the first, and each changes its
 * weights towards its own, at once and with momentum. All of it is an expression of tensors, so that a step is one program.
 */
import { checkArguments, instanceOf } from '../../../base/arguments.js';
import { HeddleError } from '../../../base/errors.js';
import { kind, record, required } from '../../../base/kinds.js';
import { elementCount } from '../../../base/tensor.js';
import { printType } from '../../../ir/types.js';
import type { CallContext } from '../../../learn/nn/context.js';
import { parametersOf, type Slots } from '../../../learn/optim/optimizer.js';
import { rateAt } from '../../../learn/optim/schedules.js';
import { checkTensors } from '../../../tensor/arguments.js';
import { flattenTensors } from '../../../tensor/expressions/call.js';
import { zeros } from '../../../tensor/tensors/factories.js';
import { stack } from '../../../tensor/tensors/functions.js';
import type { Tensor } from '../../../tensor/tensors/tensor.js';
import { unflatten } from '../../../tensor/trees/tree.js';
import { Chain, checkInput } from '../chain.js';
import { checkedOutputs, runsAt, stateKind, type TickState } from '../ticks.js';
import { viewed } from '../wire.js';
import { aimsOf, type Aim } from './backward.js';
import { damped, initDamping, type DampingState } from './damping.js';
import { runLink, type Link } from './link.js';
import { settingsOf, type Settings, type TweenOptions } from './options.js';
import { TYPE_RULES } from './tables.js';

/** What is remembered from step to step: a tree of tensors. */
export interface TweenState {
  /** i32: how many steps there were. */
  readonly step: Tensor;
  /** The last changes of the parameters, by their paths. */
  readonly velocity: Slots;
  /** With `damping`. */
  readonly damping?: DampingState;
}

/** How well layers and their targets agree: f32. */
export interface TweenReport {
  /** Of each layer (1 + cosine of output and target) / 2, from 0 to 1: [layers]. */
  readonly budgets: Tensor;
  /** Of each layer the mean square of target less output: [layers]. */
  readonly gaps: Tensor;
  /** The product of the budgets: a scalar. */
  readonly barrier: Tensor;
}

export interface Tweened {
  readonly network: Chain;
  readonly state: TweenState;
  /** What the network gave, before it changed. */
  readonly output: Tensor;
  readonly report: TweenReport;
}

/** A training rule, as an optimiser is one: pure functions of trees. */
export interface TweenRule {
  /** The state before the first step. Throws USAGE. */
  init(network: Chain): TweenState;
  /**
   * A step on examples `x` [B, ...input], whose outputs should be `target` [B, ...]. What a program does not return of the result is not
   * computed. Frozen layers stay, and hand targets on.
   *
   * @throws SHAPE_MISMATCH where `x` or `target` do not fit the network; TREE_MISMATCH where the state is another network's
   */
  update(network: Chain, state: TweenState, x: Tensor, target: Tensor, context?: CallContext): Tweened;
  /**
   * A tick of a network that runs step by step, as `tick` does it, and a step of training on what it gave: each layer learns from
   * what it saw at this tick. Throws as `update` and `tick` do.
   */
  tick(
    network: Chain,
    state: TweenState,
    ticks: TickState,
    x: Tensor,
    target: Tensor,
    context?: CallContext,
  ): Tweened & { readonly ticks: TickState };
}

const chain = instanceOf('a network, such as fromConfig(config)', Chain);
const tweenState = required(
  kind('a state, such as rule.init(network)', (value) => {
    const { step, velocity } = (record.accepts(value) ? value : {}) as Partial<TweenState>;
    return step !== undefined && record.accepts(velocity);
  }),
);

/** Budgets below this keep a layer from learning, in legacy mode. */
const LEAST_BUDGET = 0.2;
/** In legacy mode: the rates of weights and of vectors, such as a bias. */
const [HEBBIAN, HEBBIAN_VECTOR] = [0.01, 0.1];
/** The greatest change of a weight in a step, before momentum. */
const MOST_CHANGE = 1;

/**
 * Neural tweening. With `mode: 'chain'`, the default: the gap g = target - output goes back through derivatives; a layer d layers
 * from the output takes clip(g act' 1.2^d, ±10), and passes W' of that on, divided by the root of its width. A layer's target is its
 * output plus 0.1 g, within bounds of its activation. With `legacy`: targets are means weighted with the weights, and weights change
 * by Hebb's rule. In both, dw = clip(rate x (mean over examples), ±1), v = 0.9 v + 0.1 dw, w = w + v.
 *
 * LOOM v0.0.8, `TweenStep`, by what it documents; docs/config.md says what differs.
 *
 * @throws USAGE
 */
export function tween(options: TweenOptions): TweenRule {
  const settings = settingsOf(options);
  return {
    init: (network) => {
      checkArguments('tween.init', { network }, { network: chain });
      const velocity = parametersOf(network).map(({ path, leaf }) => [path, zeros(leaf.shape)] as const);
      return {
        step: zeros([], { dtype: 'i32' }),
        velocity: Object.fromEntries(velocity),
        ...(settings.damping ? { damping: initDamping() } : {}),
      };
    },
    update: (network, state, x, target, context = {}) => {
      checkArguments('tween.update', { network, state }, { network: chain, state: tweenState });
      checkInput(x, network.input);
      const values = [viewed(x, network.input)];
      const links: Link[] = [];
      network.names.forEach((_, i) => {
        links.push(runLink(network, i, values, context));
        values.push(links[i].output);
      });
      return stepped(network, state, links, values[0], target, settings);
    },
    tick: (network, state, ticks, x, target, context = {}) => {
      checkArguments('tween.tick', { network, state, ticks }, { network: chain, state: tweenState, ticks: stateKind }); // prettier-ignore
      checkInput(x, network.input);
      const before = checkedOutputs(network, ticks, x);
      const values = [viewed(x, network.input), ...before];
      const links = network.names.map((_, i) => {
        const link = runLink(network, i, values, context);
        const runs = runsAt(network.wires[i], ticks.tick);
        return runs === undefined ? link : { ...link, runs, output: runs.where(link.output, before[i]) };
      });
      const outputs = Object.fromEntries(links.map(({ name, output }) => [name, output]));
      const result = stepped(network, state, links, values[0], target, settings);
      return { ...result, ticks: { tick: ticks.tick.add(1), outputs } };
    },
  };
}

/** The gap at the output, and what it is measured by. */
function gapOf(output: Tensor, target: Tensor, { logits }: Settings): Tensor {
  checkTensors('tween', { 'the target': target });
  if (target.shape[0] !== output.shape[0] || elementCount(target.shape) !== elementCount(output.shape))
    throw new HeddleError('SHAPE_MISMATCH', 'the target does not fit the output of the network', {
      where: 'tween, target',
      found: printType(target.expr.type),
      expected: printType(output.expr.type),
      hint: 'classes as numbers: labels.oneHot(classes)',
    });
  const given = logits ? output.flatten(1).softmax().reshape(output.shape) : output;
  return target.cast('f32').reshape(output.shape).sub(given);
}

function stepped(
  network: Chain,
  state: TweenState,
  links: readonly Link[],
  x: Tensor,
  target: Tensor,
  settings: Settings,
): Tweened {
  checkTensors('tween', { 'the step of the state': state.step });
  const { output } = links[links.length - 1];
  const gap = gapOf(output, target, settings);
  const aims = aimsOf(links, x, gap, settings);
  const gaps = aims.map(({ link, target: own }) => own.sub(link.output).square().mean());
  const budgets = aims.map(({ link, target: own }) => budgetOf(link.output, own));
  const damping = state.damping === undefined ? undefined : damped(state.damping, gap.square().mean());
  const base = rateAt(settings.learningRate, state.step).div(output.shape[0]);
  const rate = damping === undefined ? base : base.mul(damping.factor);
  const changes = new Map<string, Tensor>();
  aims.forEach((aim, i) => {
    const allows = settings.mode === 'legacy' ? budgets[i].greaterEqual(LEAST_BUDGET) : undefined;
    for (const [path, change] of changesOf(aim, rate, allows, settings)) changes.set(path, change);
  });
  const { model, velocity } = moved(network, state.velocity, changes, settings);
  return {
    network: model,
    state: { step: state.step.add(1), velocity, ...(damping === undefined ? {} : { damping }) },
    output,
    report: {
      budgets: stack(budgets),
      gaps: stack(gaps),
      barrier: budgets.reduce((product, budget) => product.mul(budget)),
    },
  };
}

/** (1 + cosine) / 2; a half where there is nothing to compare. */
function budgetOf(output: Tensor, target: Tensor): Tensor {
  const [a, b] = [output, target].map((x) => x.square().sum());
  const norm = a.sqrt().mul(b.sqrt());
  const cosine = norm.greater(0).where(output.mul(target).sum().div(norm), 0);
  return cosine.add(1).div(2);
}

/** The changes of the trained parameters of a layer by their paths in the network, before momentum. */
function changesOf(
  { link, along }: Aim,
  rate: Tensor,
  allows: Tensor | undefined,
  { mode, rates }: Settings,
): readonly (readonly [path: string, change: Tensor])[] {
  if (along === undefined) return [];
  const { name, layer, runs, wire } = link;
  const own = rates[wire.type] ?? TYPE_RULES[wire.type].rate;
  const steps = flattenTensors(along).leaves;
  return parametersOf(layer).map(({ path, leaf, index }) => {
    const part = mode === 'chain' ? own : own * (leaf.rank > 1 ? HEBBIAN : HEBBIAN_VECTOR);
    const change = steps[index].mul(rate.mul(part)).clip(-MOST_CHANGE, MOST_CHANGE);
    const allowed = [allows, runs].reduce<Tensor>((x, condition) => condition?.where(x, 0) ?? x, change);
    return [`layers.${name}.${path}`, allowed] as const;
  });
}

/** The network after its changes, and the changes themselves. What nothing reaches stays. */
function moved(
  network: Chain,
  velocity: Slots,
  changes: ReadonlyMap<string, Tensor>,
  { momentum }: Settings,
): { readonly model: Chain; readonly velocity: Slots } {
  const { leaves, structure } = flattenTensors(network);
  const next = [...leaves];
  const velocities: Record<string, Tensor> = {};
  for (const { path, leaf, index } of parametersOf(network)) {
    if (!Object.hasOwn(velocity, path))
      throw new HeddleError('TREE_MISMATCH', 'the state of the rule has no entry for a parameter', {
        where: path,
        found: `velocities of ${Object.keys(velocity).length} parameters`,
        hint: 'a network that trains other parameters than before (frozen changed?) needs a new state: rule.init(network)',
      });
    checkTensors('tween', { [`state.velocity.${path}`]: velocity[path] });
    const change = changes.get(path);
    const kept = velocity[path].mul(momentum);
    const own = change === undefined ? kept : kept.add(change.mul(1 - momentum));
    velocities[path] = own;
    next[index] = leaf.add(own.cast(leaf.dtype));
  }
  return { model: unflatten(structure, next) as Chain, velocity: velocities };
}
