/** Random graphs: what every plan promises, whatever is in it. Needs no device. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { GraphBuilder } from '../../src/ir/builder.js';
import { BINDING_ALIGNMENT } from '../../src/base/tensor.js';
import type { Plan, Region } from '../../src/plan/plan.js';
import type { PlannedProgram } from '../../src/codegen/plan.js';
import { canonicalJson } from '../../src/base/safetensors/format.js';
import { checkPlan } from '../../src/plan/check.js';
import { donorOf } from '../../src/plan/ports.js';
import { VARIANTS } from '../support/differential.js';
import { fuzz } from '../support/fuzz.js';
import { planned } from '../support/planned.js';
import { grow, recipes, type Recipe } from '../support/graphs.js';
import { growResident, prepareResident, residentRecipes } from '../support/resident.js';

function planOf(recipe: Recipe): PlannedProgram {
  const { graph } = grow(recipe).program;
  return planned(graph);
}

const regionsOf = (plan: Plan): Region[] => [
  ...plan.commands.flatMap(({ regions }) => regions),
  ...[...plan.inputs, ...plan.outputs].map(({ region }) => region),
];

const overlap = (a: Region, b: Region): boolean =>
  a.space === b.space && a.offset < b.offset + b.size && b.offset < a.offset + a.size;

const property = (name: string, check: (plan: PlannedProgram, recipe: Recipe) => void): void =>
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

property('the arena is at least as large as the largest live set', ({ plan }) => {
  expect(plan.arenaBytes).toBeGreaterThanOrEqual(plan.arenaLowerBound);
});

test('a concat of a concat and of nothing is computed once', () => {
  const b = new GraphBuilder('nothing');
  const x = b.unary('neg', b.param('x', 'f32', [3]));
  const twice = b.emit('concat', [x, x], { axis: 0 });
  const whole = b.emit('concat', [twice, b.param('none', 'f32', [0])], { axis: 0 });
  b.output('y', b.unary('neg', whole));
  b.output('whole', whole);
  const graph = b.build();
  expect(() => planned(graph)).not.toThrow();
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
      for (const output of plan.outputs) {
        const donor = donorOf(plan.inputs, output);
        if (donor !== undefined)
          expect(donate).toContainEqual({ input: plan.inputs[donor].name, output: output.name });
      }
      expect(plan.inputs.filter(({ donated }) => donated).map(({ name }) => name).sort()).toEqual(
        donate.map(({ input }) => input).sort(),
      ); // prettier-ignore
    }),
    fuzz(150),
  );
});
