/** Softmax, in ten variants. */
import { excerptOf } from '../../../base/describe.js';
import { greatest } from '../../../base/values.js';
import { elementCount } from '../../../base/tensor.js';
import {
  adaptiveSoftmax,
  entmax,
  entmaxBlend,
  maskedSoftmax,
  mixtureSoftmax,
  sparsemax,
  temperedSoftmax,
} from '../../../compose/index.js';
import type { Emitter, Value } from '../../../ir/emitter.js';
import type { CallContext } from '../../../learn/nn/context.js';
import { liftOne } from '../../../learn/nn/lift.js';
import { Module } from '../../../learn/nn/module.js';
import { gumbel } from '../../../tensor/tensors/random.js';
import type { Tensor } from '../../../tensor/tensors/tensor.js';
import { given, keyTensor, misfit, type Blueprint, type KeyWords, type Scope, type Shape } from '../scope.js';
import type { SoftmaxConfig } from '../types.js';
import type { SoftmaxVariant } from '../vocabulary.js';
import { refuse } from '../validate.js';

type Function = (b: Emitter, x: Value) => Value;

/** How a variant looks at its input, what it makes of the last axis, and what shape comes out. */
interface Plan {
  readonly view: Shape;
  readonly output?: Shape;
  readonly compute: Function;
  /** Whether noise is added to the logits. */
  readonly noise?: boolean;
}

/** [B, ...view] -> [B, ...output], along the last axis. */
export class Softmax extends Module {
  constructor(
    readonly variant: SoftmaxVariant,
    readonly compute: Function,
    /** Of Gumbel's noise where a call brings no key: the same for every call, and for every example of it. */
    readonly noiseKey: KeyWords | undefined,
  ) {
    super();
  }

  call(x: Tensor, { training, key }: CallContext = {}): Tensor {
    if (this.noiseKey === undefined) return this.softmax(x);
    const isOwn = training === true && key !== undefined;
    const own = isOwn ? key : keyTensor(this.noiseKey);
    // Without a key of its own a call gives each example what it would get alone.
    return this.softmax(x.add(gumbel(own, isOwn ? x.shape : [1, ...x.shape.slice(1)])));
  }

  private softmax(x: Tensor): Tensor {
    return liftOne(`${this.variant} softmax`, [x], this.compute);
  }

  override describe(): string {
    return this.variant;
  }
}

const lastAxis = (x: Value): number => x.type.shape.length - 1;
const total = ({ input }: Scope): number => elementCount(input);

/** All values of an example, or its last axis. */
const usual = ({ softmax_over }: SoftmaxConfig, { input }: Scope): Shape =>
  softmax_over === 'all' || input.length === 0 ? [elementCount(input)] : input;

const tempered =
  ({ temperature }: SoftmaxConfig): Function =>
  (b, x) =>
    temperedSoftmax(b, x, given(temperature) ?? 1);

/** rows x columns; either is computed from the other. */
function gridOf({ softmax_rows, softmax_cols }: SoftmaxConfig, scope: Scope): Shape {
  const size = total(scope);
  const columns = given(softmax_cols) ?? size / (given(softmax_rows) ?? 1);
  const rows = given(softmax_rows) ?? size / columns;
  if (rows * columns === size && Number.isInteger(rows) && Number.isInteger(columns)) return [rows, columns];
  return misfit(
    scope,
    'softmax_rows',
    `${rows} rows of ${columns}`,
    `rows and columns whose product is ${size}`,
  );
}

type PlanOf = (config: SoftmaxConfig, scope: Scope) => Plan;

const sparse: PlanOf = (config, scope) => ({
  view: usual(config, scope),
  compute: (b, x) => sparsemax(b, x, lastAxis(x)),
});

const PLANS: Readonly<Record<SoftmaxVariant, PlanOf>> = {
  standard: (config, scope) => {
    const isGrid = given(config.softmax_rows, config.softmax_cols) !== undefined;
    return { view: isGrid ? gridOf(config, scope) : usual(config, scope), compute: tempered(config) };
  },
  temperature: (config, scope) => ({ view: usual(config, scope), compute: tempered(config) }),
  grid: (config, scope) => ({ view: gridOf(config, scope), compute: tempered(config) }),
  hierarchical: (config, scope) => {
    const { hierarchy_levels: levels = [] } = config;
    if (levels.length === 0 || elementCount(levels) !== total(scope))
      misfit(scope, 'hierarchy_levels', `[${levels.join(', ')}]`, `levels whose product is ${total(scope)}`);
    return { view: levels, compute: tempered(config) };
  },
  gumbel: (config, scope) => ({
    view: usual(config, scope),
    compute: tempered(config),
    noise: config.gumbel_noise ?? true,
  }),
  masked: (config, scope) => {
    const { mask = [], temperature } = config;
    const view = mask.length === total(scope) ? [total(scope)] : usual(config, scope);
    const extent = view[view.length - 1];
    if (mask.length !== extent) misfit(scope, 'mask', `${mask.length} values`, `${extent}`);
    return { view, compute: (b, x) => maskedSoftmax(b, x, mask, given(temperature) ?? 1) };
  },
  sparse,
  sparsemax: sparse,
  entmax: (config, scope) => {
    const { entmax_alpha: alpha = 1.5, entmax_mode = 'exact' } = config;
    if (!(alpha >= 1 && alpha <= 2))
      refuse('alpha is out of range', {
        path: `${scope.path}.entmax_alpha`,
        found: `${alpha}`,
        expected: 'from 1, which is softmax, to 2, which is sparsemax',
      });
    const function_ = entmax_mode === 'blend' ? entmaxBlend : entmax;
    return { view: usual(config, scope), compute: (b, x) => function_(b, x, lastAxis(x), alpha) };
  },
  adaptive: ({ adaptive_clusters: clusters = [] }, scope) => {
    const size = partitionOf(clusters, scope);
    if (total(scope) !== size && total(scope) !== size + clusters.length)
      misfit(scope, 'adaptive_clusters', `${size} positions in ${clusters.length} clusters`, `${total(scope)} positions`); // prettier-ignore
    return { view: [total(scope)], output: [size], compute: (b, x) => adaptiveSoftmax(b, x, clusters) };
  },
  mixture: ({ mixture_weights: weights = [] }, scope) => {
    const size = total(scope) / weights.length;
    if (
      !Number.isInteger(size) ||
      weights.some((weight) => weight < 0) ||
      weights.every((weight) => weight === 0)
    )
      misfit(
        scope,
        'mixture_weights',
        `[${weights.join(', ')}]`,
        'weights from 0, as many as parts of the input',
      );
    return {
      view: [weights.length, size],
      output: [size],
      compute: (b, x) => mixtureSoftmax(b, x, weights),
    };
  },
};

/** Number of positions. Throws CONFIG_INVALID unless the clusters hold each from 0 on once. */
function partitionOf(clusters: readonly (readonly number[])[], { path }: Scope): number {
  const positions = clusters.flat();
  const isPartition =
    positions.length > 0 &&
    clusters.every(({ length }) => length > 0) &&
    new Set(positions).size === positions.length &&
    greatest(positions, 0) === positions.length - 1;
  if (!isPartition)
    refuse('the clusters are not a partition', {
      path: `${path}.adaptive_clusters`,
      found: excerptOf(clusters),
      expected: 'each position from 0 on in one cluster, none of which is empty',
    });
  return positions.length;
}

export function designSoftmax(config: SoftmaxConfig, scope: Scope): Blueprint<Softmax> {
  const variant = config.softmax_variant ?? 'standard';
  const { view, output = view, compute, noise = false } = PLANS[variant](config, scope);
  return { make: () => new Softmax(variant, compute, noise ? scope.key : undefined), view, output };
}

export const softmaxLayer = designSoftmax;
