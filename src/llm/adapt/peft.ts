/** Adapters as files of PEFT: safetensors, and the fields of adapter_config.json. */
import { HeddleError, inFile } from '../../base/errors.js';
import { tensorData, type TensorData } from '../../base/tensor.js';
import { readSafetensors } from '../../data/safetensors/read.js';
import { writeSafetensors } from '../../data/safetensors/write.js';
import { preserveLang } from '../../numerics/js-lang.js';
import { fromHalf } from '../../numerics/math/half.js';
import { folderPath } from '../folder/names.js';
import type { Hyperparameters } from '../model/hyper.js';
import { checkAdapter } from './check.js';
import { ALPHA, alphaOf, type AdapterFile } from './config.js';
import { MOST_RANK, type Adapter, type Factors } from './adapter.js';

/** What the tensors of a matrix are called, but for their ends. */
function prefixOf(hyper: Hyperparameters, name: string): string {
  const [, layer, kind] = /^blk\.(\d+)\.(.+)\.weight$/.exec(name) ?? [];
  const path = kind === undefined ? undefined : folderPath(hyper.architecture, kind);
  if (path !== undefined)
    return `base_model.model.${hyper.architecture === 'gpt2' ? 'transformer.h' : 'model.layers'}.${layer}.${path}`;
  throw new HeddleError('LLM_UNSUPPORTED', 'PEFT has no name for the matrix', { found: name });
}

/**
 * An adapter as `adapter_model.safetensors`. Rows that GGUF has in another order (queries and keys of Llamas) are in the order of
 * Hugging Face there. `alpha` stands in the metadata, since PEFT has it in another file.
 */
export function encodeAdapter(adapter: Adapter, hyper: Hyperparameters): Uint8Array {
  checkAdapter(adapter, 'encodeAdapter');
  const { rank, alpha, factors } = adapter;
  const tensors = new Map<string, TensorData>();
  for (const [name, { down, up }] of factors) {
    const prefix = prefixOf(hyper, name);
    const rows = up.length / rank;
    tensors.set(`${prefix}.lora_A.weight`, tensorData('f32', [rank, down.length / rank], down));
    tensors.set(`${prefix}.lora_B.weight`, tensorData('f32', [rows, rank], reordered(hyper, name, up, rank, true))); // prettier-ignore
  }
  return writeSafetensors(tensors, { format: 'pt', [ALPHA]: String(alpha) });
}

/** What PEFT wants to find in adapter_config.json beside the file. */
export const adapterConfig = ({ rank, alpha, factors }: Adapter, hyper: Hyperparameters): object => ({
  peft_type: 'LORA',
  task_type: 'CAUSAL_LM',
  r: rank,
  lora_alpha: alpha,
  lora_dropout: 0,
  bias: 'none',
  fan_in_fan_out: hyper.architecture === 'gpt2',
  target_modules: [...new Set(Array.from(factors.keys(), (name) => prefixOf(hyper, name).split('.').at(-1)))],
});

/**
 * The adapter in such a file, of f32, f16 or bf16. How much it counts is said by `config`, the JSON value of adapter_config.json; files of
 * {@link encodeAdapter} say it themselves. Throws FILE_* for files that are none, LLM_INVALID for those of another model or without alpha,
 * LLM_UNSUPPORTED for configurations that add the factors in another way.
 */
export const decodeAdapter = (
  bytes: Uint8Array,
  hyper: Hyperparameters,
  names: Iterable<string>,
  config?: AdapterFile['config'],
): Adapter =>
  inFile('the adapter', () => {
    const { tensors, metadata } = readSafetensors(bytes);
    const left = new Set(tensors.keys());
    const factors = new Map<string, Factors>();
    let rank: number | undefined;
    for (const name of names) {
      if (!/^blk\.\d+\.\w+\.weight$/.test(name) || folderPath(hyper.architecture, name.split('.')[2]) === undefined) continue; // prettier-ignore
      const prefix = prefixOf(hyper, name);
      const [down, up] = ['lora_A', 'lora_B'].map((end) => matrixOf(tensors, `${prefix}.${end}.weight`));
      if (down === undefined && up === undefined) continue;
      rank ??= down?.shape[0];
      if (down === undefined || up === undefined || down.shape[0] !== rank || up.shape[1] !== rank)
        throw new HeddleError('FILE_CORRUPT', 'the factors of a matrix do not fit each other', {
          where: prefix,
          found: [down, up].map((each) => (each === undefined ? 'nothing' : `[${each.shape.join(', ')}]`)).join(' and '),
          expected: `[${rank ?? 'rank'}, columns] and [rows, ${rank ?? 'rank'}]`,
        }); // prettier-ignore
      for (const end of ['lora_A', 'lora_B']) left.delete(`${prefix}.${end}.weight`);
      const rows = up.data as Float32Array;
      factors.set(name, { down: down.data as Float32Array, up: reordered(hyper, name, rows, rank, false) });
    }
    const [unknown] = left;
    if (rank === undefined || rank < 1 || rank > MOST_RANK || unknown !== undefined)
      throw new HeddleError('LLM_INVALID', 'the adapter is not for this model', {
        found: unknown ?? (rank === undefined ? 'no matrix of it' : `rank ${rank}`),
        expected: unknown === undefined ? `a rank from 1 to ${MOST_RANK}` : 'lora_A and lora_B of matrices that the model has',
      }); // prettier-ignore
    return { rank, alpha: alphaOf(rank, metadata[ALPHA], config), factors };
  });

function matrixOf(tensors: ReadonlyMap<string, TensorData>, name: string): TensorData | undefined {
  const tensor = tensors.get(name);
  if (tensor === undefined || (tensor.dtype === 'f32' && tensor.shape.length === 2)) return tensor;
  if (tensor.dtype === 'f16' && tensor.shape.length === 2)
    return tensorData('f32', tensor.shape, Float32Array.from(tensor.data as Uint16Array, (half) => fromHalf(preserveLang, half))); // prettier-ignore
  throw new HeddleError('FILE_CORRUPT', 'a tensor of the adapter has another type', {
    where: name,
    found: `${tensor.dtype}[${tensor.shape.join(', ')}]`,
    expected: 'f32, f16 or bf16, with two axes',
  });
}

/** Rows [rows, rank] of queries and keys between GGUF's order, where halves of heads alternate, and Hugging Face's. */
function reordered(hyper: Hyperparameters, name: string, rows: Float32Array, rank: number, toFolder: boolean): Float32Array {
  if (hyper.rope?.interleaved !== true || !/\.attn_[qk]\.weight$/.test(name)) return rows;
  const { headSize } = hyper;
  const result = new Float32Array(rows.length);
  for (let row = 0; row < rows.length / rank; row++) {
    const [head, at] = [Math.floor(row / headSize), row % headSize];
    const turned = head * headSize + (at % 2) * (headSize / 2) + Math.floor(at / 2);
    const [from, to] = toFolder ? [row, turned] : [turned, row];
    result.set(rows.subarray(from * rank, (from + 1) * rank), to * rank);
  }
  return result;
} // prettier-ignore
