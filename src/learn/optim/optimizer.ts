/** What optimisers are, and what they have in common. */
import { checkArguments, having } from '../../base/arguments.js';
import { record, required } from '../../base/kinds.js';
import { HeddleError } from '../../base/errors.js';
import { printType } from '../../ir/types.js';
import { checkTensors } from '../../tensor/arguments.js';
import { flattenTensors } from '../../tensor/expressions/call.js';
import { tensor, zeros } from '../../tensor/tensors/factories.js';
import { trainable } from '../nn/places.js';
import type { Tensor } from '../../tensor/tensors/tensor.js';
import { ensureSameStructure, unflatten } from '../../tensor/trees/tree.js';
import { rateAt, type Rate } from './schedules.js';

/**
 * Pure functions of trees, so that a compiled training step can take and return all of them, in place:
 *
 *     const optimizer = optim.adam({ learningRate: 1e-3 });
 *     const step = jit(
 *       (model: Net, state: optim.StateOf<typeof optimizer>, x: Tensor, y: Tensor) => {
 *         const loss = (net: Net): Tensor => losses.crossEntropy(net.call(x), y);
 *         const [value, gradients] = valueAndGrad(loss)(model);
 *         return [...optimizer.update(model, gradients, state), value] as const;
 *       },
 *       { donate: [0, 1] },
 *     );
 *     let state = optimizer.init(model);
 *     for (const { x, y } of data) [model, state] = step(model, state, x, y);
 */
export interface Optimizer<S> {
  /** The state before the first step: on the host, from where the first step takes it to where the model is. */
  init(model: unknown): S;
  /**
   * The model and the state after a step along `gradients`, a tree like the model. What is not trainable (buffers, frozen
   * modules, integers) is returned as it is. Throws TREE_MISMATCH and SHAPE_MISMATCH where the trees do not fit.
   */
  update<M>(model: M, gradients: M, state: S): [model: M, state: S];
}

/** What an optimiser is, in the tables of arguments. */
export const optimizerKind = having('an optimiser, such as optim.adam({ learningRate })', 'init', 'update');

/** The state that an optimiser keeps. */
export type StateOf<O> = O extends Optimizer<infer S> ? S : never;

/** Tensors like the trainable parameters, f32, by their paths. */
export type Slots = Readonly<Record<string, Tensor>>;

/** Number of steps done, i32, and what is remembered of each parameter, by kind. */
export type OptimizerState<K extends string = never> = { readonly step: Tensor } & Readonly<Record<K, Slots>>;

/** What a rule is given for one parameter; all in f32, whatever the parameter is kept in. */
export interface RuleInput<K extends string> {
  readonly path: string;
  readonly parameter: Tensor;
  readonly gradient: Tensor;
  readonly slots: Readonly<Record<K, Tensor>>;
  /** Scalars: the learning rate, and the number of this step from 1 on. */
  readonly rate: Tensor;
  readonly step: Tensor;
}

export interface RuleResult<K extends string> {
  readonly parameter: Tensor;
  readonly slots: Readonly<Record<K, Tensor>>;
}

export interface RuleOptions<K extends string> {
  readonly name: string;
  readonly learningRate: Rate;
  /** What is remembered of each parameter; zeros at the start. */
  readonly slots: readonly K[];
  /** Shape of a slot. Default: that of the parameter. */
  readonly slotShape?: (slot: K, shape: readonly number[]) => readonly number[];
  readonly rule: (input: RuleInput<K>) => RuleResult<K>;
}

/** An optimiser that looks at one parameter after the other. */
export function byParameter<const K extends string = never>({
  name,
  learningRate,
  slots,
  slotShape = (_, shape) => shape,
  rule,
}: RuleOptions<K>): Optimizer<OptimizerState<K>> {
  return {
    init: (model) => {
      const parameters = parametersOf(model);
      const kinds = slots.map((slot) => [
        slot,
        Object.fromEntries(parameters.map(({ path, leaf }) => [path, zeros(slotShape(slot, leaf.shape))])),
      ]);
      const state = Object.fromEntries(kinds) as Readonly<Record<K, Slots>>;
      return { step: tensor(0, { dtype: 'i32' }), ...state };
    },

    update: (model, gradients, state) => {
      const flat = flattenTensors(model);
      const along = flattenTensors(gradients);
      ensureSameStructure(`${name}: the gradients are not like the model`, along.structure, flat.structure);
      checkState(name, state, slots);
      const leaves = [...flat.leaves];
      const next = new Map<K, Record<string, Tensor>>(slots.map((slot) => [slot, {}]));
      const count = state.step.add(1);
      const [rate, step] = [rateAt(learningRate, state.step), count.cast('f32')];
      for (const { path, leaf, index } of parametersOf(model)) {
        const gradient = along.leaves[index];
        checkGradient(name, path, leaf, gradient);
        const own = slots.map((slot) => [slot, slotOf(name, state, slot, path)] as const);
        const result = rule({
          path,
          parameter: leaf.cast('f32'),
          gradient: gradient.cast('f32'),
          slots: Object.fromEntries(own) as Record<K, Tensor>,
          rate,
          step,
        });
        leaves[index] = result.parameter.cast(leaf.dtype);
        for (const [slot, tensors] of next) tensors[path] = result.slots[slot];
      }
      const remembered = Object.fromEntries(next) as Readonly<Record<K, Slots>>;
      return [unflatten(flat.structure, leaves) as typeof model, { step: count, ...remembered }];
    },
  };
}

interface Parameter {
  readonly path: string;
  readonly leaf: Tensor;
  /** Among the leaves of the model. */
  readonly index: number;
}

/** What of a tree is trained. */
export function parametersOf(tree: unknown): Parameter[] {
  const { leaves, paths } = flattenTensors(tree);
  const isTrained = trainable(tree);
  return leaves.flatMap((leaf, index) => (isTrained[index] ? [{ path: paths[index], leaf, index }] : []));
}

/** Throws USAGE unless `state` has a step and all of `slots`. */
function checkState(name: string, state: unknown, slots: readonly string[]): void {
  checkArguments(`${name}.update`, { state }, { state: required(record) });
  const { step, ...others } = state as Readonly<Record<string, unknown>>;
  checkTensors(`${name}.update`, { 'the step of the state': step });
  checkArguments(`${name}.update`, others, Object.fromEntries(slots.map((slot) => [slot, required(record)])));
}

function slotOf<K extends string>(name: string, state: OptimizerState<K>, slot: K, path: string): Tensor {
  const slots = (state as Readonly<Record<K, Slots>>)[slot];
  if (Object.hasOwn(slots, path)) {
    checkTensors(`${name}.update`, { [`${slot} of ${path}`]: slots[path] });
    return slots[path];
  }
  throw new HeddleError('TREE_MISMATCH', `${name}: the state has no entry for a parameter`, {
    where: path,
    found: `${slot} of ${Object.keys(slots).length} parameters`,
    hint: 'a model that trains other parameters than before (frozen changed?) needs a new state: optimizer.init(model)',
  });
}

function checkGradient(name: string, path: string, leaf: Tensor, gradient: Tensor): void {
  if (`${leaf.shape}` === `${gradient.shape}`) return;
  throw new HeddleError('SHAPE_MISMATCH', `${name}: a gradient has another shape than its parameter`, {
    where: path,
    found: printType(gradient.expr.type),
    expected: printType(leaf.expr.type),
  });
}
