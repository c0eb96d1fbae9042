/**
 * Gates: kernels that let a branch run where it is taken. The commands of a branch take their numbers of workgroups from memory, where
 * the gate in front of them writes them; where the branch is not taken, there are none.
 */
import { moved, type Access } from './lower/access.js';
import { COORDINATES, FIRST_REF, gridOf, type Grid, type Kernel } from './kernel/body.js';
import { SsaBuilder } from './ssa/builder.js';
import type { Ref } from './ssa/instr.js';
import type { KernelBinding } from '../plan/plan.js';

/** When a branch is taken. */
export interface Gate {
  /** One word, bool or i32, of the first binding. */
  readonly predicate: Access;
  readonly access: KernelBinding['access'];
  /** The branch is taken where the predicate, as an i32, is not below `least` and not above `most`; undefined: there is no such end. */
  readonly least: number | undefined;
  readonly most: number | undefined;
  /** The gate of the branch that it stands in. */
  readonly outer: number | undefined;
}

/** Where gates write: for each of them a word that says whether its branch is taken, then the grids. */
export interface GridLayout {
  readonly bytes: number;
  /** The byte at which the grid of each command lies that has a gate. */
  readonly offsets: readonly (number | undefined)[];
  /** The grids that each gate writes, by the byte at which they lie. */
  readonly grids: readonly ReadonlyMap<number, Grid>[];
}

const WORD = 4;
const GRID_BYTES = 3 * WORD;

/** `commands`: the gate of each, if it has one, and its workgroups. Equal grids of one gate lie in one place. */
export function layoutGrids(
  gates: number,
  commands: readonly { readonly gate: number | undefined; readonly grid: Grid }[],
): GridLayout {
  const grids = Array.from({ length: gates }, () => new Map<number, Grid>());
  const known = new Map<string, number>();
  let bytes = gates * WORD;
  const offsets = commands.map(({ gate, grid }) => {
    if (gate === undefined) return undefined;
    const key = `${gate}: ${grid.join()}`;
    const offset = known.get(key) ?? bytes;
    if (offset === bytes) bytes += GRID_BYTES;
    known.set(key, offset);
    grids[gate].set(offset, grid);
    return offset;
  });
  return { bytes, offsets, grids };
}

/** The kernel of gate `at`, which writes to its second binding. */
export function lowerGate(
  { predicate, access, least, most, outer }: Gate,
  at: number,
  grids: GridLayout,
): Kernel {
  const s = new SsaBuilder(FIRST_REF);
  const written = 1;
  s.if(s.ieq(COORDINATES.lane, 0), () => {
    const value = s.load(predicate.buffer, 'u32', moved(s, predicate.view, s.literal(predicate.view.offset)));
    const ends: Ref[] = [
      ...(least === undefined ? [] : [s.bnot(s.prim('lts', value, s.literal(least)))]),
      ...(most === undefined ? [] : [s.bnot(s.prim('lts', s.literal(most), value))]),
      ...(outer === undefined ? [] : [s.bnot(s.ieq(s.load(written, 'u32', s.literal(outer)), 0))]),
    ];
    const taken = ends.reduce((all, end) => s.prim('band', all, end), s.bconst(true));
    const write = (word: number, number: number): void =>
      s.store(written, s.literal(word), s.iselect(taken, s.literal(number), 0));
    write(at, 1);
    for (const [offset, grid] of grids.grids[at])
      grid.forEach((count, axis) => write(offset / WORD + axis, count));
  });
  const bindings = [
    { access, type: 'u32' },
    { access: 'read_write', type: 'u32' },
  ] as const;
  const body = { bindings, arrays: [], functions: [], params: 0, values: s.values, block: s.block };
  return { body, grid: gridOf(1), cost: grids.grids[at].size + 1, shareable: true };
}
