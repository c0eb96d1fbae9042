/** Bundles on the command line: `compile`, and `run`, `verify` and `inspect` of what it writes. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { encodeTensor, tensor } from '../../../scripts/onnx-proto.mjs';
import { writeBundle } from '../../../src/codegen/bundle.js';
import type { Plan } from '../../../src/plan/plan.js';
import { parseGraph } from '../../../src/ir/parse.js';
import { readBundle } from '../../../src/plan/read-bundle.js';
import { commandLine, DATA, DEVICE, MODEL } from '../support.js';

const cli = commandLine();
const good = cli.path('digits.heddle');
let compiled: Awaited<ReturnType<typeof cli.json>>;

beforeAll(async () => {
  compiled = await cli.json(['compile', MODEL, '-o', good]);
});

/** The bundle with another plan, rehashed; without its graph where `graph` is false. */
async function altered(name: string, change: (plan: Plan) => Plan, graph = true): Promise<string> {
  const bundle = await readBundle(readFileSync(good));
  const path = cli.path(name);
  const bytes = await writeBundle(change(bundle.plan), bundle.preludes, bundle.weights, {
    producer: 'a test',
    ...(graph ? { graph: parseGraph(bundle.graph ?? '') } : {}),
  });
  writeFileSync(path, bytes);
  return path;
}

test('data of another batch is refused with what to do', async () => {
  const data = cli.path('two');
  mkdirSync(data);
  const image = tensor('image', 'float', [2, 1, 28, 28], new Array<number>(2 * 784).fill(0));
  writeFileSync(join(data, 'input_0.pb'), encodeTensor(image));
  const { code, result } = await cli.json(['run', good, '--data', data, ...DEVICE]);
  expect([code, result.error]).toMatchObject([
    1,
    {
      code: 'INPUT_SHAPE',
      found: '[2,1,28,28]',
      expected: '[1,1,28,28]',
      hint: expect.stringContaining('--dim NAME=VALUE') as string,
    },
  ]);
  const again = await cli.json(['compile', good, '-o', cli.path('x.heddle')]);
  expect([again.code, again.result.error]).toMatchObject([
    2,
    { hint: expect.stringContaining('heddle run') as string },
  ]);
});

describe('compile', () => {
  test('writes a bundle and says what is in it', () => {
    expect(compiled.code, compiled.stderr).toBe(0);
    expect(compiled.result).toMatchObject({
      bytes: readFileSync(good).length,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      inputs: [{ name: 'image', dtype: 'f32', shape: [1, 1, 28, 28] }],
      outputs: [{ name: 'probabilities', dtype: 'f32', shape: [1, 10] }],
    });
  });

  test('the same model gives the same bytes', async () => {
    const again = await cli.json(['compile', MODEL, '-o', cli.path('again.heddle')]);
    expect(again.result.sha256).toBe(compiled.result.sha256);
    expect(readFileSync(cli.path('again.heddle')).equals(readFileSync(good))).toBe(true);
  });

  test('for people', async () => {
    const { code, stdout } = await cli.run(['compile', MODEL, '-o', cli.path('text.heddle')]);
    expect(code).toBe(0);
    for (const text of [
      'SHA-256',
      compiled.result.sha256 as string,
      'lower bound',
      'kernels',
      'shaped for a hardware GPU',
      'Next: heddle run',
    ])
      expect(stdout).toContain(text);
  });

  test('what cannot be written, and what is compiled already', async () => {
    const nowhere = await cli.run(['compile', MODEL, '-o', cli.path('no/such/folder.heddle')]);
    expect([nowhere.code, nowhere.stderr]).toEqual([1, expect.stringContaining('FILE_UNWRITABLE')]);
    expect(nowhere.stderr).toContain('the folder does not exist');
    mkdirSync(cli.path('folder.heddle'));
    const folder = await cli.run(['compile', MODEL, '-o', cli.path('folder.heddle')]);
    expect([folder.code, folder.stderr]).toEqual([1, expect.stringContaining('it is a folder')]);
    const twice = await cli.run(['compile', good, '-o', cli.path('twice.heddle')]);
    expect([twice.code, twice.stderr]).toEqual([2, expect.stringContaining('compiled already')]);
  });
});

describe('a bundle', () => {
  test('gives what the model gives, on a device and in the interpreter', async () => {
    const model = await cli.json(['run', MODEL, '--data', DATA, '--device', 'reference']);
    const reference = await cli.json(['run', good, '--data', DATA, '--device', 'reference']);
    const device = await cli.json(['run', good, '--data', DATA, ...DEVICE]);
    expect(device.code, device.stderr).toBe(0);
    expect([reference.result.outputs, device.result.outputs]).toEqual([
      model.result.outputs,
      model.result.outputs,
    ]);
  });

  test('tells what it was compiled for, and runs on the other kind with a note', async () => {
    const soft = cli.path('soft.heddle');
    const made = await cli.json(['compile', MODEL, '-o', soft, ...DEVICE]);
    expect([compiled.result.target, made.result.target]).toEqual(['gpu', 'software']);
    const note = expect.stringContaining('--target software') as string;
    for (const [path, target, notes] of [
      [good, 'gpu', [note]],
      [soft, 'software', []],
    ] as const) {
      const { code, result, stderr } = await cli.json(['run', path, '--data', DATA, ...DEVICE]);
      expect(code, stderr).toBe(0);
      expect(result).toMatchObject({ target, notes });
      const inspected = await cli.json(['inspect', path]);
      expect(inspected.result).toMatchObject({ target });
    }
  });

  test('is verified kernel by kernel', async () => {
    const { code, result, stderr } = await cli.json(['verify', good, '--data', 'random:3', ...DEVICE]);
    expect(code, stderr).toBe(0);
    expect(result).toMatchObject({ ok: true, compared: 'kernels', kernels: compiled.result.kernels });
  });

  test('can be inspected', async () => {
    const { code, stdout } = await cli.run(['inspect', good, '--ir', '--groups', '--memory']);
    expect(code).toBe(0);
    for (const text of ['// add_6', 'kernel 0: conv', 'most is in use at']) expect(stdout).toContain(text);
  });

  test('takes no options that belong to compiling', async () => {
    const { code, stderr } = await cli.run([
      'run',
      good,
      '--data',
      DATA,
      '--device',
      'reference',
      '--dim',
      'N=1',
    ]);
    expect([code, stderr]).toEqual([2, expect.stringContaining('--dim is for ONNX models')]);
  });

  test('that is broken is refused', async () => {
    const bytes = Uint8Array.from(readFileSync(good));
    bytes[bytes.length - 1] ^= 1;
    const path = cli.path('broken.heddle');
    writeFileSync(path, bytes);
    const { code, result } = await cli.json(['run', path, '--data', DATA, ...DEVICE]);
    expect([code, result]).toMatchObject([
      1,
      { error: { code: 'FILE_CORRUPT', where: `${path}, weightsSha256` } },
    ]);
  });
});

test.each(['', 'hello', 'not a bundle at all'])('a file that holds "%s" is not a bundle', async (text) => {
  const path = cli.path('text.heddle');
  writeFileSync(path, text);
  const { code, result } = await cli.json(['run', path, '--data', DATA, ...DEVICE]);
  expect([code, result]).toMatchObject([1, { error: { code: 'FILE_FORMAT', where: path } }]);
});

describe('a planted fault', () => {
  /** The kernel whose code is altered: its results become their negatives, or one more. */
  const FAULTY = 1;

  test('is found: kernel, element, bits, IR and WGSL', async () => {
    const path = await altered('faulty.heddle', (plan) => {
      const { pipeline } = plan.commands[FAULTY];
      const pipelines = plan.pipelines.map((each, i) => {
        if (i !== pipeline) return each;
        const code = each.code.replace(/^( *\w+\[[^=]*\]) = (.*);$/m, '$1 = ($2) + 1.0;');
        expect(code).not.toBe(each.code);
        return { ...each, code };
      });
      return { ...plan, pipelines };
    });
    const args = ['verify', path, '--data', DATA, ...DEVICE];
    const { code, result, stderr } = await cli.json(args);
    expect(code, stderr).toBe(1);
    expect(result).toMatchObject({
      ok: false,
      bitsAgree: false,
      outputDifferences: [{ output: 'probabilities', stage: 'run' }],
    });
    const [first] = result.differences as Record<string, unknown>[];
    expect(first).toMatchObject({
      kernel: FAULTY,
      index: [0, 0, 0, 0],
      expected: expect.stringMatching(/^[0-9a-f]{8}$/) as string,
      found: expect.stringMatching(/^[0-9a-f]{8}$/) as string,
      ir: [expect.stringContaining('reduceWindow')],
      wgsl: expect.stringContaining('+ 1.0;') as string,
    });
    const { stdout } = await cli.run(args);
    for (const text of [
      'FAIL bits differ',
      `kernel ${FAULTY} (`,
      'interpreter 0x',
      'reduceWindow',
      '+ 1.0;',
      'later value',
    ])
      expect(stdout).toContain(text);
  });
});

describe('a bundle of another version', () => {
  test('whose plan this one would not make is compared by its outputs', async () => {
    const path = await altered('older.heddle', (plan) => ({ ...plan, arenaBytes: plan.arenaBytes + 256 }));
    const { code, result } = await cli.json(['verify', path, '--data', DATA, ...DEVICE]);
    expect([code, result]).toMatchObject([
      0,
      {
        ok: true,
        compared: 'outputs',
        notes: [expect.stringContaining('another version (a test)') as string],
      },
    ]);
  });

  test('without its graph: runs, but not in the interpreter', async () => {
    const path = await altered('bare.heddle', (plan) => plan, false);
    const reference = await cli.run(['run', path, '--data', DATA, '--device', 'reference']);
    expect([reference.code, reference.stderr]).toEqual([
      2,
      expect.stringContaining('does not carry its graph'),
    ]);
    const inspected = await cli.run(['inspect', path]);
    expect([inspected.code, inspected.stdout]).toEqual([0, expect.stringContaining('lower bound')]);

    const nothing = await cli.run(['verify', path, '--data', 'random:1', ...DEVICE]);
    expect([nothing.code, nothing.stderr]).toEqual([1, expect.stringContaining('nothing to compare with')]);

    const folder = cli.path('with-output');
    mkdirSync(folder);
    writeFileSync(join(folder, 'input_0.pb'), readFileSync(join(DATA, 'input_0.pb')));
    const wrong = Array.from({ length: 10 }, () => 0.1);
    writeFileSync(
      join(folder, 'output_0.pb'),
      encodeTensor(tensor('probabilities', 'float', [1, 10], wrong)),
    );
    const { code, result } = await cli.json(['verify', path, '--data', folder, ...DEVICE]);
    expect([code, result]).toMatchObject([
      1,
      { bitsAgree: true, compared: 'repeat', expected: [{ ok: false }] },
    ]);
  });
});
