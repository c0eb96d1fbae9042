/** Between the weights of a network and those of a bundle. */
import { excerptOf } from '../../../base/describe.js';
import { HeddleError } from '../../../base/errors.js';
import { elementCount, tensorData, type TensorData } from '../../../base/tensor.js';
import { Chain } from '../chain.js';
import { KMeans } from '../layers/kmeans.js';
import { Parallel } from '../layers/parallel.js';
import type { Module } from '../../../learn/nn/module.js';
import { decode, encode, type Encoded } from './elements.js';
import { exactField, slotsOf, type Slot } from './slots.js';

/** The weights of one layer, by LOOM's names. */
export interface LayerWeights {
  readonly dtype?: string;
  readonly branch_weights?: readonly LayerWeights[];
  readonly heddle_gate_weights?: LayerWeights;
  readonly heddle_attached_weights?: LayerWeights;
  readonly [field: string]: Encoded | readonly LayerWeights[] | LayerWeights | undefined;
}

/** Layers in a layer, by their paths, with where a bundle has their weights. */
function partsOf(module: Module): readonly (readonly [path: string, part: Module, place: Place])[] {
  if (module instanceof Chain)
    return module.names.map((name, i) => [`layers.${name}`, module.layers[name], i] as const);
  if (module instanceof Parallel)
    return [
      ...module.branches.map((branch, i) => [`branches.${i}`, branch, i] as const),
      ...(module.gate === undefined ? [] : [['gate', module.gate, 'heddle_gate_weights'] as const]),
    ];
  if (module instanceof KMeans && module.attached !== undefined)
    return [['attached', module.attached, 'heddle_attached_weights']];
  return [];
}
type Place = number | 'heddle_gate_weights' | 'heddle_attached_weights';

const partOf = (weights: LayerWeights, place: Place): LayerWeights | undefined =>
  typeof place === 'number' ? weights.branch_weights?.[place] : weights[place];

/** Tensors by name: what `own`, the module's tensors as they are, becomes with the weights of a bundle. */
export function readWeights(
  module: Module,
  weights: LayerWeights,
  own: ReadonlyMap<string, readonly number[]>,
  dtype: string,
  prefix = '',
): Map<string, TensorData> {
  const found = new Map<string, TensorData>();
  const type = weights.dtype ?? dtype;
  for (const slot of slotsOf(module)) readSlot(slot, weights, own, type, prefix, found);
  for (const [path, inner, place] of partsOf(module)) {
    const below = partOf(weights, place);
    if (below === undefined) continue;
    if (typeof below !== 'object' || below === null)
      throw new HeddleError('FILE_CORRUPT', 'the weights of a layer are not an object', {
        where: prefix + path,
        found: excerptOf(below),
      });
    for (const entry of readWeights(inner, below, own, type, `${prefix}${path}.`)) found.set(...entry);
  }
  return found;
}

function readSlot(
  { path, fields, transposed = false, plus }: Slot,
  weights: LayerWeights,
  own: ReadonlyMap<string, readonly number[]>,
  dtype: string,
  prefix: string,
  found: Map<string, TensorData>,
): void {
  const shape = own.get(prefix + path);
  if (shape === undefined) return;
  const exact = plus === undefined ? undefined : [exactField(path), exactField(plus)];
  const fieldsOf = (names: readonly string[]): Encoded | undefined =>
    names.map((name) => weights[name]).find((value) => value !== undefined) as Encoded | undefined;
  const read = (encoded: Encoded | undefined, count: number, names: readonly string[]): Float32Array => {
    const where = `${prefix}${path}, ${names[0]}`;
    if (encoded !== undefined) return decode(encoded, dtype, count, where);
    // An empty list is left out: biases may all be missing, weights not.
    if (shape.length === 1) return new Float32Array(count);
    throw new HeddleError('WEIGHT_MISSING', 'the bundle lacks weights of a layer', {
      where,
      expected: names.join(' or '),
    });
  };
  const size = elementCount(shape);
  if (exact !== undefined && plus !== undefined && fieldsOf(exact) !== undefined) {
    for (const [i, name] of [path, plus].entries())
      found.set(prefix + name, tensorData('f32', shape, read(fieldsOf([exact[i]]), size, [exact[i]])));
    return;
  }
  const data = new Float32Array(size);
  const rows = size / fields.length;
  fields.forEach((names, i) => data.set(read(fieldsOf(names), rows, names), i * rows));
  found.set(prefix + path, tensorData('f32', shape, transposed ? transpose(data, shape[1], shape[0]) : data));
  if (plus !== undefined) found.set(prefix + plus, tensorData('f32', shape, new Float32Array(size)));
}

/** [rows, columns] -> [columns, rows] */
function transpose(data: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(data.length);
  for (let i = 0; i < rows; i++) for (let k = 0; k < columns; k++) out[k * rows + i] = data[i * columns + k];
  return out;
}

/** The weights of a module as a bundle holds them. */
export function writeWeights(
  module: Module,
  tensors: ReadonlyMap<string, TensorData>,
  format: 'numbers' | 'bytes',
  prefix = '',
): LayerWeights {
  const encoded = (data: Float32Array): Encoded => (format === 'bytes' ? encode(data) : Array.from(data));
  const record: Record<string, LayerWeights[string]> = format === 'bytes' ? { dtype: 'float32' } : {};
  for (const { path, fields, transposed = false, plus } of slotsOf(module)) {
    const tensor = tensors.get(prefix + path);
    if (tensor === undefined) continue;
    const own = tensor.data as Float32Array;
    const second = plus === undefined ? undefined : (tensors.get(prefix + plus)?.data as Float32Array);
    const sum = second === undefined ? own : own.map((value, i) => value + second[i]);
    const data = transposed ? transpose(sum, tensor.shape[0], tensor.shape[1]) : sum;
    const rows = data.length / fields.length;
    fields.forEach(([name], i) => (record[name] = encoded(data.slice(i * rows, (i + 1) * rows))));
    if (plus === undefined || second === undefined) continue;
    record[exactField(path)] = encoded(own);
    record[exactField(plus)] = encoded(second);
  }
  const branches: LayerWeights[] = [];
  for (const [path, inner, place] of partsOf(module)) {
    const below = writeWeights(inner, tensors, format, `${prefix}${path}.`);
    if (typeof place === 'number') branches[place] = below;
    else record[place] = below;
  }
  return branches.length === 0 ? record : { ...record, branch_weights: branches };
}
