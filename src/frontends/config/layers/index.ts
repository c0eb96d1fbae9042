/** Layers by the names of their types. */
import type { Blueprint, Scope } from '../scope.js';
import type { LayerConfig, LayerType } from '../types.js';
import { attention } from './attention.js';
import { conv1d, conv2d } from './conv.js';
import { dense, stitch } from './dense.js';
import { embedding } from './embedding.js';
import { kmeans } from './kmeans.js';
import { layerNorm, rmsNorm } from './norm.js';
import { parallel } from './parallel.js';
import { gru, lstm, rnn } from './recurrent.js';
import { residual } from './residual.js';
import { sequential } from './sequential.js';
import { softmaxLayer } from './softmax.js';
import { swiglu } from './swiglu.js';

type Rules = { readonly [T in LayerType]: (config: Wide<T>, scope: Scope) => Blueprint };
/** Types that share an interface: those whose `type` includes T. */
type Wide<T extends LayerType> = LayerConfig extends infer C
  ? C extends { readonly type: infer U }
    ? T extends U
      ? C
      : never
    : never
  : never;

const RULES: Rules = {
  dense,
  stitch,
  conv1d,
  conv2d,
  rnn,
  lstm,
  gru,
  multi_head_attention: attention,
  mha: attention,
  layer_norm: layerNorm,
  layernorm: layerNorm,
  rms_norm: rmsNorm,
  rmsnorm: rmsNorm,
  swiglu,
  embedding,
  residual,
  sequential,
  parallel,
  kmeans,
  softmax: softmaxLayer,
};

/** The design of a layer. Throws CONFIG_INVALID where it does not fit what arrives. */
export function designLayer(config: LayerConfig, scope: Scope): Blueprint {
  // Each rule takes the config of its own type, which the key has picked.
  const rule = RULES[config.type] as (config: LayerConfig, scope: Scope) => Blueprint;
  const blueprint = rule(config, scope);
  if (config.frozen !== true) return blueprint;
  return { ...blueprint, make: () => Object.assign(blueprint.make(), { frozen: true }) };
}
