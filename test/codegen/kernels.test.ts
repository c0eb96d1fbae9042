/** Equal kernels are lowered once: what they would have been lowered to, each on its own. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lowerKernels } from '../../src/codegen/kernels.js';
import { layoutKey, specify, type KernelSpec, type Location } from '../../src/codegen/lower/spec.js';
import { DEFAULT_TARGET, SOFTWARE_TARGET } from '../../src/passes/target.js';
import { rowMajorStrides } from '../../src/base/tensor.js';
import type { Graph, ValueId } from '../../src/ir/graph.js';
import { staticShape } from '../../src/ir/types.js';
import { formOf } from '../../src/passes/fusion/form.js';
import { fuse } from '../../src/passes/fusion/fuse.js';
import type { Form } from '../../src/passes/fusion/group.js';
import { fuzz } from '../support/fuzz.js';
import { grow, recipes } from '../support/graphs.js';
import { graphOf } from '../support/specimen.js';

/** Every value in memory of its own. */
function located({ nodes }: Graph, id: ValueId, changes: Partial<Location> = {}): Location {
  const { dtype, shape } = nodes[id].type;
  const sizes = staticShape(shape);
  const view = { dtype, shape: sizes, strides: rowMajorStrides(sizes), offset: 0 };
  return { root: id, space: 'arena', view, ...changes };
}

test('the kernel of a group is that of the group alone', () => {
  fc.assert(
    fc.property(
      recipes(),
      recipes(),
      fc.constantFrom(DEFAULT_TARGET, SOFTWARE_TARGET),
      (one, two, target) => {
        for (const recipe of [one, two]) {
          const { graph } = grow(recipe).program;
          const { groups } = fuse(graph);
          const specOf = (form: Form, sources: readonly ValueId[], results: readonly ValueId[]): KernelSpec =>
            specify(
              form,
              sources.map((id) => located(graph, id)),
              results.map((id) => located(graph, id)),
            ).spec;
          const shared = groups.map(({ form, sources, results }) => specOf(form, sources, results));
          const alone = groups.map((group) => specOf(formOf(graph, group), group.sources, group.results));
          expect(lowerKernels(shared, target)).toEqual(alone.flatMap((spec) => lowerKernels([spec], target)));
        }
      },
    ),
    fuzz(60),
  );
});

describe('the layout of a kernel', () => {
  const graph = graphOf((b) => {
    const [x, y] = [b.param('x', 'f32', [6, 4]), b.param('y', 'f32', [6, 4])];
    b.output('z', b.binary('sub', x, y));
  });
  const [{ form, sources, results }] = fuse(graph).groups;
  const spec = (
    x: Partial<Location> = {},
    y: Partial<Location> = {},
    z: Partial<Location> = {},
  ): KernelSpec =>
    specify(
      form,
      [located(graph, sources[0], x), located(graph, sources[1], y)],
      [located(graph, results[0], z)],
    ).spec;
  const moved = (changes: Partial<Location['view']>): Partial<Location> => ({
    view: { ...located(graph, sources[0]).view, ...changes },
  });

  test('a fault says in which kernel it is', () => {
    const broken = { ...spec(), results: [] };
    expect(() => lowerKernels([broken], DEFAULT_TARGET)).toThrow(
      /INTERNAL: a kernel stores what is not a result[^]*at: +kernel of sub, %2/,
    );
  });

  test('is the same wherever its buffers come from', () => {
    expect(layoutKey(spec({ root: 70 }, { root: 80 }, { root: 90 }))).toBe(layoutKey(spec()));
    const [one, two] = lowerKernels([spec(), spec({ root: 70 })], DEFAULT_TARGET);
    expect(one).toBe(two);
  });

  test.each<readonly [string, KernelSpec]>([
    ['a source in the weights', spec({ space: 'weights' })],
    ['a source at an offset', spec(moved({ offset: 64 }))],
    ['the other source at that offset', spec({}, moved({ offset: 64 }))],
    ['a source with gaps', spec(moved({ strides: [8, 1] }))],
    ['two sources in one buffer', spec({}, { root: sources[0], ...moved({ offset: 24 }) })],
    ['a result over a source', spec({}, {}, { root: sources[0] })],
    ['a result over the other', spec({}, {}, { root: sources[1] })],
  ])('is another for %s', (_, other) => {
    expect(layoutKey(other)).not.toBe(layoutKey(spec()));
    const [one, two] = lowerKernels([spec(), other], DEFAULT_TARGET);
    expect(one).not.toBe(two);
  });
});
