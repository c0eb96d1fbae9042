/** The report of the inspector: what it says holds together, for each kind of model. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { producerOf } from '../../../src/cli/models/bundle.js';
import { openModel } from '../../../src/cli/models/open.js';
import { inspectionOf } from '../../../src/cli/reports/inspection/report.js';
import type { InspectionReport } from '../../../src/cli/reports/inspection/types.js';
import type { TargetName } from '../../../src/cli/terminal/targets.js';
import { prepare, toBundle } from '../../../src/compile.js';
import { importOnnx } from '../../../src/frontends/onnx/index.js';
import { MODEL } from '../support.js';

const folder = mkdtempSync(join(tmpdir(), 'heddle-inspection-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Recurrent, so that there is a loop with kernels of its own. */
const CONFIG = join(folder, 'net.json');
writeFileSync(
  CONFIG,
  JSON.stringify({
    input: [6, 4],
    seed: 1,
    layers: [
      { type: 'lstm', hidden_size: 5 },
      { type: 'dense', output_size: 3, activation: 'softmax' },
    ],
  }),
);
const BUNDLE = join(folder, 'digits.heddle');
writeFileSync(BUNDLE, await toBundle(prepare(importOnnx(readFileSync(MODEL))), producerOf('0.0.0', 'gpu')));

async function reportOf(path: string, target: TargetName = 'gpu'): Promise<InspectionReport> {
  const model = await openModel(path, path === CONFIG ? { dim: { batch: 2 } } : {});
  return inspectionOf(model, model.prepare(target));
}

const CASES: readonly (readonly [string, string, TargetName])[] = [
  ['an ONNX model', MODEL, 'gpu'],
  ['an ONNX model for the CPU', MODEL, 'wasm'],
  ['a config with a loop', CONFIG, 'software'],
  ['a bundle', BUNDLE, 'gpu'],
];

describe.each(CASES)('the report of %s', (_, path, target) => {
  const promise = reportOf(path, target);

  test('is plain data', async () => {
    const report = await promise;
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });

  test('names only graphs, values, kernels and pipelines that there are', async () => {
    const { graphs, kernels, pipelines, memory } = await promise;
    expect(graphs.length).toBeGreaterThan(0);
    const ids = graphs.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { nodes, outputs } of graphs) {
      nodes.forEach(({ inputs, holds = [] }, value) => {
        expect(inputs.every((input) => input < value)).toBe(true);
        expect(holds.every((id) => ids.includes(id))).toBe(true);
      });
      expect(outputs.every(({ value }) => value < nodes.length)).toBe(true);
    }
    expect(kernels.length).toBeGreaterThan(0);
    for (const { graph, members, reads, writes, pipeline } of kernels) {
      expect(pipelines[pipeline].length).toBeGreaterThan(0);
      const count = graphs.find(({ id }) => id === graph)!.nodes.length;
      for (const value of [...members, ...reads, ...writes]) expect(value).toBeLessThan(count);
      // Initial values and results of loops are copied without computing them.
      for (const value of writes) expect([...members, ...reads]).toContain(value);
    }
    const fused = graphs.find(({ title }) => title === 'as it was fused' || graphs.length === 1)!;
    for (const { value, first, last, offset, bytes } of memory.tensors) {
      expect(value).toBeLessThan(fused.nodes.length);
      expect(first).toBeGreaterThanOrEqual(-1);
      expect(last).toBeLessThanOrEqual(memory.steps.length);
      expect(offset + bytes).toBeLessThanOrEqual(memory.arenaBytes);
    }
    for (const { kernel } of memory.steps) expect(kernel ?? 0).toBeLessThan(kernels.length);
  });
});

test('the digits: both graphs, each rule that fired, reasons, and code for both engines', async () => {
  const { model, graphs, stages, rewrites, rewritesLeftOut, kernels, pipelines, cpu } = await reportOf(MODEL);
  expect(model).toMatchObject({ name: 'digits.onnx', kind: 'onnx', language: 'wgsl', target: 'a hardware GPU' }); // prettier-ignore
  expect(graphs.map(({ title }) => title)).toEqual(['as it was read', 'as it was fused']);
  expect(stages.map(({ stage }) => stage)).toEqual(['canonical', 'legal', 'fused', 'scheduled', 'planned']);
  expect(rewrites.length + rewritesLeftOut).toBe(stages.flatMap(({ rules }) => rules).reduce((sum, [, times]) => sum + times, 0)); // prettier-ignore
  expect(graphs[1].nodes.some(({ reason }) => reason?.startsWith('stored: ') === true)).toBe(true);
  expect(kernels[0]).toMatchObject({ over: '6,272 elements', bytesWritten: 4 * 6272 });
  expect(pipelines[0]).toContain('fn main');
  expect(cpu!.pipelines[0]).toContain('(func');
  expect((await reportOf(MODEL, 'wasm')).cpu).toBeUndefined();
});

test('the graphs inside of loops are listed, and their kernels speak of them', async () => {
  const { graphs, kernels } = await reportOf(CONFIG, 'software');
  const nested = graphs.flatMap(({ nodes }) => nodes.flatMap(({ holds = [] }) => holds));
  expect(nested.length).toBeGreaterThan(0);
  const fused = graphs.find(({ title }) => title === 'as it was fused')!;
  expect(kernels.some(({ graph }) => graph !== fused.id)).toBe(true);
});
