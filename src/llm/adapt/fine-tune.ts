/** Trains a low-rank adapter on text. */
import { checksum } from '../../base/checksum.js';
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
import { AdamW } from './adamw.js';
import { newAdapter, MOST_RANK, type Adapter, type Factors } from './adapter.js';
import { decodeCheckpoint, encodeCheckpoint, type Checkpoint, type TrainingSettings } from './checkpoint.js';
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
  /** Ends the training in order after the update that is being made; what it gives is that of then. */
  readonly signal?: AbortSignal;
  /** The `checkpoint` of a training, which goes on up to `steps` updates in all. All else but `device` has to be as it was. */
  readonly resume?: Uint8Array;
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
  signal: kind('an AbortSignal', (value) => value instanceof AbortSignal),
  resume: kind('bytes of a checkpoint', (value) => value instanceof Uint8Array),
};

/** An adapter, and the loss before each update and after the last. */
export interface FineTuned {
  readonly adapter: Adapter;
  readonly losses: readonly number[];
  /** What `resume` takes: a file of safetensors with the factors, the moments of the optimiser and the losses. */
  readonly checkpoint: Uint8Array;
}

/**
 * Trains an adapter so that `text` (tokens) becomes likelier: each update takes the next `batch` pieces of `tokens` + 1 tokens, and
 * begins again at the end. AdamW (Loshchilov and Hutter, 2019; without decay) in doubles on the host; all else is a program, so that
 * losses and adapter have the same bits on every device. Throws USAGE for options that are none and a text that is too short, LLM_CONTEXT for
 * pieces that are longer than the model's context, LLM_INVALID and LLM_UNSUPPORTED for models that cannot be adapted. A checkpoint that is
 * none or damaged is FILE_*, one of other options or more updates USAGE, one of another model LLM_INVALID.
 */
export async function fineTune(
  { hyper, weights: stored, vocabulary }: ModelFiles,
  text: readonly number[],
  options: FineTuneOptions,
): Promise<FineTuned> {
  const given = checkedOptions(options, OPTIONS, 'fineTune');
  const {
    steps = 50,
    batch = 4,
    tokens = 64,
    rank = 8,
    learningRate = 1e-3,
    seed = 0,
    onStep,
    signal,
  } = given;
  const alpha = given.alpha ?? 2 * rank;
  checkWeights(hyper, stored, vocabulary);
  checkText(text, tokens, hyper);
  const weights = neededWeights(hyper, stored);
  const names = adaptedNames([...weights.keys()], given.matrices);
  const adapter = newAdapter(weights, names, { rank, alpha, seed });
  const settings: TrainingSettings = { batch, tokens, rank, alpha, learningRate, seed, matrices: names.join(), text: checksum(new Uint8Array(Int32Array.from(text).buffer)) }; // prettier-ignore
  const parameters = parametersOf(adapter);
  const start = given.resume === undefined ? undefined : startOf(given.resume, settings, parameters, steps);
  const specs = specsOf(weights);
  const backend = backendAt(given.device);
  const [fixed, ofStep] = [new Lease(), new Lease()];
  const upload = (data: TensorData, lease = ofStep): Storage => lease.acquire(backend.upload(data));
  let program: Computation | undefined;
  try {
    const planes: Storage[] = [];
    const sums = [JSON.stringify(hyper)];
    for (const spec of specs)
      for (const plane of await planesOf(spec)) {
        const { buffer, byteOffset, byteLength } = plane.data;
        sums.push(checksum(new Uint8Array(buffer, byteOffset, byteLength)));
        planes.push(upload(plane, fixed));
      }
    const model = checksum(new TextEncoder().encode(sums.join()));
    checkModel(start, model);
    program = backend.compile({ graph: lossGraph(hyper, specs, adapter, { batch, tokens }), weights: new Map() }, []); // prettier-ignore
    const losses = [...(start?.state.losses ?? [])];
    const optimizer = new AdamW(parameters, learningRate, start?.state);
    for (let step = losses.length; ; step++) {
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
      if (step === steps || (await isAborted(signal))) break;
      optimizer.update(gradients.map(({ data }) => data as Float32Array));
      onStep?.(step + 1, losses[step]);
    }
    const { first, second } = optimizer;
    const checkpoint = encodeCheckpoint({ model, state: { parameters, first, second, losses: losses.slice(0, -1) } }, settings); // prettier-ignore
    return { adapter, losses, checkpoint };
  } finally {
    program?.dispose();
    ofStep.release();
    fixed.release();
  }
}

/** Whether a training is to end. Lets events in: a backend that computes without a pause would not see them. */
async function isAborted(signal: AbortSignal | undefined): Promise<boolean> {
  if (signal === undefined) return false;
  await new Promise((resolve) => setTimeout(resolve));
  return signal.aborted;
}

/** The training that goes on, with its factors in `parameters`. */
function startOf(
  bytes: Uint8Array,
  settings: TrainingSettings,
  parameters: readonly Float32Array[],
  steps: number,
): Checkpoint {
  const start = decodeCheckpoint(bytes, settings, parameters.map(({ length }) => length)); // prettier-ignore
  const done = start.state.losses.length;
  if (done > steps)
    throw new HeddleError('USAGE', 'the training has made more updates already', {
      found: `steps: ${steps}`,
      expected: `at least ${done}`,
    });
  for (const [at, values] of parameters.entries()) values.set(start.state.parameters[at]);
  return start;
}

/** Throws LLM_INVALID unless a training that goes on is of this model. */
function checkModel(start: Checkpoint | undefined, model: string): void {
  if (start === undefined || start.model === model) return;
  throw new HeddleError('LLM_INVALID', 'the checkpoint is of another model', {
    found: start.model,
    expected: model,
  });
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
