/** All that the code of a kernel depends on, and nothing else: equal specs are lowered once. */
import { isFloat } from '../../base/dtype.js';
import type { Dim } from '../../ir/dim.js';
import type { ValueId } from '../../ir/graph.js';
import type { Carry, Form } from '../../passes/fusion/group.js';
import type { KernelBinding } from '../../plan/plan.js';
import type { Access, View } from './access.js';

/** The arena, or memory that kernels which only read it need not share with others: weights, ports. */
export type AddressSpace = 'arena' | 'weights' | 'port';

/** Where a value lies: which buffer, and how in it. */
export interface Location<D extends Dim = number> {
  /** The value whose allocation it is; values in one allocation share a binding. */
  readonly root: ValueId;
  readonly view: View<D>;
  readonly space: AddressSpace;
}

/** What is computed, and how what is read and written lies in the kernel's buffers. */
export interface KernelSpec {
  readonly form: Form<Dim>;
  readonly bindings: readonly KernelBinding[];
  /** Of the sources of the form, in their order. */
  readonly sources: readonly Access[];
  /** Of its results. */
  readonly results: readonly Access[];
  /** Set where the kernel makes all trips of a loop. */
  readonly trips?: TripsSpec;
}

/** The loop that a kernel makes all trips of: see src/passes/inside.ts. */
export interface TripsSpec {
  readonly level: number;
  readonly trips: number;
  readonly carries: readonly Carry[];
}

/** A spec, with what is bound: the allocation behind each binding. */
export interface BoundSpec {
  readonly spec: KernelSpec;
  readonly roots: readonly ValueId[];
}

/** The spec of a kernel of `form` whose sources and results lie at the given locations. */
export function specify(
  form: Form<Dim>,
  sources: readonly Location<Dim>[],
  results: readonly Location<Dim>[],
): BoundSpec {
  const roots: ValueId[] = [];
  const bindings: KernelBinding[] = [];
  const written = new Set(results.map(({ root }) => root));
  const bind = ({ root, view, space }: Location<Dim>): Access => {
    let buffer = roots.indexOf(root);
    if (buffer < 0) {
      buffer = roots.push(root) - 1;
      const type = isFloat(view.dtype) ? 'f32' : 'u32';
      const access = written.has(root) || space === 'arena' ? 'read_write' : 'read';
      bindings.push({ access, type });
    }
    return { buffer, view };
  };
  return { spec: { form, sources: sources.map(bind), results: results.map(bind), bindings }, roots };
}

/** Equal for specs of one form exactly where they are equal. */
export const layoutKey = ({ bindings, sources, results, trips }: KernelSpec): string =>
  [
    JSON.stringify(trips ?? null),
    bindings.map(({ access, type }) => `${access} ${type}`).join(),
    ...[...sources, ...results].map(accessKey),
  ].join(';');

/** Equal for equal accesses only. */
export const accessKey = ({ buffer, view: { dtype, shape, strides, offset, moving = [] } }: Access): string =>
  `${buffer} ${dtype} ${shape.join()} ${strides.join()} ${String(offset)} ${moving.join()}`;
