/** Soft assignment of features to learned centres. */
import { softAssignment, type Metric } from '../../../compose/index.js';
import { elementCount } from '../../../base/tensor.js';
import type { CallContext, Layer } from '../../../learn/nn/context.js';
import { normal, parameter } from '../../../learn/nn/initializers.js';
import { liftOne } from '../../../learn/nn/lift.js';
import { Module } from '../../../learn/nn/module.js';
import type { Tensor } from '../../../tensor/tensors/tensor.js';
import { designBranch, type Branch } from '../branch.js';
import { given, keyOfPart, keyTensor, misfit, type Blueprint, type Scope } from '../scope.js';
import type { KMeansConfig } from '../types.js';
import { runWire, type Wire } from '../wire.js';

interface Options {
  readonly metric: Metric;
  readonly temperature: number;
  readonly mode: 'probabilities' | 'features';
}

/**
 * [B, ...] -> [B, K] probabilities softmax(-distance / (2 T^2)), or [B, D] their centres' weighted mean. The distance is
 * that of the example's features, which `attached` makes, from the centres [K, D]: squared Euclidean, 1 - cosine, or
 * Manhattan. All of it is differentiable.
 */
export class KMeans extends Module {
  centers: Tensor;
  readonly attached: (Module & Layer) | undefined;
  readonly wire: Wire | undefined;

  constructor(
    readonly clusters: number,
    readonly features: number,
    key: Tensor,
    attached: Branch | undefined,
    readonly options: Options,
  ) {
    super();
    this.attached = attached?.make();
    this.wire = attached?.wire;
    this.centers = parameter(normal()(key, [clusters, features]));
  }

  call(x: Tensor, context: CallContext = {}): Tensor {
    const { attached, wire } = this;
    const own = attached === undefined || wire === undefined ? x : runWire(attached, wire, [x], context);
    const { metric, temperature, mode } = this.options;
    const p = liftOne('KMeans', [own.reshape([x.shape[0], this.features]), this.centers], (b, f, c) =>
      softAssignment(b, f, c, { metric, temperature }),
    );
    return mode === 'probabilities' ? p : p.matmul(this.centers);
  }

  override describe(): string {
    const { metric, temperature, mode } = this.options;
    return `${this.clusters}, ${this.features}, ${metric}, temperature=${temperature}, ${mode}`;
  }
}

export function kmeans(config: KMeansConfig, scope: Scope): Blueprint {
  const { num_clusters, attached_layer, distance_metric = 'euclidean' } = config;
  const mode = config.kmeans_output_mode ?? 'probabilities';
  const attached =
    attached_layer === undefined ? undefined : designBranch(attached_layer, 'attached_layer', 0, scope);
  const features = elementCount(attached?.output ?? scope.input);
  const dimension = given(config.cluster_dim);
  if (dimension !== undefined && dimension !== features)
    misfit(scope, 'cluster_dim', `${dimension}`, `${features}, the number of features`);
  scope.budget.take(scope.path, [num_clusters, features]);
  const options = { metric: distance_metric, temperature: given(config.kmeans_temperature) ?? 1, mode };
  const make = (): KMeans =>
    new KMeans(num_clusters, features, keyTensor(keyOfPart(scope.key, 1)), attached, options);
  return { make, view: scope.input, output: [mode === 'features' ? features : num_clusters] };
}
