/** What every template needs to turn a group into a kernel. */
import type { Graph, ValueId } from '../../ir/graph.js';
import type { Index } from '../../ir/index-expr.js';
import type { Form } from '../../passes/fusion/group.js';
import { gridOf, WORKGROUP_SIZE, type Kernel } from '../kernel.js';
import type { Target } from '../../passes/target.js';
import { SsaBuilder } from '../ssa/builder.js';
import type { Ref } from '../ssa/instr.js';
import { mathFunction } from '../wgsl/library.js';
import { printBody } from '../wgsl/print.js';
import { MATH, type MathFn } from '../../numerics/math/index.js';
import { storeElement, viewIndex, type Access, type View } from './access.js';
import { Evaluator } from './evaluator.js';
import type { KernelSpec } from './spec.js';

export interface LoweredKernel extends Kernel {
  /** Whether the kernel may be merged with kernels that differ in numbers only (see share.ts). */
  readonly shareable: boolean;
}

/** The invocation's coordinates in a kernel's body: number of the workgroup, number in the workgroup. */
const GROUP: Ref = { id: 0, type: 'u32' };
const LANE: Ref = { id: 1, type: 'u32' };

export class KernelContext {
  readonly s = new SsaBuilder(2);
  /** Whether stores spell their offset out. */
  offsets = false;
  readonly form: Form;
  readonly graph: Graph;
  readonly evaluator: Evaluator;
  readonly group = GROUP;
  readonly lane = LANE;
  private readonly targets: ReadonlyMap<ValueId, Access>;

  constructor(
    readonly spec: KernelSpec,
    readonly target: Target,
  ) {
    const { form, sources, results } = spec;
    this.form = form;
    this.graph = form.graph;
    const accesses = (ids: readonly ValueId[], of: readonly Access[]): Map<ValueId, Access> =>
      new Map(ids.map((id, i) => [id, of[i]]));
    this.targets = accesses(form.results, results);
    this.evaluator = new Evaluator(this.s, form.graph, accesses(form.sources, sources));
  }

  /** Computes the given results, each at its index, and then stores them all: reads come before writes. */
  store(results: readonly (readonly [ValueId, readonly Index[]])[]): void {
    const stores = results.map(([id, index]) => {
      const access = this.targets.get(id);
      if (access === undefined) throw new Error(`%${id} is not a result of the group`);
      const value = this.evaluator.at(id, index);
      return () => storeElement(this.s, access, this.place(access.view, index), value);
    });
    for (const store of stores) store();
  }

  /**
   * Where an element of a view lies. The offset, which parts of a concat have, is spelled out even where it is 0: kernels
   * that write such parts have the form of those that do not (share.ts).
   */
  private place(view: View, index: readonly Index[]): Ref {
    const within = this.evaluator.indices.emit(viewIndex({ ...view, offset: 0 }, index));
    return this.offsets
      ? this.s.prim('iadd', within, this.s.literal(view.offset))
      : this.s.iadd(within, view.offset);
  }

  /** The kernel's text and grid. */
  finish(workgroups: number, cost: number, shareable = false): LoweredKernel {
    const grid = gridOf(workgroups);
    const names = new Map([
      [GROUP.id, 'group'],
      [LANE.id, 'lane'],
    ]);
    const { bindings } = this.spec;
    const buffers = bindings.map((_, i) => `b${i}`);
    const declarations = bindings.map(
      ({ access, type }, i) => `@group(0) @binding(${i + 1}) var<storage, ${access}> b${i}: array<${type}>;`,
    );
    const shared = this.s.arrays
      .filter((array) => array.space === 'workgroup')
      .map(({ name, type, length }) => `var<workgroup> ${name}: array<${type}, ${length}>;`);
    const local = this.s.arrays
      .filter((array) => array.space === 'private')
      .map(({ name, type, length }) => `  var ${name}: array<${type}, ${length}>;`);
    const fold = grid[1] === 1 ? 'wg.x' : `wg.y * ${grid[0]}u + wg.x`;
    const code = [
      ...functionsOf(this.s.functions),
      ...declarations,
      ...shared,
      '',
      `@compute @workgroup_size(${WORKGROUP_SIZE})`,
      'fn main(@builtin(workgroup_id) wg: vec3u, @builtin(local_invocation_index) lane: u32) {',
      `  let group = ${fold};`,
      ...local,
      ...printBody(this.s.body, { buffers, refs: names }),
      '}',
      '',
    ].join('\n');
    return { code, bindings, workgroups: grid, cost, shareable };
  }
}

/** The math functions a body calls, and those that they call, callees first. */
function functionsOf(called: ReadonlySet<string>): string[] {
  const names = [...called].map((name) => name.slice(0, -1) as MathFn).sort();
  return names.filter((name) => Object.hasOwn(MATH, name)).map((name) => mathFunction(name));
}
