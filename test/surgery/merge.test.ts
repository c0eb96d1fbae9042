/** Two models as one, and what differs between two. */
import { describe, expect, test } from 'vitest';
import { tensorData } from '../../src/base/tensor.js';
import { GraphBuilder } from '../../src/ir/builder.js';
import type { Value } from '../../src/ir/emitter.js';
import { symbol } from '../../src/ir/dim.js';
import type { Program } from '../../src/ir/graph.js';
import { printType } from '../../src/ir/types.js';
import {
  describeDiff,
  diff,
  edit,
  extract,
  merge,
  rename,
  replace,
  setWeight,
} from '../../src/surgery/index.js';
import { errorOf } from '../frontends/onnx/support.js';
import { graphOf, specimen } from '../support/specimen.js';
import { run } from './support.js';

const programOf = (define: (b: GraphBuilder) => void): Program => specimen(define).program;

const DOUBLE = programOf((b) => {
  const x = b.param('x', 'f32', [2, 3]);
  b.output('y', b.binary('add', x, x));
});
const SUM: Program = {
  weights: new Map(),
  graph: graphOf((b) => {
    const t = b.param('t', 'f32', [symbol('N'), 3]);
    const u = b.param('u', 'f32', [symbol('N'), 3]);
    b.output('s', b.binary('add', t, u));
    b.output('t_again', t);
  }),
};
const ONE = tensorData('f32', [2, 3], new Float32Array(6).fill(1));

describe('two models', () => {
  test('become one: connected inputs and outputs go, symbols get their values', () => {
    const whole = merge(DOUBLE, SUM, { connect: { t: 'y' } });
    expect(whole.graph.outputs.map(({ name }) => name)).toEqual(['s', 't_again']);
    const { s, t_again } = run(whole, { x: ONE, u: ONE });
    expect([s.data[0], t_again.data[0], s.shape]).toEqual([3, 2, [2, 3]]);
  });

  test('may be the same model twice, under a prefix', () => {
    const twice = merge(DOUBLE, DOUBLE, { connect: { x: 'y' }, prefix: 'second/' });
    expect(run(twice, { x: ONE })['second/y'].data[0]).toBe(4);
    const error = errorOf('NAME_COLLISION', () => merge(DOUBLE, DOUBLE, { connect: { x: 'y' } }));
    expect(error.found).toBe('"y"');
    expect(error.hint).toContain('prefix');
  });

  test('are not connected where nothing fits', () => {
    const integers = programOf((b) => b.output('i', b.param('i', 'i32', [2, 3])));
    errorOf('DTYPE_MISMATCH', () => merge(integers, SUM, { connect: { t: 'i' } }));
    const narrow = programOf((b) => b.output('n', b.param('n', 'f32', [2, 4])));
    const error = errorOf('SHAPE_MISMATCH', () => merge(narrow, SUM, { connect: { t: 'n' } }));
    expect([error.found, error.expected]).toEqual(['"n": f32[2,4]', 'f32[2,3]']);
    errorOf('VALUE_UNKNOWN', () => merge(DOUBLE, SUM, { connect: { t: 'z' } }));
    errorOf('VALUE_UNKNOWN', () => merge(DOUBLE, SUM, { connect: { v: 'y' } }));
  });
});

describe('a connection', () => {
  test('binds symbols whatever the order: what one gives is not what another one substitutes', () => {
    const [n, m] = [symbol('N'), symbol('M')];
    const first = programOf((b) => {
      b.output('p', b.param('x', 'f32', [2, 3]));
      b.output('q', b.param('z', 'f32', [4, 3]));
    });
    const symbolic: Program = {
      weights: new Map(),
      graph: graphOf((b) => {
        b.output('p', b.param('x', 'f32', [m, 3]));
        b.output('q', b.param('z', 'f32', [4, 3]));
      }),
    };
    const second: Program = {
      weights: new Map(),
      graph: graphOf((b) => {
        b.output('r', b.reshape(b.param('t', 'f32', [n, 3]), [3, n]));
        b.output('s', b.reshape(b.param('u', 'f32', [m, 3]), [3, m]));
      }),
    };
    const orders = [{ t: 'p', u: 'q' }, { u: 'q', t: 'p' }]; // prettier-ignore
    const typesOf = (a: Program): string[][] =>
      orders.map((connect) => {
        const { nodes, outputs } = merge(a, second, { connect }).graph;
        return outputs.map(({ name, value }) => `${name}: ${printType(nodes[value].type)}`);
      });
    expect(typesOf(first)).toEqual(orders.map(() => ['r: f32[3,2]', 's: f32[3,4]']));
    expect(typesOf(symbolic)).toEqual(orders.map(() => ['r: f32[3,M]', 's: f32[3,4]']));
  });

  test('that gives a symbol another value than a second one does is refused in either order', () => {
    const first: Program = {
      weights: new Map(),
      graph: graphOf((b) => {
        b.output('p', b.param('x', 'f32', [symbol('N'), 3]));
        b.output('q', b.param('z', 'f32', [4, 3]));
      }),
    };
    for (const connect of [
      { t: 'p', u: 'q' },
      { u: 'q', t: 'p' },
    ])
      // prettier-ignore
      errorOf('SHAPE_MISMATCH', () => merge(first, SUM, { connect }));
  });

  test('leaves an output that it does not use, though it is a weight of both', () => {
    const w = ONE;
    const first: Program = {
      weights: new Map([['w', w]]),
      graph: graphOf((b) => {
        b.output('w_out', b.weight('w', 'f32', [2, 3]));
        b.output('y', b.param('x', 'f32', [2, 3]));
      }),
    };
    const second: Program = {
      weights: new Map([['w', w]]),
      graph: graphOf((b) =>
        b.output('z', b.binary('add', b.param('t', 'f32', [2, 3]), b.weight('w', 'f32', [2, 3]))),
      ),
    };
    const whole = merge(first, second, { connect: { t: 'y' } });
    expect(whole.graph.outputs.map(({ name }) => name)).toEqual(['w_out', 'z']);
  });
});

describe('a part', () => {
  test('has inputs of the model besides, where they are needed', () => {
    const part = extract(SUM, { from: ['t'], to: ['s'] });
    expect(part.graph.nodes.filter(({ op }) => op === 'param')).toHaveLength(2);
  });

  test('needs an output, and values on the way to it', () => {
    errorOf('USAGE', () => extract(DOUBLE, { to: [] }));
    errorOf('USAGE', () => extract(SUM, { from: ['u'], to: ['t_again'] }));
    errorOf('NAME_COLLISION', () => extract(SUM, { to: ['s', 's'] }));
  });
});

describe('a difference', () => {
  const SAME = 'The programs are the same.';
  const NET = programOf((b) => {
    const x = b.param('x', 'f32', [2, 2]);
    const h = b.binary('mul', x, b.weight('w', 'f32', [2, 2]));
    b.output('h', h);
    b.output('y', b.unary('exp', b.unary('neg', h)));
  });

  test('is none between a program and itself', () => {
    expect(describeDiff(diff(NET, NET))).toBe(SAME);
  });

  test('is said in words', () => {
    const { data } = NET.weights.get('w')!;
    const other = tensorData('f32', [2, 2], Float32Array.from(data));
    other.data[2] += 0.5;
    const { program } = edit(NET, (draft) => {
      setWeight(draft, 'w', other);
      replace(draft, 'h', (b, { inputs: [a, c] }) => b.binary('add', a, c));
      draft.outputs.reverse();
    });
    expect(describeDiff(diff(NET, program)).split('\n')).toEqual([
      'Values: 1 changed',
      '  changed  h: mul(x, w) : f32[2,2] -> add(x, w) : f32[2,2]',
      'Weights: 1 changed',
      '  changed  w: 1 element of f32[2,2], by at most 0.5',
      'Inputs or outputs stand in another order.',
    ]);
  });

  test('names what came and went', () => {
    const { program } = edit(NET, (draft) => {
      rename(draft, 'x', 'z');
      replace(draft, 'y', (b, { inputs: [a] }) => b.unary('abs', a));
    });
    const { inputs, values } = diff(NET, program);
    expect(inputs).toEqual({ added: ['z: f32[2,2]'], removed: ['x: f32[2,2]'], changed: [] });
    expect(values.changed.map(({ name }) => name)).toEqual(['h', 'y']);
  });

  test('is none where a weight is read with another shape, and where one side has a name for what the other has', () => {
    const [shape, data] = [[3, 1], Float32Array.of(1, 2, 3)];
    const sum = (body: (b: GraphBuilder) => Value): Program => {
      const b = new GraphBuilder('sum');
      b.output('y', b.binary('add', b.param('x', 'f32', [1, 3, 1]), body(b)));
      return {
        graph: b.build(),
        weights: new Map(['v', 'w'].map((id) => [id, tensorData('f32', shape, data)])),
      };
    };
    const reshaped = sum((b) => b.reshape(b.weight('w', 'f32', shape), [1, 3, 1]));
    expect(
      describeDiff(
        diff(
          reshaped,
          sum((b) => b.weight('w', 'f32', [1, 3, 1])),
        ),
      ),
    ).toBe(SAME);
    expect(
      describeDiff(
        diff(
          reshaped,
          sum((b) => b.weight('v', 'f32', [1, 3, 1])),
        ),
      ),
    ).not.toBe(SAME);

    const { graph } = NET;
    const named = (name: string): Program => {
      const neg = graph.nodes.findIndex(({ op }) => op === 'neg');
      const values = new Map([['x', 0], [name, neg], ...graph.outputs.map((output) => [output.name, output.value] as const)]); // prettier-ignore
      return { ...NET, graph: { ...graph, names: { values, folded: new Set(), merged: new Set() } } };
    };
    expect(describeDiff(diff(NET, named('negated')))).toBe(SAME);
    const renamed = diff(named('before'), named('after'));
    expect(renamed.values.added).toEqual(['after: neg(h) : f32[2,2]']);
    expect(renamed.values.removed).toEqual(['before: neg(h) : f32[2,2]']);
    expect(renamed.values.changed).toEqual([]);
  });

  test('is short however much differs', () => {
    const chain = (op: 'neg' | 'abs'): Program =>
      programOf((b) => {
        let x = b.param('x', 'f32', [2]);
        for (let i = 0; i < 200; i++) x = b.binary('add', b.unary(op, x), b.constant('f32', [2], i));
        b.output('y', x);
      });
    const text = describeDiff(diff(chain('neg'), chain('abs')));
    expect(text.split('\n').length).toBeLessThan(30);
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThan(200);
  });
});
