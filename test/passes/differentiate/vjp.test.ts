/** The pass as others use it: ports, errors, symbolic shapes, and what the graphs look like. */
import { describe, expect, test } from 'vitest';
import { HeddleError, type ErrorCode } from '../../../src/base/errors.js';
import { GraphBuilder, type GraphValue } from '../../../src/ir/builder.js';
import { symbol } from '../../../src/ir/dim.js';
import { paramsOf, type Graph, type ValueId } from '../../../src/ir/graph.js';
import { parseGraph } from '../../../src/ir/parse.js';
import { printGraph } from '../../../src/ir/print.js';
import { verifyGraph } from '../../../src/ir/verify.js';
import { bindDims } from '../../../src/ir/bind-dims.js';
import { vjp } from '../../../src/passes/differentiate/vjp.js';
import { optimize } from '../../../src/passes/optimize.js';
import { graphOf } from '../../support/specimen.js';
import { checkGradients, derive, randomPoint } from './support.js';

const portsOf = (graph: Graph): { params: string[]; outputs: string[] } => ({
  params: paramsOf(graph).map(({ node }) => `${node.attrs.name}: ${node.type.dtype}[${node.type.shape.join()}]`),
  outputs: graph.outputs.map(({ name, value }) => `${name}: ${graph.nodes[value].type.dtype}[${graph.nodes[value].type.shape.join()}]`),
}); // prettier-ignore

const graph = graphOf((b) => {
  const x = b.param('x', 'f32', [2]);
  const exp = b.unary('exp', x);
  const k = b.param('k', 'i32', [2]);
  const unused = b.param('unused', 'f16', [3]);
  b.output('e', exp);
  b.output('i', k);
  b.output('s', b.reduce('sum', exp, [0]));
  b.output('u', unused);
});

test('reads each node a few times, however many params there are', () => {
  const readsFor = (count: number): number => {
    const params: ValueId[] = [];
    const { nodes, ...rest } = graphOf((b) => {
      const names = Array.from({ length: count }, (_, i) => `x${i}`);
      for (const name of names) {
        const x = b.param(name, 'f32', []);
        params.push(x.id);
        b.output(`y${name}`, b.unary('sin', x));
      }
    });
    let reads = 0;
    const counted = new Proxy(nodes, { get: (list, key) => (reads++, Reflect.get(list, key) as unknown) });
    vjp({ ...rest, nodes: counted }, params);
    return reads;
  };
  expect(readsFor(4000)).toBeLessThan(4.1 * readsFor(1000));
});

describe('ports', () => {
  test('stand in a fixed order, with fixed types', () => {
    const { graph: derived } = derive(graph, ['unused', 'x']);
    verifyGraph(derived);
    expect(portsOf(derived)).toEqual({
      params: ['x: f32[2]', 'k: i32[2]', 'unused: f16[3]', 'ct:e: f32[2]', 'ct:s: f32[]', 'ct:u: f16[3]'],
      outputs: ['e: f32[2]', 'i: i32[2]', 's: f32[]', 'u: f16[3]', 'grad:unused: f16[3]', 'grad:x: f32[2]'],
    });
  });

  test('cotangents of the outputs that are asked for, in the order of the graph', () => {
    const { graph: derived } = derive(graph, ['x'], ['s', 'e']);
    expect(portsOf(derived).params.slice(3)).toEqual(['ct:e: f32[2]', 'ct:s: f32[]']);
    expect(portsOf(derive(graph, [], []).graph).params.slice(3)).toEqual([]);
  });

  test('names of derivatives of derivatives do not meet', () => {
    const once = derive(graph, ['x'], ['e']);
    const twice = vjp(once.graph, [0, ...once.cotangents], [graph.outputs[0], ...once.gradients]);
    verifyGraph(twice.graph);
    expect(portsOf(twice.graph).params.slice(3)).toEqual([
      'ct:e: f32[2]',
      "ct:e': f32[2]",
      'ct:grad:x: f32[2]',
    ]);
    expect(twice.gradients.map(({ name }) => name)).toEqual(["grad:x'", 'grad:ct:e']);
  });

  test('by a value between, as by a param', () => {
    const b = new GraphBuilder('g');
    const x = b.param('x', 'f32', []);
    const sin = b.unary('sin', x);
    b.output('y', b.binary('mul', sin, sin));
    const { graph: derived, cotangents, gradients } = vjp(b.build(), [sin.id]);
    expect(gradients).toEqual([{ name: 'grad:1', value: derived.nodes.length - 1 }]);
    expect(derived.nodes.slice(cotangents[0] + 1).map(({ op }) => op)).toEqual(['mul', 'add']);
  });

  test('zeros where nothing flows', () => {
    const { graph: derived } = derive(graph, ['unused'], ['e']);
    const zeros = derived.nodes[derived.outputs[4].value];
    expect(printGraph({ ...derived, nodes: [zeros], outputs: [] })).toContain(
      'constant {values=[0]} : f16[3]',
    );
  });

  test('the param as output, twice', () => {
    const twice = graphOf((b) => {
      const x = b.param('x', 'f32', []);
      b.output('a', x);
      b.output('b', x);
    });
    expect(printGraph(derive(twice, ['x']).graph)).toContain('%3 = add %1 %2');
  });
});

describe('errors', () => {
  const expectError = (run: () => unknown, code: ErrorCode, ...parts: readonly string[]): void => {
    try {
      run();
    } catch (error) {
      expect(error).toBeInstanceOf(HeddleError);
      expect((error as HeddleError).code).toBe(code);
      for (const part of parts) expect((error as HeddleError).message).toContain(part);
      return;
    }
    throw new Error('nothing was thrown');
  };
  test('name the port, what it is, and what would do', () => {
    expectError(() => derive(graph, ['k']), 'GRAD_INVALID', '"k"', 'i32[2]', 'x, unused', 'hint');
    const integer = graph.outputs[1];
    expectError(() => vjp(graph, [], [integer]), 'GRAD_INVALID', '"i"', 'i32[2]', 'e, s, u');
  });
  test('an extent that has to be known', () => {
    const open = graphOf((b) => {
      const x = b.param('x', 'f32', [symbol('N')]);
      b.output('y', b.emit('slice', [x], { starts: [1], sizes: [3], strides: [1] }));
    });
    expectError(() => derive(open, ['x']), 'DIM_UNBOUND');
  });
});

test('symbolic shapes', () => {
  const b = new GraphBuilder('symbolic');
  const x = b.param('x', 'f32', [symbol('N'), 3]);
  const w = b.param('w', 'f32', [3, 2]);
  const attrs = { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [0] };
  const product = b.emit('dot', [x, w], attrs);
  const bias = b.broadcast(b.reshape(b.param('c', 'f32', [2]), [1, 2]), product.type.shape);
  const sum = b.unary('tanh', b.binary('add', product, bias));
  const top = b.broadcast(b.reshape(b.reduce('max', sum, [1]), [symbol('N'), 1]), sum.type.shape);
  b.output('y', b.reduce('prod', b.binary('sub', sum, top), [0]));
  b.output('sum', b.reduce('sum', sum, [0, 1]));
  const { graph: derived } = derive(b.build(), ['x', 'w', 'c']);
  verifyGraph(derived);
  verifyGraph(bindDims(derived, { N: 5 }));
  const bound = bindDims(b.build(), { N: 2 });
  checkGradients(bound, randomPoint(bound, 1));
});

describe('graphs', () => {
  const optimized = (text: string, wrt: readonly string[]): string[] => {
    const { graph: derived } = derive(parseGraph(`graph g {\n${text}\n}`), wrt);
    const { graph: result } = optimize({ graph: derived, weights: new Map() });
    return printGraph(result).trim().split('\n').slice(1, -1).map((line) => line.trim()); // prettier-ignore
  };

  test('of a linear layer: two products, nothing transposed, and a sum', () => {
    const lines = optimized(
      `%0 = param {name="x"} : f32[8,4]
       %1 = param {name="w"} : f32[4,5]
       %2 = param {name="c"} : f32[1,5]
       %3 = dot %0 %1 {lhsContract=[1] rhsContract=[0]} : f32[8,5]
       %4 = broadcast %2 : f32[8,5]
       %5 = add %3 %4 : f32[8,5]
       %6 = tanh %5 : f32[8,5]
       return y=%6`,
      ['x', 'w', 'c'],
    );
    expect(lines.slice(7)).toEqual([
      '%7 = param {name="ct:y"} : f32[8,5]',
      '%8 = constant {values=[1]} : f32[8,5]',
      '%9 = mul %6 %6 : f32[8,5]',
      '%10 = sub %8 %9 : f32[8,5]',
      '%11 = mul %7 %10 : f32[8,5]',
      '%12 = reduce %11 {kind="sum" axes=[0]} : f32[5]',
      '%13 = reshape %12 : f32[1,5]',
      '%14 = dot %11 %1 {lhsContract=[1] rhsContract=[1]} : f32[8,4]',
      '%15 = dot %0 %11 {lhsContract=[0] rhsContract=[0]} : f32[4,5]',
      'return "y"=%6 "grad:x"=%14 "grad:w"=%15 "grad:c"=%13',
    ]);
  });

  test('of a linear layer with a transposed matrix: no permute either', () => {
    const lines = optimized(
      `%0 = param {name="x"} : f32[8,4]
       %1 = param {name="w"} : f32[5,4]
       %2 = dot %0 %1 {lhsContract=[1] rhsContract=[1]} : f32[8,5]
       return y=%2`,
      ['x', 'w'],
    );
    expect(lines.slice(3)).toEqual([
      '%3 = param {name="ct:y"} : f32[8,5]',
      '%4 = dot %3 %1 {lhsContract=[1] rhsContract=[0]} : f32[8,4]',
      '%5 = dot %3 %0 {lhsContract=[0] rhsContract=[0]} : f32[5,4]',
      'return "y"=%2 "grad:x"=%4 "grad:w"=%5',
    ]);
  });

  test('the derivative along a direction needs no cotangents', () => {
    const b = new GraphBuilder('g');
    b.output('y', b.unary('sin', b.param('x', 'f32', [3])));
    const once = derive(b.build(), ['x']);
    const twice = vjp(once.graph, once.cotangents, once.gradients);
    const along = { ...twice.graph, outputs: twice.gradients };
    const { graph: result } = optimize({ graph: along, weights: new Map() });
    expect(printGraph(result).trim().split('\n').slice(3).map((line) => line.trim())).toEqual([
      '%2 = cos %0 : f32[3]',
      '%3 = param {name="ct:grad:x"} : f32[3]',
      '%4 = mul %2 %3 : f32[3]',
      'return "grad:ct:y"=%4',
      '}',
    ]); // prettier-ignore
  });

  test('have nothing in them for ways that end in integers', () => {
    const b = new GraphBuilder('g');
    const x = b.param('x', 'f32', [3]);
    const rounded = b.cast(b.cast(x, 'i32'), 'f32');
    b.output('y', b.binary('mul', rounded, b.param('z', 'f32', [3])));
    const ops = derive(b.build(), ['x', 'z']).graph.nodes.map(({ op }) => op);
    // One mul for y and one for the gradient by z.
    expect(ops).toEqual(['param', 'cast', 'cast', 'param', 'mul', 'param', 'mul', 'constant']);
  });

  test('keep the names of the nodes that they come from', () => {
    const b = new GraphBuilder('g');
    const x = b.param('x', 'f32', [3]);
    const y: GraphValue = b.within('layer 1', () => b.unary('sin', x));
    b.output('y', y);
    const names = derive(b.build(), ['x']).graph.nodes.map((node) => [node.op, node.name]);
    expect(names).toContainEqual(['cos', 'layer 1']);
    expect(names).toContainEqual(['mul', 'layer 1']);
  });
});
