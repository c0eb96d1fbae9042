/** What people see when they print what the package makes: a few lines, and no internals. */
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { CompiledProgram, prepare } from '../../src/compile.js';
import { fromConfig, networkProgram } from '../../src/frontends/config/index.js';
import { exportOnnx, importOnnx } from '../../src/frontends/onnx/index.js';
import { jit, nn, ones, tensor, type Tensor } from '../../src/index.js';
import { GraphBuilder } from '../../src/ir/builder.js';
import { parseGraph } from '../../src/ir/parse.js';
import { printGraph } from '../../src/ir/print.js';
import { optimize } from '../../src/passes/optimize.js';
import { bindDims } from '../../src/ir/bind-dims.js';
import { mockDevice } from '../runtime/mock-gpu.js';
import { build } from '../runtime/support.js';

function long(nodes: number) {
  const b = new GraphBuilder('long');
  let x = b.param('x', 'f32', [4]);
  for (let i = 0; i < nodes; i++) x = b.unary(i % 2 === 0 ? 'exp' : 'sin', x);
  b.output('y', x);
  return b.build();
}

const program = { graph: long(3), weights: new Map() };
const compiled = await jit((x: Tensor) => x.mul(2).exp()).compile(ones([3]));
const prepared = prepare(program);
const executable = await build(prepared, mockDevice() as never);
const network = fromConfig({ layers: [{ type: 'dense', input_height: 2, output_height: 2 }], input: [2] });

const PRINTED: Readonly<Record<string, readonly [value: unknown, text: RegExp]>> = {
  graph: [long(3), /^graph "long" \{\n {2}%0 = param \{name="x"\} : f32\[4\][^]*return "y"=%3/],
  'a long graph': [long(5000), /^graph "long"[^]*%29 = [^]*and 4971 nodes more: printGraph/],
  'a graph from text': [parseGraph(printGraph(long(3))), /^graph "long"/],
  'a graph with its dimensions': [bindDims(long(3), {}), /^graph "long"/],
  'an optimised program': [
    optimize(program),
    /^Program "long": 4 nodes; x: f32\[4\] -> y: f32\[4\]; 0 weights$/,
  ],
  'an imported program': [importOnnx(exportOnnx(program)), /^Program "long"/],
  'a program of a network': [await networkProgram(network), /^Program "network": .* 2 weights$/],
  'a program of a function': [compiled.program, /^Program /],
  'a compiled function': [compiled, /^CompiledFunction .*f32\[3\] -> /],
  prepared: [prepared, /^Prepared "long": x: f32\[4\] -> y: f32\[4\]; \d+ kernels/],
  planned: [prepared.planned, /^PlannedProgram "long"/],
  plan: [prepared.planned.plan, /^Plan "long": .* bytes of weights$/],
  'a compiled program': [new CompiledProgram(prepared, executable), /^CompiledProgram "long": .*; on mock$/],
  executable: [executable, /^Executable "long": \d+ kernels on mock$/],
  tensor: [tensor([1, 2]), /^\[1\. 2\.\]$/],
  module: [new nn.Linear(2, 3, { key: 1 }), /^Linear\(inFeatures=2/],
};

test.each(Object.keys(PRINTED))('%s', (name) => {
  const [value, text] = PRINTED[name];
  const shown = inspect(value);
  expect(shown).toMatch(text);
  expect(shown.split('\n').length).toBeLessThan(45);
  expect(shown.length).toBeLessThan(6000);
});

describe('a tensor', () => {
  test('is its type in JSON', () => {
    const gone = ones([1]);
    gone.dispose();
    expect(JSON.stringify({ x: ones([2, 3]), gone })).toBe(
      '{"x":{"tensor":"f32[2,3]"},"gone":{"tensor":"gone"}}',
    );
    expect(JSON.stringify(new CompiledProgram(prepared, executable))).toMatch(/^"CompiledProgram/);
    expect(JSON.stringify({ executable })).toMatch(/^\{"executable":"Executable/);
  });

  test('keeps its shape', async () => {
    const given = [2];
    const x = ones(given);
    given[0] = 7;
    for (const y of [x, x.add(1), tensor([1, 2]), tensor(Float32Array.of(1, 2))]) {
      expect(() => (y.shape as number[]).push(3)).toThrow(TypeError);
      const host = await y.toHost();
      (host.shape as number[]).push(3);
      expect(y.shape).toEqual([2]);
      expect((await y.toHost()).shape).toEqual([2]);
    }
  });

  test('is not a list, and says so', () => {
    for (const use of [() => Array.from(ones([2]) as unknown as ArrayLike<number>), () => ones([2]).length])
      expect(use).toThrow(/USAGE[^]*a tensor f32\[2\][^]*await x\.toArray\(\)/);
    expect(() => [...(ones([2]) as unknown as Iterable<number>)]).toThrow(/not iterable/);
  });
});
