/** Trains a low-rank adapter on text. */
import { HeddleError } from '../../base/errors.js';
import { Lease } from '../../base/lease.js';
import { kind, required, type Kind } from '../../base/kinds.js';
import { checkedOptions, type OptionTable } from '../../base/options.js';
import { tensorData, type TensorData } from '../../base/tensor.js';
import type { Computation, Storage } from '../../tensor/backends/backend.js';
import { backendAt, type Place } from '../engine/place.js';
import type { ModelFiles } from '../files/model-files.js';
import { checkWeights } from '../model/check.js';
import { neededWeights } from '../model/join.js';
import { planesOf, specsOf } from '../model/weights.js';
import { newAdapter, MOST_RANK, type Adapter, type Factors } from './adapter.js';
import { lossGraph } from './loss.js';

export interface FineTuneOptions {
  /** Where it is computed: an open device, or a backend. */
  readonly device: Place;
  /** Updates. Default 50. */
  readonly steps?: number;
  /** Texts of an update. Default 4. */
  readonly batch?: number;
  /** Tokens of a text that are predicted. Default 64. */
  readonly tokens?: number;
  /** Rows of the factors, up to 128. Default 8. */
  readonly rank?: number;
  /** The adapter counts alpha / rank times. Default: twice the rank. */
  readonly alpha?: number;
  /** AdamW's. Default 1e-3. */
  readonly learningRate?: number;
  /** Matrices of the layers that are adapted, by GGUF's names. Default: attn_q and attn_v (or attn_qkv). */
  readonly matrices?: readonly string[];
  /** Of the first values. Default 0. */
  readonly seed?: number;
  /** Told after each update. */
  readonly onStep?: (step: number, loss: number) => void;
}

const count = (least: number, most = 2 ** 31 - 1): Kind<false> =>
  kind(`an integer from ${least} to ${most}`, (value) => Number.isInteger(value) && (value as number) >= least && (value as number) <= most); // prettier-ignore
const positive = kind('a number above 0', (value) => typeof value === 'number' && value > 0 && value < Infinity); // prettier-ignore

const OPTIONS: OptionTable<FineTuneOptions> = {
  device: required(
    kind('an open device, or a backend', (value) => typeof value === 'object' && value !== null),
  ),
  steps: count(1),
  batch: count(1, 64),
  tokens: count(1),
  rank: count(1, MOST_RANK),
  alpha: positive,
  learningRate: positive,
  matrices: kind('a list of names', (value) => Array.isArray(value) && value.length > 0 && value.every((each) => typeof each === 'string')), // prettier-ignore
  seed: kind('an integer from 0 on', (value) => Number.isSafeInteger(value) && (value as number) >= 0),
  onStep: kind('a function', (value) => typeof value === 'function'),
};

/** An adapter, and the loss before each update and after the last. */
export interface FineTuned {
  readonly adapter: Adapter;
  readonly losses: readonly number[];
}

/**
 * Trains an adapter so that `text` (tokens) becomes likelier: each update takes the next `batch` pieces of `tokens` + 1 tokens, and
 * begins again at the end. AdamW (Loshchilov and Hutter, 2019; without decay) in doubles on the host; all else is a program, so that
 * losses and adapter have the same bits on every device. Throws USAGE for options that are none and a text that is too short, LLM_CONTEXT for
 * pieces that are longer than the model's context, LLM_INVALID and LLM_UNSUPPORTED for models that cannot be adapted.
 */
export async function fineTune(
  { hyper, weights: stored, vocabulary }: ModelFiles,
  text: readonly number[],
  options: FineTuneOptions,
): Promise<FineTuned> {
  const given = checkedOptions(options, OPTIONS, 'fineTune');
  const { steps = 50, batch = 4, tokens = 64, rank = 8, learningRate = 1e-3, seed = 0, onStep } = given;
  const alpha = given.alpha ?? 2 * rank;
  checkWeights(hyper, stored, vocabulary);
  checkText(text, tokens, hyper);
  const weights = neededWeights(hyper, stored);
  const names = adaptedNames([...weights.keys()], given.matrices);
  const adapter = newAdapter(weights, names, { rank, alpha, seed });
  const specs = specsOf(weights);
  const backend = backendAt(given.device);
  const [fixed, ofStep] = [new Lease(), new Lease()];
  const upload = (data: TensorData, lease = ofStep): Storage => lease.acquire(backend.upload(data));
  let program: Computation | undefined;
  try {
    const planes: Storage[] = [];
    for (const spec of specs) for (const plane of await planesOf(spec)) planes.push(upload(plane, fixed));
    program = backend.compile({ graph: lossGraph(hyper, specs, adapter, { batch, tokens }), weights: new Map() }, []); // prettier-ignore
    const losses: number[] = [];
    const optimizer = new AdamW(parametersOf(adapter), learningRate);
    for (let step = 0; step <= steps; step++) {
      const [inputs, labels] = piecesOf(text, step, batch, tokens);
      const before = [inputs, labels].map((data) => upload(data));
      const after = [...factorTensors(adapter), tensorData('f32', [], Float32Array.of(1))].map((data) =>
        upload(data),
      );
      const results = program.run([...before, ...planes, ...after]);
      for (const result of results) ofStep.acquire(result);
      const [loss, ...gradients] = await backend.read(results);
      ofStep.release();
      losses.push(Number(loss.data[0]));
      if (step === steps) break;
      optimizer.update(gradients.map(({ data }) => data as Float32Array));
      onStep?.(step + 1, losses[step]);
    }
    return { adapter, losses };
  } finally {
    program?.dispose();
    ofStep.release();
    fixed.release();
  }
}

function checkText(
  text: readonly number[],
  tokens: number,
  { context, vocabulary }: ModelFiles['hyper'],
): void {
  if (tokens > context)
    throw new HeddleError('LLM_CONTEXT', 'the pieces are longer than the context', { found: `${tokens} tokens`, expected: `at most ${context}` }); // prettier-ignore
  const isToken = (token: unknown): boolean => Number.isInteger(token) && (token as number) >= 0 && (token as number) < vocabulary; // prettier-ignore
  if (Array.isArray(text) && text.length > tokens && text.every(isToken)) return;
  throw new HeddleError('USAGE', 'the text is too short, or has tokens that are none', {
    found: Array.isArray(text) ? `${text.length} tokens` : typeof text,
    expected: `more than ${tokens} integers below ${vocabulary}`,
  });
}

/** The matrices of all layers that are of the kinds. Throws LLM_INVALID where there is none of a kind. */
function adaptedNames(names: readonly string[], kinds: readonly string[] | undefined): readonly string[] {
  const of = (kind: string): readonly string[] => names.filter((name) => /^blk\.\d+\./.test(name) && name.endsWith(`.${kind}.weight`)); // prettier-ignore
  const wanted = kinds ?? (of('attn_qkv').length > 0 ? ['attn_qkv'] : ['attn_q', 'attn_v']);
  return wanted.flatMap((kind) => {
    const found = of(kind);
    if (found.length > 0) return found;
    throw new HeddleError('LLM_INVALID', 'the model has no such matrix', { found: kind, where: 'matrices' });
  });
}

/** The tokens of the pieces of a step, and those that follow them: i32 [batch, tokens]. */
function piecesOf(text: readonly number[], step: number, batch: number, tokens: number): readonly [TensorData, TensorData] {
  const pieces = Math.floor((text.length - 1) / tokens);
  const shifted = (by: number): TensorData => {
    const all = Array.from({ length: batch }, (_, i) => {
      const from = ((step * batch + i) % pieces) * tokens + by;
      return text.slice(from, from + tokens);
    });
    return tensorData('i32', [batch, tokens], Int32Array.from(all.flat()));
  };
  return [shifted(0), shifted(1)];
} // prettier-ignore

const parametersOf = ({ factors }: Adapter): readonly Float32Array[] =>
  [...factors.values()].flatMap(({ down, up }: Factors) => [down, up]);

const factorTensors = ({ rank, factors }: Adapter): readonly TensorData[] =>
  [...factors.values()].flatMap(({ down, up }) => [
    tensorData('f32', [rank, down.length / rank], down.slice()),
    tensorData('f32', [up.length / rank, rank], up.slice()),
  ]);

/** Without decay of weights. Powers of the rates are products, so that no machine has others. */
class AdamW {
  private readonly first: readonly Float64Array[];
  private readonly second: readonly Float64Array[];
  private powers: readonly [number, number] = [1, 1];

  constructor(
    private readonly parameters: readonly Float32Array[],
    private readonly rate: number,
  ) {
    [this.first, this.second] = [parameters, parameters].map((list) => list.map(({ length }) => new Float64Array(length))); // prettier-ignore
  }

  update(gradients: readonly Float32Array[]): void {
    const [beta1, beta2, epsilon] = [0.9, 0.999, 1e-8];
    this.powers = [this.powers[0] * beta1, this.powers[1] * beta2];
    const [bias1, bias2] = this.powers.map((power) => 1 - power);
    this.parameters.forEach((values, at) => {
      const [gradient, m, v] = [gradients[at], this.first[at], this.second[at]];
      for (let i = 0; i < values.length; i++) {
        m[i] = beta1 * m[i] + (1 - beta1) * gradient[i];
        v[i] = beta2 * v[i] + (1 - beta2) * gradient[i] * gradient[i];
        values[i] -= (this.rate * (m[i] / bias1)) / (Math.sqrt(v[i] / bias2) + epsilon);
      }
    });
  }
}
