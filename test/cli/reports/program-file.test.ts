/** Programs between the server of the inspector and its page. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readProgram, writeProgram } from '../../../src/cli/reports/inspection/program-file.js';
import { importOnnx } from '../../../src/frontends/onnx/index.js';
import { printGraph } from '../../../src/ir/print.js';
import { writeSafetensors } from '../../../src/data/index.js';
import { prepare, tensorData } from '../../../src/index.js';
import { GraphBuilder } from '../../../src/ir/builder.js';

describe('a program as a file', () => {
  test('comes back with its graph, its names, its weights, and the kernels that it had', () => {
    const program = importOnnx(readFileSync('models/digits.onnx'));
    const again = readProgram(writeProgram(program));
    expect(printGraph(again.graph)).toBe(printGraph(program.graph));
    expect(again.graph.nodes.map(({ name }) => name)).toEqual(program.graph.nodes.map(({ name }) => name));
    expect([...again.weights]).toEqual([...program.weights]);
    expect(prepare(again).planned.plan).toEqual(prepare(program).planned.plan);
  });

  test('has weights of any name and any words', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1 }),
        fc.uint32Array({ minLength: 4, maxLength: 4 }),
        (id, words) => {
          const b = new GraphBuilder('g');
          b.output('y', b.emit('neg', [b.weight(id, 'f32', [4])], {}));
          const weights = new Map([[id, tensorData('f32', [4], new Float32Array(words.slice().buffer))]]);
          const again = readProgram(writeProgram({ graph: b.build(), weights }));
          expect([...again.weights.keys()]).toEqual([id]);
          expect(again.weights.get(id)!.data).toEqual(weights.get(id)!.data);
        },
      ),
      { numRuns: 50 },
    );
  });

  test('is refused where it is another file', () => {
    expect(() => readProgram(writeSafetensors({}))).toThrow(/FILE_FORMAT.*the file holds no program/);
    expect(() => readProgram(new Uint8Array(3))).toThrow(/^FILE_/);
  });

  test('is refused where a weight that it names is not there', () => {
    const b = new GraphBuilder('g');
    b.output('y', b.emit('neg', [b.weight('w', 'f32', [1])], {}));
    const metadata = { graph: printGraph(b.build()), names: '[]', weights: '["w"]' };
    const other = { '1': tensorData('f32', [1], new Float32Array([2])) };
    for (const tensors of [{}, other])
      expect(() => readProgram(writeSafetensors(tensors, metadata))).toThrow(
        /FILE_FORMAT: the file lacks a weight that it names[^]*weight "w"[^]*tensor "0"/,
      );
  });
});
