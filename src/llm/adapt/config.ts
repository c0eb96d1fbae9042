/** The fields of PEFT's adapter_config.json that say how much an adapter counts. */
import { describeValue } from '../../base/describe.js';
import { HeddleError } from '../../base/errors.js';

/** What the field is called, there and in the metadata of Heddle's files. */
export const ALPHA = 'lora_alpha';

/** An adapter as PEFT saves it: adapter_model.safetensors, and the JSON value of the adapter_config.json beside it. */
export interface AdapterFile {
  readonly bytes: Uint8Array;
  readonly config?: unknown;
}

/** Whether a value is such a file, but for what is in it. */
export const isAdapterFile = (value: unknown): value is AdapterFile =>
  (Object(value) as Partial<AdapterFile>).bytes instanceof Uint8Array;

/** Fields that change what is added, where they are set. */
const UNSUPPORTED: readonly string[] = ['use_rslora', 'use_dora', 'alpha_pattern', 'rank_pattern', 'lora_bias', 'layer_replication']; // prettier-ignore

/** Beginnings of adapters that change the weights of the model, too. */
const CHANGES_MODEL = /pissa|olora|corda/i;

const isUnset = (value: unknown): boolean =>
  value === undefined || value === null || value === false || (typeof value === 'object' && Object.keys(value).length === 0); // prettier-ignore

/**
 * The alpha of an adapter, by its configuration, or else by the metadata of its file. Throws LLM_UNSUPPORTED for configurations that scale
 * in another way, LLM_INVALID where none says it or both disagree, or the configuration has another rank.
 */
export function alphaOf(rank: number, inFile: string | undefined, config: unknown): number {
  const own = inFile === undefined ? undefined : Number(inFile);
  const said = config === undefined ? undefined : alphaOfConfig(rank, config);
  const alpha = said ?? own;
  if (alpha === undefined)
    throw new HeddleError('LLM_INVALID', 'nothing says how much the adapter counts', {
      found: `no ${ALPHA} in the file`,
      expected: 'adapter_config.json beside the file or, in code, { bytes, config } with its JSON value',
    });
  if (!Number.isFinite(alpha))
    throw new HeddleError('FILE_CORRUPT', `${ALPHA} is not a number`, { found: inFile });
  if (own !== undefined && own !== alpha)
    throw new HeddleError('LLM_INVALID', 'the configuration is of another adapter', {
      found: `${ALPHA} ${alpha}`,
      expected: `${own}, as the file says`,
    });
  return alpha;
}

function alphaOfConfig(rank: number, config: unknown): number {
  const fields = Object(config) as Readonly<Record<string, unknown>>;
  const { r = rank, [ALPHA]: alpha, init_lora_weights: initial } = fields;
  const set = UNSUPPORTED.find((name) => !isUnset(fields[name]));
  if (set !== undefined)
    throw new HeddleError('LLM_UNSUPPORTED', 'the adapter is added in another way', { found: `${set}: ${describeValue(fields[set])}`, where: 'adapter_config.json' }); // prettier-ignore
  if (typeof initial === 'string' && CHANGES_MODEL.test(initial))
    throw new HeddleError('LLM_UNSUPPORTED', 'the adapter is for changed weights', { found: `init_lora_weights: ${initial}`, where: 'adapter_config.json' }); // prettier-ignore
  if (typeof alpha !== 'number' || !Number.isFinite(alpha))
    throw new HeddleError('LLM_INVALID', 'the configuration does not say how much the adapter counts', { found: `${ALPHA}: ${describeValue(alpha)}`, expected: 'a number', where: 'adapter_config.json' }); // prettier-ignore
  if (r !== rank)
    throw new HeddleError('LLM_INVALID', 'the configuration is of another adapter', { found: `r: ${describeValue(r)}`, expected: `${rank}`, where: 'adapter_config.json' }); // prettier-ignore
  return alpha;
}
