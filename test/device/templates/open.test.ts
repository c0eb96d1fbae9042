/** Devices are opened with the templates: what passes, what is refused and how, and what is chosen. */
import { describe, expect, test } from 'vitest';
import type { TensorData } from '../../../src/base/tensor.js';
import { buildPreludes } from '../../../src/codegen/wgsl/prelude.js';
import { SOFTWARE_TARGET } from '../../../src/passes/target.js';
import { prepare } from '../../../src/compile.js';
import { interpret } from '../../../src/interpreter/index.js';
import { openDevice as openPatterns, proveDevice, type OpenDevice } from '../../../src/device/open.js';
import { probe } from '../../../src/device/probe/probe.js';
import type { ProbeProgram } from '../../../src/device/probe/program.js';
import { openDevice, openKnown } from '../../../src/device/templates/open.js';
import { templatePrograms, TEMPLATES } from '../../../src/device/templates/programs.js';
import { TemplateBuilder } from '../../../src/device/templates/template.js';
import { availableGpus, openGpu } from '../../support/gpu.js';

const preludes = buildPreludes();
const quick = templatePrograms({ software: true }, 'quick');

/** `program`, but that it expects another bit in the third element of its first output. */
function spoilt(program: ProbeProgram): ProbeProgram {
  const { name } = program.plan.outputs[0];
  return {
    ...program,
    expected: (mode) => {
      const all = program.expected(mode);
      const { dtype, shape, data } = all[name];
      const words = new Uint32Array(data.buffer.slice(0));
      words[2] = 0x3f9e0652;
      const tensor: TensorData = { dtype, shape, data: new Float32Array(words.buffer) };
      return { ...all, [name]: tensor };
    },
  };
}

/** A product whose elements are divided by a number that no pattern divides by. */
const DIVISOR = 12345.678;
function quotientOfProduct(): ProbeProgram {
  const b = new TemplateBuilder('quotient');
  const dot = { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [0] };
  const product = b.emit('dot', [b.given('f32', [8, 20], 'ordinary'), b.holding('f32', [20, 8])], dot);
  b.output('quotient', b.binary('div', product, b.full(product, DIVISOR)));
  const { program, inputs } = b.finish();
  const { planned } = prepare(program, { target: SOFTWARE_TARGET });
  return {
    kind: 'template',
    group: 'quotients',
    plan: planned.plan,
    inputs,
    weights: (id) => program.weights.get(id)!,
    expected: (subnormals) => interpret(program, inputs, { subnormals }).outputs,
  };
}

test('a probe that there is not is refused, and weakens nothing', async () => {
  const none = { requestAdapter: () => Promise.reject(new Error('asked')) };
  for (const options of [{ probe: 'ful' }, { prob: 'full' }, { programs: 'all' }, { allowInexact: 'no' }]) {
    const opening: unknown = Reflect.apply(openDevice, undefined, [none, preludes, options]);
    await expect(opening).rejects.toMatchObject({ code: 'USAGE', where: 'openDevice' });
  }
});

test('openDevice of the compiler and that of the loader have one contract', async () => {
  for (const open of [openDevice, openPatterns] satisfies OpenDevice[]) {
    await expect(open(undefined, preludes)).rejects.toMatchObject({ code: 'DEVICE_NOT_FOUND' });
    const none = { requestAdapter: () => Promise.resolve(null) } as unknown as GPU;
    await expect(
      open(none, preludes, { adapter: {}, programs: [], allowInexact: true }),
    ).rejects.toMatchObject({
      code: 'DEVICE_NOT_FOUND',
    });
  }
});

describe.each(availableGpus)('%s', (name) => {
  test('computes all templates exactly, in every shape', async () => {
    const { device } = await openGpu(name);
    const { report } = await proveDevice(device, name, preludes, { programs: templatePrograms({}, 'full') });
    const templates = report.patterns.filter(({ kind }) => kind === 'template');
    expect(templates.length).toBeGreaterThan(TEMPLATES.length);
    device.destroy();
  });

  test('is opened with the quick ones, once a process', async () => {
    const { gpu } = await openGpu(name);
    const first = await openKnown(gpu, preludes, {}, { software: true });
    const groups = new Set(first.report.patterns.filter(({ kind }) => kind === 'template').map(({ group }) => group)); // prettier-ignore
    expect([...groups]).toEqual(quick.map(({ group }) => group));
    const second = await openKnown(gpu, buildPreludes(), {}, { software: true });
    expect(second.gpu).not.toBe(first.gpu);
    expect(second.report).toBe(first.report);
    first.gpu.destroy();
    second.gpu.destroy();
  });

  test('is opened without them for the kernels of another version', async () => {
    const { gpu } = await openGpu(name);
    const others = { ...preludes, base: `// another version\n${preludes.base}` };
    const { gpu: device, report } = await openDevice(gpu, others);
    expect(report.patterns.filter(({ kind }) => kind === 'template')).toEqual([]);
    device.destroy();
  });

  test('is refused where a template fails, with its element and both words', async () => {
    const { gpu, device } = await openGpu(name);
    const programs = [spoilt(quick[0])];
    const refusal = openKnown(gpu, preludes, { programs }, { software: true });
    await expect(refusal).rejects.toMatchObject({ code: 'DEVICE_INEXACT' });
    await expect(refusal).rejects.toThrow(/does not compute template "exp" \(functions\) exactly/);
    await expect(refusal).rejects.toThrow(/found: +0x[0-9a-f]{8}$/m);
    await expect(refusal).rejects.toThrow(/expected: +0x3f9e0652$/m);
    await expect(refusal).rejects.toThrow(/element 2; 1 of \d+ patterns and templates fail/);
    const opened = await openDevice(gpu, preludes, { programs, allowInexact: true });
    expect(opened.report.exact).toBe(false);
    expect(opened.report.patterns.find(({ passed }) => !passed)).toMatchObject({
      kind: 'template',
      group: 'functions',
      name: 'exp',
      firstFailure: { element: 2, inputs: [], expected: '3f9e0652' },
    });
    opened.gpu.destroy();
    device.destroy();
  });

  test('gets the cheapest prelude with which the templates pass, too', async () => {
    const { device } = await openGpu(name);
    const wrong =
      'fn divide(a: f32, b: f32) -> f32 {\n' +
      '  let q = rn(a / b);\n' +
      `  return select(q, bitcast<f32>(bitcast<u32>(q) + 1u), b == ${DIVISOR}f);\n}\n`;
    const imprecise = { ...preludes, divide: { ...preludes.divide, native: wrong } };
    const patterns = await probe(device, imprecise);
    expect(patterns).toMatchObject({ exact: true, profile: { divide: 'native' } });
    // The template calls `mac` and `divide`; which of the two is wrong has to be tried.
    const all = await probe(device, imprecise, [quotientOfProduct()]);
    expect(all).toMatchObject({
      exact: true,
      profile: { mac: 'fusedZero', divide: 'corrected', squareRoot: 'native' },
    });
    device.destroy();
  });
});
