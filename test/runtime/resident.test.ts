/** Inputs and outputs in buffers of their own, and outputs that take over the buffers of inputs. */
import { describe, expect, test } from 'vitest';
import { tensorData, type TensorData } from '../../src/base/tensor.js';
import { build, prepare, toBundle, type CompiledProgram } from '../../src/compile.js';
import { interpret } from '../../src/interpreter/index.js';
import { GraphBuilder, type GraphValue } from '../../src/ir/builder.js';
import type { Program } from '../../src/ir/graph.js';
import type { NamedDonation } from '../../src/passes/memory/donations.js';
import type { Plan } from '../../src/plan/plan.js';
import { donorOf } from '../../src/plan/ports.js';
import { readBundle } from '../../src/plan/read-bundle.js';
import { loadBundle } from '../../src/loader/load.js';
import { DeviceHeap, type DeviceTensor } from '../../src/runtime/heap.js';
import type { Tensors } from '../../src/runtime/inputs.js';
import { differenceOf, testDevice, VARIANTS } from '../support/differential.js';
import { availableGpus, type GpuName } from '../support/gpu.js';
import { expectSameResidentBits } from '../support/resident.js';
import { specimen } from '../support/specimen.js';
import { trainingInputs, trainingStep } from '../support/training.js';
import { wave } from './support.js';

const scaled = (b: GraphBuilder, x: GraphValue, by: number): GraphValue => b.binary('mul', x, b.full(x, by));
const vectors = (b: GraphBuilder, ...names: readonly string[]): GraphValue[] =>
  names.map((name) => b.param(name, 'f32', [100]));
const matrix = (b: GraphBuilder, name: string): GraphValue => b.param(name, 'f32', [12, 12]);
const product = (b: GraphBuilder, x: GraphValue, y: GraphValue): GraphValue =>
  b.emit('dot', [x, y], { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [0] });

/** A program, and which output is to take over which input: `true`, in place; `false`, in a buffer of its own. */
interface Case {
  readonly body: (b: GraphBuilder) => void;
  readonly donate: readonly (readonly [input: string, output: string, inPlace: boolean])[];
}

const CASES: Readonly<Record<string, Case>> = {
  'a sum': {
    body: (b) => {
      const [p, g] = vectors(b, 'p', 'g');
      b.output('o', b.binary('add', p, g));
    },
    donate: [['p', 'o', true]],
  },
  'two that change places': {
    body: (b) => {
      const [p, q] = vectors(b, 'p', 'q');
      b.output('a', q);
      b.output('b', p);
    },
    donate: [
      ['p', 'a', true],
      ['q', 'b', false],
    ],
  },
  'two that are made of each other': {
    body: (b) => {
      const [p, q] = vectors(b, 'p', 'q');
      b.output('a', b.binary('sub', p, q));
      b.output('b', b.binary('mul', p, q));
    },
    donate: [
      ['p', 'a', true],
      ['q', 'b', false],
    ],
  },
  'a chain': {
    body: (b) => {
      const [p, q, r] = vectors(b, 'p', 'q', 'r');
      const first = b.unary('tanh', b.binary('add', p, r));
      const second = b.binary('mul', first, q);
      b.output('a', first);
      b.output('b', second);
      b.output('c', b.binary('sub', second, b.emit('reverse', [p], { axes: [0] })));
    },
    donate: [
      ['p', 'a', false],
      ['q', 'b', true],
      ['r', 'c', true],
    ],
  },
  'a param that many kernels read': {
    body: (b) => {
      const [p, q] = [matrix(b, 'p'), matrix(b, 'q')];
      const y = product(b, q, p);
      b.output('y', y);
      b.output('z', product(b, p, y));
      b.output('sum', b.reduce('sum', p, [0]));
      b.output('o', b.binary('sub', p, scaled(b, q, 0.1)));
    },
    donate: [['p', 'o', true]],
  },
  'a param under a contraction': {
    body: (b) => {
      const [p, q, r] = [matrix(b, 'p'), matrix(b, 'q'), matrix(b, 'r')];
      b.output('o', b.binary('sub', p, scaled(b, product(b, q, r), 0.1)));
      b.output('n', b.binary('sub', q, product(b, r, q)));
    },
    donate: [
      ['p', 'o', true],
      ['q', 'n', false],
    ],
  },
  'params that are returned as they are': {
    body: (b) => {
      const [p, q] = vectors(b, 'p', 'q');
      b.output('same', p);
      b.output('flat', b.reshape(q, [10, 10]));
      b.output('copy', q);
    },
    donate: [
      ['p', 'same', true],
      ['q', 'flat', true],
    ],
  },
  'a param that is returned and updated': {
    body: (b) => {
      const [p] = vectors(b, 'p');
      b.output('old', p);
      b.output('new', scaled(b, p, 2));
    },
    donate: [['p', 'new', true]],
  },
  'a param that is returned by itself, and updated elsewhere': {
    body: (b) => {
      const [p] = vectors(b, 'p');
      b.output('old', p);
      b.output('new', scaled(b, p, 2));
    },
    donate: [['p', 'old', true]],
  },
  'one that is turned round': {
    body: (b) => {
      const p = matrix(b, 'p');
      b.output('o', b.permute(p, [1, 0]));
    },
    donate: [['p', 'o', false]],
  },
  'one that nothing reads': {
    body: (b) => {
      const [, q] = vectors(b, 'p', 'q');
      b.output('o', b.unary('exp', q));
    },
    donate: [['p', 'o', true]],
  },
  'other types and sizes': {
    body: (b) => {
      const [p, q, r] = [b.param('p', 'f16', [40]), b.param('q', 'i32', [40]), b.param('r', 'bool', [40])];
      const f = b.cast(p, 'f32');
      b.output('f', f);
      b.output('i', b.binary('add', q, b.cast(f, 'i32')));
      b.output('r', b.select(r, b.binary('lt', q, b.full(q, 0)), r));
      b.output('short', b.reduce('sum', f, [0]));
    },
    donate: [
      ['p', 'f', true],
      ['q', 'short', false],
      ['r', 'r', true],
    ],
  },
  'scalars and empty tensors': {
    body: (b) => {
      const [s, e] = [b.param('s', 'f32', []), b.param('e', 'f32', [0, 4])];
      b.output('s', b.binary('add', s, b.full(s, 1)));
      b.output('e', b.unary('exp', e));
      b.output('sum', b.reduce('sum', e, [0]));
    },
    donate: [
      ['s', 's', true],
      ['e', 'e', true],
    ],
  },
  'rows that are written over what is read of them': {
    body: (b) => {
      const [x, bias] = [b.param('x', 'f32', [30, 90]), b.param('bias', 'f32', [30])];
      const g = b.unary('tanh', b.binary('mul', x, x));
      b.output('y', b.binary('sub', g, x));
      b.output('next', b.binary('sub', bias, b.reduce('sum', g, [1])));
    },
    donate: [
      ['x', 'y', true],
      ['bias', 'next', true],
    ],
  },
  'a row value that all its elements need': {
    body: (b) => {
      const [x, bias] = [b.param('x', 'f32', [30, 90]), b.param('bias', 'f32', [30])];
      const g = b.binary('mul', x, b.broadcast(b.reshape(bias, [30, 1]), [30, 90]));
      b.output('y', g);
      b.output('next', b.binary('sub', bias, b.reduce('sum', g, [1])));
    },
    donate: [['x', 'y', true], ['bias', 'next', false]], // prettier-ignore
  },
  'rows of a table': {
    body: (b) => {
      const [table, at] = [b.param('table', 'f32', [20, 6]), b.param('at', 'i32', [3])];
      const rows = b.param('rows', 'f32', [3, 6]);
      b.output('o', b.emit('scatter', [table, at, rows], { kind: 'set' }));
    },
    donate: [['table', 'o', true]],
  },
  'rows of a cache': {
    body: (b) => {
      const [cache, rows] = [b.param('cache', 'f32', [3, 20, 6]), b.param('rows', 'f32', [3, 4, 6])];
      const start = b.param('start', 'i32', []);
      const next = b.emit('updateSlice', [cache, b.binary('mul', rows, rows), start], { axis: 1 });
      b.output('next', next);
      b.output('sums', b.reduce('sum', next, [2]));
    },
    donate: [['cache', 'next', true]],
  },
  'rows of a cache that are parts of it': {
    body: (b) => {
      const [cache, start] = [b.param('cache', 'f32', [20, 6]), b.param('start', 'i32', [])];
      const rows = b.emit('slice', [cache], { starts: [3, 0], sizes: [4, 6], strides: [1, 1] });
      b.output('next', b.emit('updateSlice', [cache, rows, start], { axis: 0 }));
    },
    donate: [['cache', 'next', false]],
  },
  'a concat': {
    body: (b) => {
      const [p, q] = [b.param('p', 'f32', [20, 6]), b.param('q', 'f32', [40, 6])];
      b.output('o', b.emit('concat', [b.unary('exp', p), b.unary('tanh', p)], { axis: 0 }));
      b.output('r', b.unary('neg', q));
    },
    donate: [['q', 'o', true]],
  },
  'a concat of its own parts': {
    body: (b) => {
      const p = b.param('p', 'f32', [40, 6]);
      const part = (start: number): GraphValue =>
        b.emit('slice', [p], { starts: [start, 0], sizes: [20, 6], strides: [1, 1] });
      b.output('o', b.emit('concat', [b.unary('exp', part(20)), b.unary('tanh', part(0))], { axis: 0 }));
    },
    donate: [['p', 'o', false]],
  },
  'outputs that share a value': {
    body: (b) => {
      const [p, w] = [matrix(b, 'p'), b.weight('w', 'f32', [12, 12])];
      const y = product(b, p, w);
      for (const name of ['a', 'b', 'c']) b.output(name, y);
      b.output('flat', b.reshape(y, [144]));
      b.output('weight', w);
      b.output('param', p);
      b.output('constant', b.constant('i32', [3], [1, 2, 3]));
      b.output('again', b.constant('i32', [3], [1, 2, 3]));
      b.output('iota', b.emit('iota', [], { dtype: 'u32', shape: [3, 4], axis: 1 }));
      b.output('later', b.unary('exp', b.reduce('sum', y, [0])));
    },
    donate: [['p', 'b', true]],
  },
};

const donationsOf = ({ donate }: Case): NamedDonation[] =>
  donate.map(([input, output]) => ({ input, output }));

const upload = (heap: DeviceHeap, inputs: Tensors): Record<string, DeviceTensor> =>
  Object.fromEntries(Object.entries(inputs).map(([key, tensor]) => [key, heap.upload(tensor)]));

async function read(
  heap: DeviceHeap,
  tensors: Readonly<Record<string, DeviceTensor>>,
): Promise<Record<string, TensorData>> {
  const found = await heap.read(Object.values(tensors));
  return Object.fromEntries(Object.keys(tensors).map((key, i) => [key, found[i]]));
}

function expectSame(found: Tensors, expected: Tensors): void {
  expect(Object.keys(found).sort()).toEqual(Object.keys(expected).sort());
  for (const [key, tensor] of Object.entries(found))
    expect([key, differenceOf(tensor, expected[key])]).toEqual([key, undefined]);
}

async function reference(name: GpuName, program: Program, inputs: Tensors): Promise<Tensors> {
  const { profile } = await testDevice(name);
  return interpret(program, inputs, { subnormals: profile.subnormals }).outputs;
}

/** p - 0.1 (0.9 m + g), and that sum as the new m. */
function momentum(): Program {
  const b = new GraphBuilder('momentum');
  const [p, m, g] = vectors(b, 'p', 'm', 'g');
  const next = b.binary('add', scaled(b, m, 0.9), g);
  b.output('p', b.binary('sub', p, scaled(b, next, 0.1)));
  b.output('m', next);
  return { graph: b.build(), weights: new Map() };
}
const MOMENTUM: readonly NamedDonation[] = ['p', 'm'].map((name) => ({ input: name, output: name }));
const vector = (phase: number, length = 100): TensorData => tensorData('f32', [length], wave(length, phase));
const vectorsAt = (phase: number): Tensors => ({
  p: vector(phase),
  m: vector(phase + 1),
  g: vector(phase + 2),
});

/** By the name of an output, that of the input whose buffer it takes over. */
const donorNames = ({ inputs, outputs }: Plan): ReadonlyMap<string, string | undefined> =>
  new Map(outputs.map((output) => [output.name, inputs[donorOf(inputs, output) ?? inputs.length]?.name]));

test.each(Object.entries(CASES))('what is written in place: %s', (_, each) => {
  const { program } = specimen(each.body);
  const { plan } = prepare(program, { residents: true, donate: donationsOf(each) }).planned;
  for (const [input, output, inPlace] of each.donate)
    expect([output, donorNames(plan).get(output)]).toEqual([output, inPlace ? input : undefined]);
});

describe('a training step', () => {
  const widths = [784, 128, 10];
  test.each(['sgd', 'adam'] as const)('of %s updates all its state in place', (optimiser) => {
    const { program, donate } = trainingStep({ widths, batch: 64, optimiser });
    const { plan } = prepare(program, { residents: true, donate }).planned;
    const taken = donorNames(plan);
    expect(plan.outputs.map(({ name }) => name).filter((name) => taken.get(name) === undefined)).toEqual([
      'loss',
    ]);
    expect(plan.commands.length).toBe(10);
    // The hidden activations and their gradient, and that of the logits.
    expect(plan.arenaLowerBound).toBe(4 * 64 * (128 + 128 + 10));
    expect(plan.arenaBytes).toBeLessThanOrEqual(1.01 * plan.arenaLowerBound);
    expect(plan.ports?.bytes).toBe(plan.inputs.reduce((sum, { region }) => sum + region.size, 4));
  });

  test('that computes activations again needs less memory', () => {
    const deep = [784, ...new Array<number>(8).fill(256), 10];
    const arena = (checkpoint?: number): number => {
      const options = { widths: deep, batch: 1024, optimiser: 'adam' } as const;
      const { program, donate } = trainingStep(
        checkpoint === undefined ? options : { ...options, checkpoint },
      );
      return prepare(program, { residents: true, donate }).planned.plan.arenaBytes;
    };
    expect(arena(3)).toBeLessThan(0.6 * arena());
  });
});

test('donations that name nothing, or one thing twice, are refused', () => {
  const program = momentum();
  const attempt = (donate: readonly NamedDonation[], residents = true): (() => unknown) => {
    return () => prepare(program, { residents, donate });
  };
  const USAGE = expect.objectContaining({ code: 'USAGE' }) as Error;
  expect(attempt([{ input: 'x', output: 'p' }])).toThrow(USAGE);
  expect(attempt([{ input: 'p', output: 'x' }])).toThrow(USAGE);
  expect(attempt([...MOMENTUM, { input: 'g', output: 'm' }])).toThrow(USAGE);
  expect(attempt([...MOMENTUM, { input: 'm', output: 'p' }])).toThrow(USAGE);
  expect(attempt(MOMENTUM, false)).toThrow(USAGE);
});

describe.each(availableGpus)('%s', (name) => {
  const open = async (
    given: Program,
    donate: readonly NamedDonation[] = [],
  ): Promise<{ compiled: CompiledProgram; heap: DeviceHeap }> => {
    const device = await testDevice(name);
    const compiled = await build(prepare(given, { residents: true, donate }), { device });
    return { compiled, heap: new DeviceHeap(device) };
  };

  test.each(Object.entries(CASES))('%s', async (_, each) => {
    const made = { ...specimen(each.body), donate: donationsOf(each) };
    for (const variant of VARIANTS) await expectSameResidentBits(made, name, variant);
  });

  test('a program leaves the inputs that it keeps as they are', async () => {
    const { compiled, heap } = await open(momentum());
    const inputs = vectorsAt(1);
    const given = upload(heap, inputs);
    const outputs = compiled.executable.dispatch(given, heap);
    expectSame(await read(heap, outputs), await reference(name, momentum(), inputs));
    expectSame(await read(heap, given), inputs);
    compiled.dispose();
    heap.dispose();
  });

  test('one tensor may be given for several inputs that are kept', async () => {
    const { compiled, heap } = await open(momentum(), [MOMENTUM[1]]);
    const [both, m] = [heap.upload(vector(1)), heap.upload(vector(2))];
    const inputs = { p: vector(1), m: vector(2), g: vector(1) };
    const outputs = compiled.executable.dispatch({ p: both, m, g: both }, heap);
    expectSame(await read(heap, outputs), await reference(name, momentum(), inputs));
    compiled.dispose();
    heap.dispose();
  });

  test.each(['sgd', 'adam'] as const)('%s: a loop of steps', async (optimiser) => {
    const step = trainingStep({ widths: [30, 20, 20, 5], batch: 16, optimiser });
    const { compiled, heap } = await open(step.program, step.donate);
    let state = trainingInputs(step);
    const batch = Object.keys(state).filter((key) => !step.donate.some(({ input }) => input === key));
    let tensors = upload(heap, state);
    for (let i = 0; i < 4; i++) {
      const expected = await reference(name, step.program, state);
      const outputs = compiled.executable.dispatch(tensors, heap);
      for (const { output, input } of step.donate) expect(outputs[output].buffer).toBe(tensors[input].buffer);
      expectSame(await read(heap, outputs), expected);
      heap.free(outputs.loss);
      const kept = Object.fromEntries(batch.map((key) => [key, tensors[key]]));
      const { loss: _, ...next } = outputs;
      tensors = { ...kept, ...next };
      state = { ...state, ...expected };
      delete (state as Record<string, unknown>).loss;
    }
    compiled.dispose();
    heap.dispose();
  });

  test('a steady loop creates nothing on the device, and submits once a step', async () => {
    const device = await testDevice(name);
    const created: string[] = [];
    let submits = 0;
    const queue = new Proxy(device.gpu.queue, {
      get(target, key) {
        const value: unknown = Reflect.get(target, key, target);
        if (key === 'submit') submits++;
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
    const gpu = new Proxy(device.gpu, {
      get(target, key) {
        if (key === 'queue') return queue;
        const value: unknown = Reflect.get(target, key, target);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]): unknown => {
          if (/^create(?!CommandEncoder)|^pushErrorScope/.test(String(key))) created.push(String(key));
          return (value as (...all: unknown[]) => unknown).apply(target, args);
        };
      },
    });
    const watched = { ...device, gpu };
    const step = trainingStep({ widths: [30, 20, 5], batch: 16, optimiser: 'adam' });
    const compiled = await build(prepare(step.program, { residents: true, donate: step.donate }), {
      device: watched,
    });
    const heap = new DeviceHeap(watched);
    const inputs = trainingInputs(step);
    const { x, y, ...rest } = inputs;
    let state = upload(heap, rest);
    const losses: DeviceTensor[] = [];
    const train = (): void => {
      const data = upload(heap, { x, y });
      const { loss, ...next } = compiled.executable.dispatch({ ...state, ...data }, heap);
      for (const tensor of Object.values(data)) heap.free(tensor);
      state = { scale: state.scale, ...next };
      losses.push(loss);
    };
    /** The losses of three steps, read at once. */
    const round = async (): Promise<number[]> => {
      for (let i = 0; i < 3; i++) train();
      const found = await heap.read(losses);
      for (const loss of losses.splice(0)) heap.free(loss);
      return found.map(({ data }) => data[0]);
    };
    const [first] = await round();
    await round();
    const [before, submitted] = [created.length, submits];
    const last = await round();
    // One for each step, and one to read the losses, which opens scopes for errors.
    expect(submits - submitted).toBe(4);
    expect(created.slice(before).filter((call) => call !== 'pushErrorScope')).toEqual([]);
    expect(created.length - before).toBe(3);
    expect(last[2]).toBeLessThan(first);
    compiled.dispose();
    heap.dispose();
  });

  test('host tensors and verify work, too', async () => {
    const { compiled, heap } = await open(momentum(), MOMENTUM);
    const inputs = vectorsAt(4);
    const runs = [compiled.run(inputs), compiled.run(vectorsAt(5))];
    expectSame(await runs[0], await reference(name, momentum(), inputs));
    expectSame(await runs[1], await reference(name, momentum(), vectorsAt(5)));
    const { differences, outputDifferences, values } = await compiled.verify(inputs);
    expect([differences, outputDifferences, values]).toEqual([[], [], 2]);
    compiled.dispose();
    heap.dispose();
  });

  test('inputs that do not fit are refused before anything happens', async () => {
    const { compiled, heap } = await open(momentum(), MOMENTUM);
    const { executable } = compiled;
    const { p, m, g } = upload(heap, vectorsAt(1));
    const refuse = (given: Record<string, DeviceTensor>, code: string, on = heap): void =>
      expect(() => executable.dispatch(given, on)).toThrow(expect.objectContaining({ code }) as Error);
    const bytes = heap.bytes;
    refuse({ p, m }, 'INPUT_MISSING');
    refuse({ p, m, g, more: g }, 'INPUT_UNKNOWN');
    refuse({ p, m, g: { ...g, dtype: 'i32' } }, 'INPUT_DTYPE');
    refuse({ p, m, g: { ...g, shape: [10, 10] } }, 'INPUT_SHAPE');
    refuse({ p, m: p, g }, 'USAGE');
    refuse({ p, m, g: m }, 'USAGE');
    refuse({ p, m, g }, 'TENSOR_DISPOSED', new DeviceHeap(heap.device));
    const freed = heap.upload(vector(9));
    heap.free(freed);
    refuse({ p, m, g: freed }, 'TENSOR_DISPOSED');
    expect(heap.bytes).toBe(bytes + 448);
    expectSame(await read(heap, { p, m, g }), vectorsAt(1));
    const plain = await build(prepare(momentum()), { device: heap.device });
    expect(() => plain.executable.dispatch({ p, m, g }, heap)).toThrow(/without residents/);
    for (const each of [plain, compiled]) each.dispose();
    expect(() => executable.dispatch({ p, m, g }, heap)).toThrow(/was disposed/);
    heap.dispose();
  });

  test('a bundle keeps inputs and outputs resident', async () => {
    const device = await testDevice(name);
    const prepared = prepare(momentum(), { residents: true, donate: MOMENTUM });
    const bytes = await toBundle(prepared);
    expect((await readBundle(bytes)).plan).toEqual(prepared.planned.plan);
    const executable = await loadBundle(bytes, { device });
    const heap = new DeviceHeap(device);
    const outputs = executable.dispatch(upload(heap, vectorsAt(2)), heap);
    expectSame(await read(heap, outputs), await reference(name, momentum(), vectorsAt(2)));
    executable.dispose();
    heap.dispose();
  });
});
