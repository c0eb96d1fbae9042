/** Weights in other types from the shell. */
import { statSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { tensorData } from '../../src/base/tensor.js';
import { writeNpy } from '../../src/data/npy.js';
import { NUMERIC_TYPES } from '../../src/quantize/index.js';
import { commandLine, DATA, MODEL } from './support.js';

const cli = commandLine();

function write(name: string, content: string | Uint8Array): string {
  const path = cli.path(name);
  writeFileSync(path, content);
  return path;
}

const net = (): string =>
  write(
    'net.json',
    JSON.stringify({
      input: [64],
      layers: [
        { type: 'dense', output_size: 32, activation: 'tanh', name: 'hidden' },
        { type: 'dense', output_size: 3 },
      ],
    }),
  );

interface TypeReport {
  readonly type: string;
  readonly ratio: number;
  readonly accuracy?: number;
  readonly deviation: { readonly score: number; readonly buckets: readonly { readonly count: number }[] };
}

const typesIn = (result: Record<string, unknown>): readonly TypeReport[] =>
  result.types as readonly TypeReport[];

/** Each test starts several processes. */
const TIMEOUT = 240_000;

describe('quantize', { timeout: TIMEOUT }, () => {
  test('compares all types on labelled examples', async () => {
    const points = Float32Array.from({ length: 300 * 64 }, (_, i) => Math.sin(i * 1.3));
    const x = write('x.npy', writeNpy(tensorData('f32', [300, 64], points)));
    const y = write(
      'y.npy',
      writeNpy(
        tensorData(
          'i32',
          [300],
          Int32Array.from({ length: 300 }, (_, i) => i % 3),
        ),
      ),
    );
    const { code, result, stderr } = await cli.json(['quantize', net(), '--type', 'all', '--data', x, '--labels', y, '--device', 'wasm:1']); // prettier-ignore
    expect(code, stderr).toBe(0);
    const types = typesIn(result);
    expect(types.map(({ type }) => type)).toEqual(NUMERIC_TYPES);
    for (const { accuracy, deviation } of types) {
      expect(accuracy).toBeGreaterThan(0);
      expect(deviation.buckets.reduce((sum, { count }) => sum + count, 0)).toBe(300 * 3);
      expect(deviation.score).toBeGreaterThan(50);
    }
    expect(types.find(({ type }) => type === 'int8')!.ratio).toBeLessThan(0.3);
  });

  test('writes a file that runs with the bits of the interpreter, small in a bundle', async () => {
    const [model, out] = [net(), cli.path('int4.safetensors')];
    const { code, result, stderr } = await cli.json(['quantize', model, '--type', 'int4', '-o', out]);
    expect(code, stderr).toBe(0);
    expect(result).toMatchObject({ file: out, compared: 'weights' });
    expect(statSync(out).size).toBeLessThan(3000);
    const verified = await cli.json([
      'verify',
      model,
      '--weights',
      out,
      '--data',
      'random:1',
      '--device',
      'wasm:1',
    ]);
    expect([verified.code, verified.result.bitsAgree], verified.stderr).toEqual([0, true]);
    const [small, large] = [cli.path('small.heddle'), cli.path('large.heddle')];
    expect((await cli.run(['compile', model, '--weights', out, '-o', small])).code).toBe(0);
    expect((await cli.run(['compile', model, '-o', large])).code).toBe(0);
    expect(statSync(large).size - statSync(small).size).toBeGreaterThan(4000);
    const run = async (args: readonly string[]): Promise<unknown> =>
      (await cli.json(['run', ...args, '--data', 'random:1', '--device', 'reference'])).result.outputs;
    expect(await run([small])).toEqual(await run([model, '--weights', out]));
  });

  test('computes in integers where it is asked to, and the file says so', async () => {
    const [model, out] = [net(), cli.path('integer.safetensors')];
    const asked = [
      'quantize',
      model,
      '--arithmetic',
      'integer',
      '--data',
      'random:1',
      '--device',
      'reference',
    ];
    const all = await cli.json([...asked, '--type', 'int8,int16']);
    expect(all.code, all.stderr).toBe(0);
    expect(all.result.types).toMatchObject([
      { arithmetic: 'integer', products: 2, integerProducts: 2 },
      { arithmetic: 'f32', products: 2, integerProducts: 0 },
    ]);
    expect((await cli.run([...asked, '--type', 'int8', '-o', out])).stdout).toMatch(/2 of 2/);
    const verified = await cli.json(['verify', model, '--weights', out, '--data', 'random:1', '--device', 'wasm:1']); // prettier-ignore
    expect([verified.code, verified.result.bitsAgree], verified.stderr).toEqual([0, true]);
    const refused = await cli.run([...asked, '--type', 'int16']);
    expect([refused.code, refused.stderr]).toEqual([
      2,
      expect.stringMatching(/USAGE: no product can be computed in integers/),
    ]);
  });

  test('takes ONNX models', async () => {
    const out = cli.path('digits.safetensors');
    const { code, result, stderr } = await cli.json(['quantize', MODEL, '--type', 'int8', '--data', DATA, '--device', 'reference', '-o', out]); // prettier-ignore
    expect(code, stderr).toBe(0);
    expect(typesIn(result)[0].deviation.score).toBeGreaterThan(90);
    const verified = await cli.json([
      'verify',
      MODEL,
      '--weights',
      out,
      '--data',
      'random:1',
      '--device',
      'wasm:1',
    ]);
    expect([verified.code, verified.result.bitsAgree], verified.stderr).toEqual([0, true]);
  });

  test('says what is wrong', async () => {
    const model = net();
    const fails = async (args: readonly string[], text: RegExp): Promise<void> => {
      const { code, stderr } = await cli.run(['quantize', ...args]);
      expect([code, stderr]).toEqual([code === 1 ? 1 : 2, expect.stringMatching(text)]);
      expect(code).not.toBe(0);
    };
    await fails([model, '--type', 'int9'], /USAGE: not a numeric type[\s\S]*"int9"[\s\S]*uint64/);
    await fails([model, '--type', 'all', '-o', cli.path('a.safetensors')], /a file has one type/);
    await fails([model, '--type', 'int8', '--block-size', '7'], /power of two/);
    await fails([model, '--type', 'int8', '--block-size', '32'], /only blocks have a size/);
    await fails([model, '--type', 'float16,bfloat16', '--zero-point'], /floats have no zero points/);
    await fails([model, '--type', 'int8', '--header', 'no'], /only tables have a first line/);
    await fails([model, '--type', 'int4', '--arithmetic', 'integer'], /unless the granularity is channel/);
    const out = cli.path('again.safetensors');
    expect((await cli.run(['quantize', model, '--type', 'int4', '-o', out])).code).toBe(0);
    await fails([model, '--type', 'int8', '--weights', out], /quantised already/);
  });
});
