/** What every template needs to turn a group into a kernel. */
import type { Graph, ValueId } from '../../ir/graph.js';
import { isFloat } from '../../base/dtype.js';
import type { Index } from '../../ir/index-expr.js';
import type { Group } from '../../passes/fusion/group.js';
import { gridOf, WORKGROUP_SIZE, type Kernel, type KernelBinding } from '../kernel.js';
import type { Target } from '../target.js';
import { SsaBuilder } from '../ssa/builder.js';
import type { Ref } from '../ssa/instr.js';
import { mathFunction } from '../wgsl/library.js';
import { printBody } from '../wgsl/print.js';
import { MATH, type MathFn } from '../../numerics/math/index.js';
import { storeElement, viewIndex, type Access, type View } from './access.js';
import { Evaluator } from './evaluator.js';

/** The arena, or memory that kernels which only read it need not share with others: weights, ports. */
export type Space = 'arena' | 'weights' | 'port';

/** Where a value lies: which buffer, and how in it. */
export interface Location {
  /** The value whose allocation it is; values in one allocation share a binding. */
  readonly root: ValueId;
  readonly view: View;
  readonly space: Space;
}

export type Locate = (id: ValueId) => Location;

export interface LoweredKernel extends Kernel {
  /** The allocation behind each binding. */
  readonly roots: readonly ValueId[];
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
  readonly evaluator: Evaluator;
  readonly group = GROUP;
  readonly lane = LANE;
  private readonly roots: ValueId[] = [];
  private readonly bindings: KernelBinding[] = [];
  private readonly targets = new Map<ValueId, Access>();

  constructor(
    readonly graph: Graph,
    readonly spec: Group,
    locate: Locate,
    /** Where the results of a copy go, if not where `locate` says. */
    destination: Locate,
    readonly target: Target,
  ) {
    const sources = new Map<ValueId, Access>();
    const written = new Set(spec.results.map((id) => destination(id).root));
    const bind = (place: Location): Access => this.bind(place, written.has(place.root));
    for (const id of spec.sources) sources.set(id, bind(locate(id)));
    for (const id of spec.results) this.targets.set(id, bind(destination(id)));
    this.evaluator = new Evaluator(this.s, graph, sources);
  }

  private bind({ root, view, space }: Location, isWritten: boolean): Access {
    let buffer = this.roots.indexOf(root);
    if (buffer < 0) {
      buffer = this.roots.push(root) - 1;
      const type = isFloat(view.dtype) ? 'f32' : 'u32';
      const access = isWritten || space === 'arena' ? 'read_write' : 'read';
      this.bindings.push({ access, type });
    }
    return { buffer, view };
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
    const buffers = this.bindings.map((_, i) => `b${i}`);
    const declarations = this.bindings.map(
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
    return { code, bindings: this.bindings, roots: this.roots, workgroups: grid, cost, shareable };
  }
}

/** The math functions a body calls, and those that they call, callees first. */
function functionsOf(called: ReadonlySet<string>): string[] {
  const names = [...called].map((name) => name.slice(0, -1) as MathFn).sort();
  return names.filter((name) => Object.hasOwn(MATH, name)).map((name) => mathFunction(name));
}
