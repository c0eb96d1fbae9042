/** Functions on trees of tensors. */
import { checkFunction, checkTensorList } from '../arguments.js';
import { flattenTensors } from '../expressions/call.js';
import { isTensor, type Tensor } from '../tensors/tensor.js';
import type { Backend } from '../backends/backend.js';
import { ensureSameStructure, unflatten } from './tree.js';
import { ensureConcrete, materialize } from '../expressions/evaluate.js';
import { REFERENCE } from '../backends/reference.js';
import { named } from '../tensors/core.js';
import { copyTensor, type TensorData } from '../../base/tensor.js';

/** `f` applied to the tensors of trees of one structure, leaf by leaf. Throws TREE_MISMATCH. */
export function treeMap<T>(
  f: (leaf: Tensor, ...others: Tensor[]) => unknown,
  tree: T,
  ...others: readonly T[]
): T {
  checkFunction('treeMap', f);
  const flat = flattenTensors(tree);
  const rest = others.map((other) => {
    const own = flattenTensors(other);
    ensureSameStructure('treeMap: the trees differ', own.structure, flat.structure);
    return own.leaves;
  });
  return unflatten(
    flat.structure,
    flat.leaves.map((leaf, i) => f(leaf, ...rest.map((leaves) => leaves[i]))),
  ) as T;
}

/** The tensors of a tree, in order. */
export const treeLeaves = (tree: unknown): readonly Tensor[] => flattenTensors(tree).leaves;

/** The tensors of a tree by their paths, such as `layers.0.weight`. */
export function treeEntries(tree: unknown): (readonly [path: string, leaf: Tensor])[] {
  const { leaves, paths } = flattenTensors(tree);
  return leaves.map((leaf, i) => [paths[i], leaf]);
}

/** A tree with all tensors in the memory of `backend`. */
export const toBackend = <T>(tree: T, backend: Backend): T => treeMap((leaf) => leaf.to(backend), tree);

/**
 * Several tensors on the host, computed and read at once. Throws TRACE_ESCAPED, at once, under trace. Rejects as `Tensor.data`
 * does, and with USAGE where the tensors are no list of tensors.
 */
export function readAll(tensors: readonly Tensor[]): Promise<readonly TensorData[]> {
  if (Array.isArray(tensors)) ensureReadable('readAll', tensors);
  return read(tensors);
}

/** Throws TRACE_ESCAPED, before anything is waited for, where one of `values` is a tensor that has no values. */
export function ensureReadable(call: string, values: readonly unknown[]): void {
  for (const value of values)
    if (isTensor(value) && !value.isDisposed) named(call, () => ensureConcrete(value.expr));
}

async function read(tensors: readonly Tensor[]): Promise<readonly TensorData[]> {
  checkTensorList('readAll', tensors);
  const exprs = tensors.map((tensor) => tensor.exprFor('readAll'));
  materialize(exprs);
  const results = new Array<TensorData>(exprs.length);
  const byBackend = new Map<Backend, number[]>();
  exprs.forEach((expr, i) => {
    const backend = expr.storage!.backend ?? REFERENCE;
    const indices = byBackend.get(backend);
    if (indices === undefined) byBackend.set(backend, [i]);
    else indices.push(i);
  });
  for (const [backend, indices] of byBackend) {
    const data = await backend.read(indices.map((i) => exprs[i].storage!));
    indices.forEach((i, k) => {
      const isHost = exprs[i].storage!.isHost;
      results[i] = isHost ? copyTensor(data[k]) : data[k];
    });
  }
  return results;
}
