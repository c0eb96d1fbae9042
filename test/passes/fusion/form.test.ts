/** Forms: what groups have in common wherever they stand, and what sets them apart. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { GraphBuilder, GraphValue } from '../../../src/ir/builder.js';
import { verifyGraph } from '../../../src/ir/verify.js';
import { formOf } from '../../../src/passes/fusion/form.js';
import { fuse } from '../../../src/passes/fusion/fuse.js';
import type { Form } from '../../../src/passes/fusion/group.js';
import { fuzz } from '../../support/fuzz.js';
import { grow, recipes } from '../../support/graphs.js';
import { graphOf } from '../../support/specimen.js';

/** The forms of the groups of a graph, in their order. */
const formsOf = (define: (b: GraphBuilder) => void): Form[] =>
  fuse(graphOf(define)).groups.map(({ form }) => form);

/** x w + b, and something of it; a layer of its own. */
function dense(b: GraphBuilder, x: GraphValue, name: string, act: 'tanh' | 'exp' = 'tanh'): GraphValue {
  const [rows, depth] = x.type.shape as readonly number[];
  const y = b.emit('dot', [x, b.weight(`${name}.w`, 'f32', [depth, depth])], {
    lhsBatch: [],
    rhsBatch: [],
    lhsContract: [1],
    rhsContract: [0],
  });
  const bias = b.broadcast(b.reshape(b.weight(`${name}.b`, 'f32', [depth]), [1, depth]), [rows, depth]);
  return b.unary(act, b.binary('add', y, bias));
}

describe('one form', () => {
  test('for layers of one kind', () => {
    const forms = formsOf((b) => {
      let x = b.param('x', 'f32', [4, 8]);
      for (let i = 0; i < 5; i++) x = dense(b, x, `layer${i}`);
      b.output('y', x);
    });
    expect(forms.length).toBe(5);
    expect(new Set(forms).size).toBe(1);
  });
});

describe('another form', () => {
  const scaled = (b: GraphBuilder, x: GraphValue, by: number): GraphValue =>
    b.binary('mul', x, b.full(x, by));
  const cases: Readonly<Record<string, (b: GraphBuilder) => void>> = {
    'for another op': (b) => {
      b.output('a', dense(b, b.param('x', 'f32', [4, 8]), 'a', 'tanh'));
      b.output('b', dense(b, b.param('y', 'f32', [4, 8]), 'b', 'exp'));
    },
    'for another shape': (b) => {
      b.output('a', dense(b, b.param('x', 'f32', [4, 8]), 'a'));
      b.output('b', dense(b, b.param('y', 'f32', [5, 8]), 'b'));
    },
    'for another dtype': (b) => {
      b.output('a', b.unary('neg', b.param('x', 'f32', [9])));
      b.output('b', b.unary('neg', b.param('y', 'i32', [9])));
    },
    'for another constant, be it 0 and -0': (b) => {
      b.output('a', scaled(b, b.param('x', 'f32', [9]), 0));
      b.output('b', scaled(b, b.param('y', 'f32', [9]), -0));
    },
    'for other attributes': (b) => {
      b.output('a', b.reduce('sum', b.param('x', 'f32', [40, 40]), [0]));
      b.output('b', b.reduce('sum', b.param('y', 'f32', [40, 40]), [1]));
    },
    'for other wiring': (b) => {
      const [x, y, z] = ['x', 'y', 'z'].map((name) => b.param(name, 'f32', [9]));
      b.output('a', b.binary('sub', x, y));
      b.output('b', b.binary('sub', z, z));
    },
    'for other results': (b) => {
      const twice = (name: string): readonly [GraphValue, GraphValue] => {
        const x = b.param(name, 'f32', [9]);
        const inner = b.unary('exp', x);
        return [inner, b.unary('neg', inner)];
      };
      const [, outer] = twice('x');
      const [inner, other] = twice('y');
      b.output('a', outer);
      b.output('b', other);
      b.output('c', inner);
    },
  };
  test.each(Object.keys(cases))('%s', (name) => {
    const forms = formsOf(cases[name]);
    expect(forms.length).toBe(2);
    expect(forms[0]).not.toBe(forms[1]);
  });
});

test('a form is a graph of its own: valid, and all that the group is', () => {
  fc.assert(
    fc.property(recipes(), (recipe) => {
      const { graph } = grow(recipe).program;
      for (const group of fuse(graph).groups) {
        const { form } = group;
        expect(() => verifyGraph(form.graph)).not.toThrow();
        const typesOf = (ids: readonly number[], of = graph): unknown[] => ids.map((id) => of.nodes[id].type);
        expect(typesOf(form.sources, form.graph)).toEqual(typesOf(group.sources));
        expect(typesOf(form.members, form.graph)).toEqual(typesOf(group.members));
        expect(typesOf(form.results, form.graph)).toEqual(typesOf(group.results));
        // A group of the form, taken out of the form's graph, has that form.
        expect(formOf(form.graph, form)).toEqual(form);
      }
    }),
    fuzz(150),
  );
});
