/** What every template needs to turn a group into a kernel. */
import { fault } from '../../base/errors.js';
import { dimCeilDiv, dimSubstitute, isStatic, type Dim, type DimBindings } from '../../ir/dim.js';
import type { Graph, ValueId } from '../../ir/graph.js';
import type { Index } from '../../ir/index-expr.js';
import { MATH, type MathFn } from '../../numerics/math/index.js';
import { staticShape } from '../../ir/types.js';
import type { Form } from '../../passes/fusion/group.js';
import type { Target } from '../../passes/target.js';
import { COORDINATES, FIRST_REF, gridOf, WORKGROUP_SIZE, type LoweredKernel } from '../kernel/body.js';
import { SsaBuilder } from '../ssa/builder.js';
import type { Ref } from '../ssa/instr.js';
import { moved, storeElement, viewIndex, type Access, type View } from './access.js';
import { Evaluator } from './evaluator.js';
import type { KernelSpec } from './spec.js';

export class KernelContext {
  readonly s = new SsaBuilder(FIRST_REF);
  readonly form: Form<Dim>;
  readonly graph: Graph;
  readonly evaluator: Evaluator;
  readonly lane: Ref = COORDINATES.lane;
  private readonly targets: ReadonlyMap<ValueId, Access>;

  /**
   * `oneForm`: the kernel has the same structure whatever the sizes, so that kernels that differ in numbers only become one
   * (kernel/share.ts). Templates see to that with {@link SsaBuilder.literal}.
   */
  constructor(
    readonly spec: KernelSpec,
    readonly target: Target,
    private readonly oneForm: boolean,
    private readonly hints: DimBindings = {},
  ) {
    const { form, sources, results } = spec;
    this.form = form;
    this.graph = form.graph;
    const accesses = (ids: readonly ValueId[], of: readonly Access[]): Map<ValueId, Access> =>
      new Map(ids.map((id, i) => [id, of[i]]));
    this.targets = accesses(form.results, results);
    this.evaluator = new Evaluator(this.s, target, form.graph, accesses(form.sources, sources));
  }

  /** A number for a dimension, with sizes that are likely: for choices that no bit depends on. */
  likely(dim: Dim): number {
    return staticShape([dimSubstitute(dim, this.hints)])[0];
  }

  /** Computes the given results, each at its index, and then stores them all: reads come before writes. */
  store(results: readonly (readonly [ValueId, readonly Index[]])[]): void {
    const values = results.map(([id, index]) => this.evaluator.at(id, index));
    results.forEach(([id, index], i) => this.put(id, index, values[i]));
  }

  /** Stores an element of a result. */
  put(id: ValueId, index: readonly Index[], value: Ref): void {
    const access = this.targets.get(id);
    if (access === undefined) fault('a kernel stores what is not a result of its group', `%${id}`);
    storeElement(this.s, access, this.place(access.view, index), value);
  }

  /** Where an element of a view lies. In kernels of one form the offset, which parts of a concat have, stands there even as 0. */
  private place(view: View<Dim>, index: readonly Index[]): Ref {
    const within = this.evaluator.indices.emit(viewIndex({ ...view, offset: 0 }, index));
    const start = moved(this.s, view, within);
    return this.oneForm
      ? this.s.prim('iadd', start, this.s.literal(view.offset))
      : this.s.iadd(start, view.offset);
  }

  /** The kernel of at least `workgroups` workgroups that do what `emit` emits, given the number of the workgroup. */
  kernel(workgroups: Dim, cost: Dim, emit: (group: Ref) => void): LoweredKernel {
    const { s } = this;
    emit(this.group(workgroups));
    const functions = [...s.functions].filter((fn): fn is MathFn => Object.hasOwn(MATH, fn)).sort();
    const body = {
      bindings: this.spec.bindings,
      arrays: s.arrays,
      functions,
      params: s.params.length,
      values: s.values,
      block: s.block,
    };
    return { body, workgroups, cost, params: s.params, shareable: this.oneForm };
  }

  /** The number of the workgroup, of so many. */
  private group(workgroups: Dim): Ref {
    const { s } = this;
    const { x, y } = COORDINATES;
    if (!isStatic(workgroups)) return s.iadd(s.imul(y, s.param({ rowOf: workgroups })), x);
    const [length, rows] = gridOf(workgroups);
    return rows === 1 ? x : s.iadd(s.prim('imul', y, s.literal(length)), x);
  }

  /** The kernel whose invocations each do what `emit` emits, for their number of `count`. */
  each(count: Dim, cost: Dim, emit: (i: Ref) => void): LoweredKernel {
    const { s } = this;
    return this.kernel(dimCeilDiv(count, WORKGROUP_SIZE), cost, (group) => {
      const i = s.iadd(s.imul(group, WORKGROUP_SIZE), this.lane);
      s.if(s.ltu(i, count), () => emit(i));
    });
  }
}
