/** Network configs as models. */
import { HeddleError, inFile } from '../../base/errors.js';
import { nearestName } from '../../base/nearest.js';
import type { TensorData } from '../../base/tensor.js';
import {
  fromConfig,
  fromLoomBundle,
  isLoomBundle,
  loomConfig,
  networkProgram,
  parseConfig,
  type Chain,
  type NetworkConfig,
} from '../../frontends/config/index.js';
import type { Program } from '../../ir/graph.js';
import {
  dequantizeTensor,
  readQuantized,
  withQuantized,
  type Arithmetic,
  type QuantizedTensors,
} from '../../quantize/index.js';
import { readBytes, readJson } from '../files/files.js';
import type { Model } from './model.js';
import { programModel } from './program.js';
import type { ModelOptions } from '../terminal/options.js';

/** A config out of a file, and its network. */
export interface Configured {
  readonly config: NetworkConfig;
  readonly network: Chain;
  /** Those of the weights that the file holds in another type: the network has them as f32. */
  readonly quantized: QuantizedTensors;
  readonly arithmetic: Arithmetic;
}

export const isConfig = (path: string): boolean => path.endsWith('.json');

/**
 * The network of a config, or of a model bundle of LOOM, with the weights of --weights. Throws CONFIG_INVALID, and
 * LIMIT_EXCEEDED.
 */
export function readConfig(
  path: string,
  { weights, maxWeights, maxSteps }: Pick<ModelOptions, 'weights' | 'maxWeights' | 'maxSteps'>,
): Configured {
  const limits = { maxWeights, maxSteps };
  const json = readJson(path);
  const configured = inFile(path, () => {
    const isBundle = isLoomBundle(json);
    const config = parseConfig(isBundle ? loomConfig(json) : json);
    return { config, network: isBundle ? fromLoomBundle(json, limits) : fromConfig(config, limits) };
  });
  if (weights === undefined) return { ...configured, quantized: new Map(), arithmetic: 'f32' };
  const { quantized, tensors, arithmetic = 'f32' } = readQuantized(readBytes(weights), weights);
  const plain = Array.from(quantized, ([name, tensor]) => [name, dequantizeTensor(tensor)] as const);
  inFile(weights, () => configured.network.load(new Map([...tensors, ...plain])));
  return { ...configured, quantized, arithmetic };
}

/** `program` as the file of weights says: with those in another type, as far as it uses them, and in its arithmetic. */
export function asStored(
  program: Program,
  { quantized, arithmetic }: Pick<Configured, 'quantized' | 'arithmetic'>,
): Program {
  const used = new Set(program.graph.nodes.flatMap(({ op, attrs }) => (op === 'weight' ? [attrs.id] : [])));
  return withQuantized(program, new Map([...quantized].filter(([id]) => used.has(id))), { arithmetic });
}

/** Opens the config at `path`, for as many examples as --dim batch, the data or the config say. */
export async function openConfig(path: string, options: ModelOptions, input?: TensorData): Promise<Model> {
  const configured = readConfig(path, options);
  const { config, network } = configured;
  const { batch, ...others } = { batch: undefined, ...options.dim };
  const [unknown] = Object.keys(others);
  if (unknown !== undefined)
    throw new HeddleError('USAGE', 'a network config has no such dimension', {
      where: path,
      found: `--dim ${unknown}`,
      expected: '--dim batch=N',
      hint: nearestName(unknown, ['batch']) && 'did you mean batch?',
    });
  if (options.seededWeights !== undefined)
    throw new HeddleError('USAGE', 'the option is for ONNX models', {
      where: path,
      found: '--seeded-weights',
      expected: '--dim batch=N, --weights FILE',
    });
  if (batch === 0 || typeof batch === 'object')
    throw new HeddleError('USAGE', 'a batch has at least one example', {
      where: '--dim batch',
      found: batch === 0 ? '0' : 'a range',
      expected: 'a whole number from 1',
    });
  const whole = input?.shape.length === network.input.length + 1 ? input.shape[0] : undefined;
  const count = batch ?? whole ?? (config.batch_size || 1);
  const program = asStored(await networkProgram(network, count, config.id ?? 'network'), configured);
  return programModel(path, 'config', program);
}
