/** What the page of the inspector computes, without a browser. */
import { describe, expect, test } from 'vitest';
import type { GraphReport, KernelFacts, MemoryFacts } from '../../src/cli/reports/inspection/types.js';
import { parseState, printState, type State } from '../../web/inspector/address.js';
import { sceneOf } from '../../web/inspector/layout/scene.js';
import { liveAt, liveBytes, stepName } from '../../web/inspector/memory-lines.js';
import { centred, fitted, moved, opened, toDrawing, zoomed } from '../../web/inspector/viewport.js';

const GRAPH: GraphReport = {
  id: 'g0',
  title: 'small',
  nodes: [
    { op: 'param', inputs: [], type: 'f32[4]' },
    { op: 'weight', inputs: [], type: 'f32[4]' },
    { op: 'add', inputs: [0, 1], type: 'f32[4]' },
    { op: 'neg', inputs: [2], type: 'f32[4]' },
    { op: 'exp', inputs: [2], type: 'f32[4]' },
  ],
  outputs: [{ name: 'y', value: 4 }],
};

/** Both kernels compute the sum; the second stores what is asked for. */
const kernel = (members: readonly number[], writes: readonly number[]): KernelFacts => ({
  label: 'k',
  pipeline: 0,
  over: '4 elements',
  workgroups: [1],
  operations: 4,
  bindings: [],
  graph: 'g0',
  members,
  reads: [0, 1],
  writes,
});
const KERNELS = [kernel([2, 3], [3]), kernel([2, 4], [4])];

describe('a scene', () => {
  test('has each kernel as a box around its own nodes', () => {
    const { nodes, boxes, edges } = sceneOf(GRAPH, KERNELS, { weights: false, boxes: true });
    expect(nodes.map(({ title, kernel: k }) => [title, k])).toEqual([
      ['param %0', undefined],
      ['add %2', 0],
      ['add %2', 1],
      ['neg %3', 0],
      ['exp %4', 1],
      ['y', undefined],
    ]);
    expect(boxes.map(({ kernel: k }) => k)).toEqual([0, 1]);
    for (const node of nodes) {
      const box = boxes.find(({ kernel: k }) => k === node.kernel);
      if (box === undefined) continue;
      expect(Math.abs(node.x - box.x) + node.width / 2).toBeLessThanOrEqual(box.width / 2);
      expect(Math.abs(node.y - box.y) + node.height / 2).toBeLessThanOrEqual(box.height / 2);
    }
    // The input is read twice, each sum once, and the output once.
    expect(edges).toHaveLength(5);
    for (const way of edges) expect(way.at(-1)!.y).toBeGreaterThan(way[0].y);
  });

  test('has each value once without boxes, and weights where they are asked for', () => {
    const plain = sceneOf(GRAPH, KERNELS, { weights: true, boxes: false });
    expect(plain.boxes).toEqual([]);
    expect(plain.nodes.map(({ value, kind }) => [value, kind])).toEqual([
      ...GRAPH.nodes.map((_, value) => [value, 'node']),
      [4, 'output'],
    ]);
    expect(plain.edges).toHaveLength(5);
  });
});

describe('an address', () => {
  test('comes back as it was', () => {
    const states: readonly State[] = [
      { view: 'graph' },
      { view: 'kernels', kernel: 3, cpu: true },
      { view: 'memory', step: -1, value: 0 },
      { view: 'passes', rule: 'operands in order & more' },
      { view: 'graph', graph: 'g2', value: 17 },
    ];
    for (const state of states) expect(parseState(printState(state))).toEqual(state);
  });

  test('that says nothing of use is the beginning', () => {
    for (const hash of ['', '#', '#view=nothing', '#kernel=x&value=1.5', '#&&=', '#%E0%A4%A'])
      expect(parseState(hash)).toEqual({ view: 'graph' });
  });
});

describe('memory', () => {
  const tensor = (value: number, bytes: number, first: number, last: number): MemoryFacts['tensors'][number] => ({ value, type: 'f32[1]', bytes, offset: 0, first, last }); // prettier-ignore
  const memory: MemoryFacts = {
    arenaBytes: 96,
    lowerBound: 80,
    weightBytes: 0,
    steps: [{ label: 'conv', kernel: 0 }, { label: 'loop %7' }],
    peakStep: 0,
    tensors: [tensor(0, 16, -1, 0), tensor(1, 64, 0, 1), tensor(2, 8, 1, 2)],
  };

  test('lives from the first step to the last, both among them', () => {
    expect(liveBytes(memory)).toEqual([16, 80, 72, 8]);
    expect(liveAt(memory, 0).map(({ value }) => value)).toEqual([1, 0]);
    expect(liveAt(memory, 2).map(({ value }) => value)).toEqual([2]);
  });

  test('has steps with names', () => {
    expect([-1, 0, 1, 2].map((step) => stepName(memory, step))).toEqual([
      'before the first kernel',
      'kernel 0: conv',
      'loop %7',
      'after the last kernel',
    ]);
  });
});

describe('a viewport', () => {
  const [drawing, canvas] = [{ width: 400, height: 9000 }, { width: 800, height: 600 }]; // prettier-ignore

  test('shows all, or the top of what is long', () => {
    const all = fitted(drawing, canvas);
    const middle = toDrawing(all, { x: 400, y: 300 });
    expect([middle.x, middle.y]).toEqual([expect.closeTo(200, 6), expect.closeTo(4500, 6)]);
    expect(all.scale * drawing.height).toBeLessThanOrEqual(canvas.height);
    expect(opened(drawing, canvas)).toEqual({ scale: 1, x: 200, y: 12 });
  });

  test('keeps the point under the pointer while it is zoomed', () => {
    const view = moved(opened(drawing, canvas), 31, -700);
    const at = { x: 123, y: 77 };
    for (const factor of [1.5, 0.25, 1e9, 1e-9]) {
      const [before, after] = [toDrawing(view, at), toDrawing(zoomed(view, factor, at), at)];
      expect([after.x, after.y]).toEqual([expect.closeTo(before.x, 6), expect.closeTo(before.y, 6)]);
    }
    expect(toDrawing(centred(view, { x: 9, y: 8 }, canvas), { x: 400, y: 300 })).toEqual({ x: expect.closeTo(9, 6) as number, y: expect.closeTo(8, 6) as number }); // prettier-ignore
  });
});
