/** Functions on trees of tensors. */
import { checkFunction } from './arguments.js';
import { flattenTensors } from './call.js';
import type { Tensor } from './tensor/tensor.js';
import type { Backend } from './backend.js';
import { ensureSameStructure, unflatten } from './tree.js';
import { materialize } from './evaluate.js';
import { REFERENCE } from './reference.js';
import type { TensorData } from '../../base/tensor.js';

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

/** All tensors of a tree on the host, computed and read at once. Rejects as `Tensor.data` does. */
export async function readAll(tensors: readonly Tensor[]): Promise<readonly TensorData[]> {
  const exprs = tensors.map(({ expr }) => expr);
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
      results[i] = isHost ? { ...data[k], data: data[k].data.slice() } : data[k];
    });
  }
  return results;
}
