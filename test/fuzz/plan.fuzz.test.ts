/** Random graphs: what every plan promises, whatever is in it. Needs no device. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { GraphBuilder } from '../../src/ir/builder.js';
import type { Graph } from '../../src/ir/graph.js';
import { sizeOf } from '../../src/ir/types.js';
import { BINDING_ALIGNMENT } from '../../src/base/tensor.js';
import { fuse } from '../../src/passes/fusion/fuse.js';
import { makePlan, type Plan, type PlannedProgram, type Region } from '../../src/codegen/plan.js';
import { assignStorage } from '../../src/passes/memory/storage.js';
import { canonicalJson } from '../../src/base/container.js';
import { checkPlan } from '../../src/runtime/bundle/plan.js';
import { VARIANTS } from '../support/differential.js';
import { fuzz } from '../support/fuzz.js';
import { grow, recipes, type Recipe } from '../support/graphs.js';
import { growResident, prepareResident, residentRecipes } from '../support/resident.js';

function planOf(recipe: Recipe): PlannedProgram {
  const { graph } = grow(recipe).program;
  return makePlan(graph, fuse(graph));
}

const regionsOf = (plan: Plan): Region[] => [
  ...plan.commands.flatMap(({ regions }) => regions),
  ...[...plan.inputs, ...plan.outputs].map(({ region }) => region),
];

const overlap = (a: Region, b: Region): boolean =>
  a.space === b.space && a.offset < b.offset + b.size && b.offset < a.offset + a.size;

const property = (name: string, check: (planned: PlannedProgram, recipe: Recipe) => void): void =>
  test(name, () => {
    fc.assert(
      fc.property(recipes(), (recipe) => check(planOf(recipe), recipe)),
      fuzz(150),
    );
  });

property('every region is aligned and lies inside of its space', ({ plan }) => {
  for (const { space, offset, size } of regionsOf(plan)) {
    expect(offset % BINDING_ALIGNMENT).toBe(0);
    expect(size % 4).toBe(0);
    expect(size).toBeGreaterThan(0);
    expect(offset + size).toBeLessThanOrEqual(space === 'arena' ? plan.arenaBytes : plan.weightBytes);
  }
});

property('the regions of a command are disjoint, and it writes no weights', ({ plan }) => {
  for (const { regions, pipeline } of plan.commands) {
    const { bindings } = plan.pipelines[pipeline];
    expect(bindings.length).toBe(regions.length);
    regions.forEach((region, i) => {
      expect(bindings[i].access).toBe(region.space === 'weights' ? 'read' : 'read_write');
      for (const other of regions.slice(i + 1))
        if (region.space === 'arena') expect(overlap(region, other)).toBe(false);
    });
  }
});

property('a kernel binds at most eight buffers', ({ plan }) => {
  for (const { regions } of plan.commands) expect(regions.length).toBeLessThanOrEqual(8);
});

property('values that live at one time do not overlap', ({ layout, fusion }, recipe) => {
  const { allocations } = assignStorage(grow(recipe).program.graph, fusion);
  const placed = allocations.map((a) => ({ ...a, offset: layout.offsets.get(a.root) ?? NaN }));
  for (const a of placed)
    for (const b of placed) {
      if (a === b || a.first > b.last || b.first > a.last) continue;
      expect(a.offset + a.bytes <= b.offset || b.offset + b.bytes <= a.offset).toBe(true);
    }
});

property('the arena is at least as large as the largest live set', ({ plan }) => {
  expect(plan.arenaBytes).toBeGreaterThanOrEqual(plan.arenaLowerBound);
});

property('every stored value is computed once, after all that it reads', ({ fusion }, recipe) => {
  expectWrittenOnce(grow(recipe).program.graph, fusion);
});

function expectWrittenOnce({ nodes }: Graph, fusion: PlannedProgram['fusion']): void {
  // A concat is there once all of its operands are that have elements: groups store them, or they are concats themselves.
  const partsLeft = new Map<number, number>();
  const written = new Set<number>();
  const hasElements = (id: number): boolean => sizeOf(nodes[id].type) > 0;
  const write = (value: number, into: number | undefined): void => {
    // What has no elements may be stored or not.
    if (into === undefined || !hasElements(value)) return;
    const parts = nodes[into].inputs.filter(hasElements);
    const left = (partsLeft.get(into) ?? parts.length) - 1;
    partsLeft.set(into, left);
    if (left === 0) {
      expect(written.has(into)).toBe(false);
      written.add(into);
      write(into, fusion.placements.get(into)?.into);
    }
  };
  for (const group of fusion.groups) {
    for (const source of group.sources) {
      const original = fusion.aliases.get(source) ?? source;
      // What is there from the start, and what has no elements, need not be written.
      const { op } = nodes[original];
      const resident = op === 'param' || op === 'weight' || !hasElements(original);
      expect([source, resident || written.has(original)]).toEqual([source, true]);
    }
    for (const id of group.results) {
      if (group.copy === undefined) {
        expect(written.has(id)).toBe(false);
        written.add(id);
      }
      write(id, group.copy?.into ?? fusion.placements.get(id)?.into);
    }
  }
  for (const [into, left] of partsLeft) expect([into, left]).toEqual([into, 0]);
}

test('a concat of a concat and of nothing is computed once', () => {
  const b = new GraphBuilder('nothing');
  const x = b.unary('neg', b.param('x', 'f32', [3]));
  const twice = b.emit('concat', [x, x], { axis: 0 });
  const whole = b.emit('concat', [twice, b.param('none', 'f32', [0])], { axis: 0 });
  b.output('y', b.unary('neg', whole));
  b.output('whole', whole);
  const graph = b.build();
  expectWrittenOnce(graph, fuse(graph));
});

property('plans are the same each time', (planned, recipe) => {
  expect(JSON.stringify(planOf(recipe).plan)).toBe(JSON.stringify(planned.plan));
});

test('plans with resident inputs and outputs are as loaders want them', () => {
  fc.assert(
    fc.property(residentRecipes(), fc.constantFrom(...VARIANTS), (recipe, variant) => {
      const { program, donate } = growResident(recipe);
      const { planned } = prepareResident(variant, program, donate);
      const { plan } = planned;
      // References, overlaps, and who may write what.
      expect(checkPlan(JSON.parse(canonicalJson(plan)), 'plan')).toEqual(plan);
      expect(plan.arenaBytes).toBeGreaterThanOrEqual(plan.arenaLowerBound);
      for (const { regions } of plan.commands) expect(regions.length).toBeLessThanOrEqual(8);
      for (const { name, donor } of plan.outputs)
        if (donor !== undefined) expect(donate).toContainEqual({ input: donor, output: name });
      expect(plan.inputs.filter(({ donated }) => donated).map(({ name }) => name).sort()).toEqual(
        donate.map(({ input }) => input).sort(),
      ); // prettier-ignore
    }),
    fuzz(150),
  );
});
