/** One step of a transformer as a program: tokens of some sequences in, logits and longer caches out. */
import { geluTanh, silu } from '../../compose/activation.js';
import { concat, sliceAxis, split } from '../../compose/movement.js';
import { layerNorm, rmsNorm } from '../../compose/normalize.js';
import { turnPairs } from '../../compose/position.js';
import { withScalar } from '../../compose/broadcast.js';
import { GraphBuilder } from '../../ir/builder.js';
import type { Value } from '../../ir/emitter.js';
import type { Graph } from '../../ir/graph.js';
import { cacheName, cacheShape, cachesOf, POSITION_AXIS, type CacheKind } from './cache.js';
import { anglesOf, attendCache, capped, joinHeads, splitHeads, type Angles } from './attention.js';
import { mixture } from './experts.js';
import type { Hyperparameters } from './hyper.js';
import { WeightParams, type WeightSpec } from './weights.js';

/** The sizes of a step, for which a program is compiled. */
export interface StepShape {
  /** Sequences. */
  readonly batch: number;
  /** Tokens of each. */
  readonly tokens: number;
  /** Positions that each cache holds. */
  readonly capacity: number;
  /** Whether logits of all tokens are wanted, or of one in each sequence. */
  readonly all: boolean;
}

/** Names of the params and outputs that are not weights. */
export const PORTS = {
  /** i32 [batch, tokens] */
  tokens: 'tokens',
  /** i32 [batch]: the position of the first token of each sequence. */
  starts: 'starts',
  /** i32 [batch]: which of its tokens the logits are of. */
  last: 'last',
  /** f32 [batch, vocabulary], or [batch * tokens, vocabulary] */
  logits: 'logits',
} as const;

/**
 * The program of a step. Params, in this order: tokens, starts, last (unless logits of all are wanted), caches, weights. Outputs:
 * logits, caches. A token at position p is computed from the tokens before it in its own sequence and from nothing else.
 */
export function stepGraph(hyper: Hyperparameters, specs: readonly WeightSpec[], shape: StepShape): Graph {
  const { batch, tokens, capacity, all } = shape;
  const own = cachesOf(hyper.layers, batch);
  const b = new GraphBuilder(`step_${batch}x${tokens}_of_${capacity}`);
  const { logits, caches } = emitStep(b, hyper, shape, {
    tokens: b.param(PORTS.tokens, 'i32', [batch, tokens]),
    starts: b.param(PORTS.starts, 'i32', [batch]),
    last: all ? undefined : b.param(PORTS.last, 'i32', [batch]),
    caches: new Map(
      own.map(({ name, kind }) => [name, b.param(name, 'f32', cacheShape(kind, hyper, capacity))]),
    ),
    weights: new WeightParams(b, specs),
  });
  b.output(PORTS.logits, logits);
  for (const { name } of own) b.output(name, caches.get(name)!);
  return b.build();
}

/** What a step is made of; the shapes are those of {@link PORTS}. */
export interface StepInputs {
  readonly tokens: Value;
  readonly starts: Value;
  readonly last: Value | undefined;
  readonly caches: ReadonlyMap<string, Value>;
  readonly weights: WeightParams;
}

export interface StepResults {
  readonly logits: Value;
  readonly caches: ReadonlyMap<string, Value>;
}

/** A step within a graph under construction. */
export const emitStep = (
  b: GraphBuilder,
  hyper: Hyperparameters,
  shape: StepShape,
  inputs: StepInputs,
): StepResults => new Step(b, hyper, shape, inputs).emit();

class Step {
  private readonly w: WeightParams;
  private readonly tokens: Value;
  private readonly starts: readonly Value[];
  private readonly updated = new Map<string, Value>();
  private readonly count: number;
  private readonly positions: Value;

  constructor(
    private readonly b: GraphBuilder,
    private readonly hyper: Hyperparameters,
    private readonly shape: StepShape,
    private readonly inputs: StepInputs,
  ) {
    const { batch, tokens } = shape;
    const { starts } = inputs;
    this.count = batch * tokens;
    this.tokens = b.reshape(inputs.tokens, [this.count]);
    this.starts = Array.from({ length: batch }, (_, i) => b.reshape(sliceAxis(b, starts, 0, i, 1), []));
    this.w = inputs.weights;
    const offset = b.emit('iota', [], { dtype: 'i32', shape: [batch, tokens], axis: 1 });
    const first = b.broadcast(b.reshape(starts, [batch, 1]), [batch, tokens]);
    this.positions = b.reshape(b.binary('add', first, offset), [this.count]);
  }

  emit(): StepResults {
    const { b, hyper } = this;
    const { last } = this.inputs;
    const global = this.angles(hyper.rope?.frequencies);
    const local = hyper.rope?.local === undefined ? global : this.angles(hyper.rope.local);
    let x = this.embedded();
    for (let layer = 0; layer < hyper.layers; layer++) {
      const isLocal = hyper.window?.in(layer) === true;
      x = b.within(`layer ${layer}`, () => this.layer(x, layer, isLocal ? local : global));
    }
    const final = this.norm('output_norm', last === undefined ? x : this.picked(x, last));
    const head = this.w.has('output.weight') ? 'output' : 'token_embd';
    const logits = this.w.linear(head, final);
    return {
      logits: hyper.logitCap === undefined ? logits : capped(b, logits, hyper.logitCap),
      caches: this.updated,
    };
  }

  private embedded(): Value {
    const { b, hyper, w } = this;
    const rows = w.rows('token_embd.weight', this.tokens);
    const x = hyper.embeddingScale === 1 ? rows : withScalar(b, 'mul', rows, hyper.embeddingScale);
    return hyper.rope === undefined ? b.binary('add', x, w.rows('position_embd.weight', this.positions)) : x;
  }

  private angles(frequencies: readonly number[] | undefined): Angles | undefined {
    const { b, hyper } = this;
    return frequencies && anglesOf(b, b.cast(this.positions, 'f32'), frequencies, hyper.rope!.magnitude);
  }

  /** The rows of the tokens whose logits are wanted: [batch, width]. */
  private picked(x: Value, last: Value): Value {
    const { b, shape } = this;
    const first = b.emit('iota', [], { dtype: 'i32', shape: [shape.batch], axis: 0 });
    const rows = b.binary('add', withScalar(b, 'mul', first, shape.tokens), last);
    return b.emit('gather', [x, rows], { axis: 0 });
  }

  private norm(name: string, x: Value): Value {
    const { b, w } = this;
    const { norm, epsilon } = this.hyper;
    const axis = x.type.shape.length - 1;
    const scale = w.vector(`${name}.weight`);
    return norm === 'rms'
      ? rmsNorm(b, x, axis, scale, epsilon)
      : layerNorm(b, x, axis, scale, w.optionalVector(`${name}.bias`), epsilon).result;
  }

  /** The norm where the model has it. */
  private optionalNorm(name: string, x: Value): Value {
    return this.w.has(`${name}.weight`) ? this.norm(name, x) : x;
  }

  private layer(x: Value, layer: number, angles: Angles | undefined): Value {
    const { b } = this;
    const at = (name: string): string => `blk.${layer}.${name}`;
    const attended = this.attention(this.norm(at('attn_norm'), x), layer, angles);
    const middle = b.binary('add', x, this.optionalNorm(at('post_attention_norm'), attended));
    const mixed = this.feedForward(this.norm(at('ffn_norm'), middle), layer);
    return b.binary('add', middle, this.optionalNorm(at('post_ffw_norm'), mixed));
  }

  private attention(x: Value, layer: number, angles: Angles | undefined): Value {
    const { b, hyper, shape, w } = this;
    const { heads, kvHeads, window, attentionScale, attentionCap } = hyper;
    const [q, k, v] = this.projected(x, layer);
    const queries = this.turned(this.headNorm(`blk.${layer}.attn_q_norm`, q, heads), heads, angles);
    const keys = this.turned(this.headNorm(`blk.${layer}.attn_k_norm`, k, kvHeads), kvHeads, angles);
    const options = {
      scale: attentionScale,
      cap: attentionCap,
      window: window?.in(layer) === true ? window.size : undefined,
    };
    const results = this.starts.map((start, i) => {
      const own = (all: Value, count: number): Value =>
        splitHeads(b, sliceAxis(b, all, 0, i * shape.tokens, shape.tokens), count);
      const extended = (kind: CacheKind, rows: Value): Value => {
        const name = cacheName(kind, layer, i);
        const inputs = [this.inputs.caches.get(name)!, rows, start];
        const result = b.emit('updateSlice', inputs, { axis: POSITION_AXIS[kind] });
        this.updated.set(name, result);
        return result;
      };
      const turned = b.permute(own(keys, kvHeads), [0, 2, 1]);
      const cached = [extended('keys', turned), extended('values', own(v, kvHeads))] as const;
      return joinHeads(b, attendCache(b, own(queries, heads), ...cached, start, options));
    });
    return w.linear(`blk.${layer}.attn_output`, concat(b, results, 0));
  }

  /** Queries, keys and values: [n, heads * size], [n, kv heads * size] twice. */
  private projected(x: Value, layer: number): readonly [Value, Value, Value] {
    const { w, b } = this;
    const { heads, kvHeads, headSize } = this.hyper;
    const name = `blk.${layer}.attn_qkv`;
    if (w.has(`${name}.weight`)) {
      const sizes = [heads, kvHeads, kvHeads].map((count) => count * headSize);
      const [q, k, v] = split(b, w.linear(name, x), 1, sizes);
      return [q, k, v];
    }
    const part = (kind: string): Value => w.linear(`blk.${layer}.attn_${kind}`, x);
    return [part('q'), part('k'), part('v')];
  }

  /** Each head of x [n, heads * size] normalized, where the model does that. */
  private headNorm(name: string, x: Value, heads: number): Value {
    if (!this.w.has(`${name}.weight`)) return x;
    const { b, hyper } = this;
    const apart = b.reshape(x, [this.count, heads, hyper.headSize]);
    return b.reshape(this.norm(name, apart), x.type.shape);
  }

  /** Each head of x [n, heads * size] turned. */
  private turned(x: Value, heads: number, angles: Angles | undefined): Value {
    if (angles === undefined) return x;
    const { b, hyper } = this;
    const apart = b.reshape(x, [this.count, heads, hyper.headSize]);
    const along = (factor: Value): Value => b.reshape(factor, [this.count, 1, Number(factor.type.shape[1])]);
    const result = turnPairs(b, apart, along(angles.cosines), along(angles.sines), hyper.rope!.interleaved);
    return b.reshape(result, x.type.shape);
  }

  private feedForward(x: Value, layer: number): Value {
    const { b, hyper, w } = this;
    const at = (name: string): string => `blk.${layer}.${name}`;
    const activated = (gate: Value): Value => (hyper.activation === 'silu' ? silu(b, gate) : geluTanh(b, gate)); // prettier-ignore
    if (hyper.experts !== undefined) return mixture(b, w, x, layer, hyper.experts, activated);
    const [gate, up] = this.gateAndUp(x, layer);
    const inner = gate === undefined ? activated(up) : b.binary('mul', activated(gate), up);
    return w.linear(at('ffn_down'), inner);
  }

  /** Phi-3 has both in one weight, GPT-2 no gate. */
  private gateAndUp(x: Value, layer: number): readonly [gate: Value | undefined, up: Value] {
    const { b, w } = this;
    const at = (name: string): string => `blk.${layer}.${name}`;
    if (w.has(at('ffn_gate.weight'))) return [w.linear(at('ffn_gate'), x), w.linear(at('ffn_up'), x)];
    const isJoined = w.has(at('ffn_gate_up.weight'));
    const up = w.linear(at(isJoined ? 'ffn_gate_up' : 'ffn_up'), x);
    if (!isJoined) return [undefined, up];
    const half = Number(up.type.shape[1]) / 2;
    return [sliceAxis(b, up, 1, 0, half), sliceAxis(b, up, 1, half, half)];
  }
}
