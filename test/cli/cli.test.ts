import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { encodeModel, encodeTensor, node, port, tensor } from '../../scripts/onnx-proto.mjs';
import { readNpy } from '../../src/cli/files/npy.js';
import { writeNpy } from '../../src/data/npy.js';
import { findHardware } from '../../src/node/find.js';
import { commandLine, DATA, DEVICE, MODEL } from './support.js';

const cli = commandLine();
const isWithoutGpu = (await findHardware()) === undefined;
const VERBS = ['run', 'verify', 'compile', 'inspect', 'doctor'];

/** A folder with the data of the model and `files`. */
function dataFolder(name: string, files: Readonly<Record<string, Uint8Array>>): string {
  const folder = cli.path(name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'input_0.pb'), readFileSync(join(DATA, 'input_0.pb')));
  for (const [file, bytes] of Object.entries(files)) writeFileSync(join(folder, file), bytes);
  return folder;
}

/** What the model gives for its data, as numbers. */
async function probabilities(): Promise<number[]> {
  const folder = cli.path('reference');
  const finished = await cli.run(['run', MODEL, '--data', DATA, '--device', 'reference', '--save', folder]);
  expect(finished.code, finished.stderr).toBe(0);
  return Array.from(readNpy(readFileSync(join(folder, 'probabilities.npy')), 'probabilities').data);
}

/** A NumPy array of float64, which is what numpy makes of Python's numbers. */
function doubles(shape: readonly number[], values: ArrayLike<number>): Uint8Array {
  const words = new Float64Array(Array.from(values));
  const like = writeNpy({ dtype: 'f32', shape: [...shape, 2], data: new Float32Array(words.buffer) });
  const header = new TextDecoder('latin1').decode(like.subarray(0, like.length - words.byteLength));
  const changed = header.replace("'<f4'", "'<f8'").replace(/, 2,\)(.*)\n/, ',)$1   \n');
  return Buffer.concat([Buffer.from(changed, 'latin1'), Buffer.from(words.buffer)]);
}

describe('usage', () => {
  test('every verb has help with examples', async () => {
    const { code, stdout } = await cli.run(['--help']);
    expect(code).toBe(0);
    for (const verb of VERBS) {
      expect(stdout).toContain(`  ${verb} `);
      const help = await cli.run([verb, '--help']);
      expect([help.code, help.stdout]).toEqual([0, expect.stringContaining(`Examples:\n  heddle ${verb}`)]);
    }
  });

  test('help of a verb, and of all', async () => {
    expect(await cli.run(['help', 'run'])).toEqual(await cli.run(['run', '--help']));
    expect(await cli.run(['help'])).toEqual(await cli.run(['--help']));
    expect((await cli.run(['run', '--help'])).stdout.replaceAll(/\s+/g, ' ')).toContain(
      '(default: 1, of the',
    );
    const compile = (await cli.run(['compile', '--help'])).stdout.replaceAll(/\s+/g, ' ');
    expect(compile).toContain('loadBundle');
    expect(compile).not.toContain('or a bundle');
  });

  test('--version is that of the package', async () => {
    const { stdout } = await cli.run(['--version']);
    expect(stdout).toBe(
      `${(JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }).version}\n`,
    );
  });

  test.each([
    [['rnu', MODEL], 'did you mean run?'],
    [['run', MODEL, '--data', 'random:1', '--devcie', 'webgpu'], 'did you mean --device?'],
    [['run', MODEL, '--dat', 'random:1'], 'did you mean --data?'],
    [['compile', '--outptu', 'x.heddle', MODEL], 'did you mean --out?'],
    [['run', MODEL], "'--data <source>' not specified"],
    [['compile', MODEL], 'for example -o model.heddle'],
    [['extract', MODEL], '`heddle inspect --values` lists the names'],
    [['train', 'net.json', '--data', 'x.npy'], 'for example --labels classes.npy'],
    [['compile', MODEL, '-o', 'model.onnx'], 'a name that ends with .heddle'],
    [['verify', MODEL], 'for example --data random:1'],
    [['run', MODEL, '--data', 'nowhere', '--device', 'reference'], 'the folder does not exist'],
    [
      ['run', MODEL, '--data', 'random:1', '--device', 'gpu'],
      'It is reference, wasm, wasm:THREADS, webgpu, or webgpu:NAME.',
    ],
    [['run', MODEL, '--data', 'random:1', '--dim', 'N'], 'It is name=value'],
    [['verify', MODEL, '--data', 'random:1', '--device', 'reference'], 'would be compared with itself'],
    [['doctor', '--device', 'reference'], 'reference is the interpreter, which devices are compared with'],
    [['verify', MODEL, '--data', 'random:1', '--rtol', '-1'], 'not negative'],
    [['inspect', MODEL, '--wgsl', '99'], '0 to 5, or a part of a name, such as conv'],
    [['inspect', MODEL, '--wgsl', 'redcue'], 'did you mean reduce?'],
    [['inspect', MODEL, '--target', 'gpu', '--device', 'webgpu'], 'and so does --target'],
    [['run', MODEL, '--data', 'random:abc', '--device', 'reference'], 'the seed is not a whole number'],
    [['run', MODEL, '--data', MODEL, '--device', 'reference'], 'this is a file, not a folder'],
    [['help', 'inspcet'], 'did you mean inspect?'],
    [['help', 'nope'], "unknown command 'nope'"],
    [[], 'Usage: heddle'],
  ])('%j is an error of usage', async (args, message) => {
    const { code, stdout, stderr } = await cli.run(args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
  });

  test.each(['wasm', 'wasm:1'])('%s runs a model, and has the bits of the interpreter', async (name) => {
    const run = await cli.json(['run', MODEL, '--data', 'random:1', '--device', name]);
    const reference = await cli.json(['run', MODEL, '--data', 'random:1', '--device', 'reference']);
    expect([run.code, run.result.outputs]).toEqual([0, reference.result.outputs]);
    expect(run.result.device).toMatch(/^WebAssembly, \d+ threads?$/);
    const verified = await cli.json(['verify', MODEL, '--data', 'random:1', '--device', name]);
    expect([verified.code, verified.result]).toMatchObject([
      0,
      { ok: true, bitsAgree: true, compared: 'kernels' },
    ]);
  });

  test('inspect --device wasm shows the groups of the kernels for the CPU', async () => {
    const { code, stdout } = await cli.run(['inspect', MODEL, '--device', 'wasm', '--groups']);
    expect([code, stdout]).toEqual([0, expect.stringContaining('kernel 0: ')]);
    const { result } = await cli.json(['inspect', MODEL, '--target', 'wasm', '--memory']);
    expect(result).toMatchObject({ target: 'wasm', memory: {} });
    expect((await cli.run(['inspect', MODEL, '--device', 'wasm', '--wgsl', '0'])).stderr).toContain('--wat');
  });

  test('inspect --wat shows a kernel for the CPU', async () => {
    const { code, stdout } = await cli.run(['inspect', MODEL, '--wat', '0']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/;; kernel 0: .*\n\(func \$kernel0/);
    expect((await cli.run(['inspect', MODEL, '--wat', '99'])).stderr).toContain('--wat');
  });

  test('errors are one JSON object with --json, and text on stderr', async () => {
    const usage = await cli.json(['run', MODEL]);
    expect([usage.code, usage.result]).toMatchObject([2, { error: { code: 'USAGE' } }]);

    const missing = await cli.json(['inspect', 'missing.onnx']);
    expect([missing.code, missing.result]).toEqual([
      1,
      {
        error: {
          code: 'FILE_UNREADABLE',
          message: 'the file cannot be read',
          where: 'missing.onnx',
          found: 'the file does not exist',
        },
      },
    ]);
    expect(missing.stderr).toContain('FILE_UNREADABLE: the file cannot be read');
  });

  test('a folder in the place of a file, a file in the place of a folder, and recipes', async () => {
    const folder = cli.path('a-model');
    mkdirSync(folder);
    writeFileSync(join(folder, 'model.onnx'), readFileSync(MODEL));
    const model = await cli.json(['inspect', folder]);
    expect([model.code, model.result]).toMatchObject([
      1,
      {
        error: {
          code: 'FILE_UNREADABLE',
          where: folder,
          found: 'it is a folder',
          expected: 'a file',
          hint: expect.stringContaining('model.onnx') as string,
        },
      },
    ]);
    const args = ['run', MODEL, '--data', DATA, '--device', 'reference'];
    const saved = await cli.json([...args, '--save', join(folder, 'model.onnx')]);
    expect([saved.code, saved.result]).toMatchObject([
      1,
      { error: { code: 'FILE_UNWRITABLE', found: 'it is a file', expected: 'a folder' } },
    ]);
    const recipe = cli.path('recipe.json');
    writeFileSync(recipe, '{"weights":[{"name":1}]}');
    const filled = await cli.json(['inspect', MODEL, '--seeded-weights', recipe]);
    expect([filled.code, filled.result]).toMatchObject([
      1,
      { error: { code: 'CONFIG_INVALID', where: `${recipe}, weights[0]` } },
    ]);
  });

  test.runIf(existsSync('/dev/full'))('output that cannot be written', () => {
    const full = openSync('/dev/full', 'w');
    const { status, stderr } = spawnSync(process.execPath, [cli.main, '--help'], {
      stdio: ['ignore', full, 'pipe'],
      encoding: 'utf8',
    });
    closeSync(full);
    expect([status, stderr]).toEqual([1, expect.stringMatching(/^FILE_UNWRITABLE: .*\n {2}found: .*\n$/)]);
  });

  test('places are files as they were given', async () => {
    const path = cli.path('broken.onnx');
    writeFileSync(path, 'hello');
    const { result } = await cli.json(['run', path, '--data', DATA, '--device', 'reference']);
    expect(result).toMatchObject({ error: { code: 'FILE_FORMAT', where: path } });
  });

  test('an unknown dimension and a file of another kind', async () => {
    const unknown = await cli.run(['inspect', MODEL, '--dim', 'batch=2']);
    expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('none: all are fixed')]);
    const other = await cli.run(['inspect', join(DATA, 'input_0.pb')]);
    expect([other.code, other.stderr]).toEqual([1, expect.stringContaining('input_0.pb')]);
  });
});

describe('run', () => {
  test('interpreter and device print the same outputs', async () => {
    const args = ['run', MODEL, '--data', DATA];
    const reference = await cli.json([...args, '--device', 'reference']);
    const device = await cli.json([...args, ...DEVICE, '--repeat', '3']);
    expect([reference.code, device.code], device.stderr).toEqual([0, 0]);
    expect(device.result.outputs).toEqual(reference.result.outputs);
    expect(device.result).toMatchObject({
      device: expect.stringContaining('SwiftShader') as string,
      target: 'software',
      kernels: expect.any(Number) as number,
      submits: 1,
      runs: 4,
      memoryBytes: { arena: expect.any(Number) as number, weights: expect.any(Number) as number },
      outputs: {
        probabilities: { dtype: 'f32', shape: [1, 10], nan: 0, argmax: expect.any(Number) as number },
      },
    });
  });

  test('for people: outputs, times, cost and memory', async () => {
    const { code, stdout } = await cli.run(['run', MODEL, '--data', 'random:7', ...DEVICE]);
    expect(code).toBe(0);
    for (const text of [
      'probabilities: f32[1,10]',
      'argmax',
      'first run',
      'second run',
      '1 submit a run; shaped for a software GPU',
      'peak memory',
    ])
      expect(stdout).toContain(text);
  });

  test('finds the software GPU from npm by itself, and drivers are not heard', async () => {
    const bare = { VK_ICD_FILENAMES: undefined, VK_DRIVER_FILES: undefined, LD_LIBRARY_PATH: undefined };
    const { code, result, stderr } = await cli.json(['run', MODEL, '--data', DATA, ...DEVICE], bare);
    expect([code, result.device]).toEqual([0, expect.stringContaining('SwiftShader')]);
    expect(stderr).toBe('');
    const failing = await cli.run(['run', 'missing.onnx', '--data', DATA, ...DEVICE], bare);
    expect([failing.code, failing.stderr]).toEqual([1, expect.stringMatching(/^FILE_UNREADABLE/)]);
  });

  test.runIf(isWithoutGpu)('without --device it is the CPU where there is no hardware GPU', async () => {
    const { code, result, stderr } = await cli.json(['run', MODEL, '--data', DATA]);
    expect([code, result.device]).toEqual([0, expect.stringMatching(/^WebAssembly, \d+ threads?$/)]);
    expect(stderr).toMatch(/^The device is WebAssembly on the CPU: .*no hardware GPU\.\n$/);
    expect(result.notes).toEqual([stderr.trimEnd()]);
  });

  test.runIf(isWithoutGpu)('a bundle runs on what it has kernels for', async () => {
    const [gpu, both] = [cli.path('gpu.heddle'), cli.path('both.heddle')];
    for (const [path, target] of [
      [gpu, 'software'],
      [both, 'software,wasm'],
    ] as const)
      // prettier-ignore
      expect((await cli.run(['compile', MODEL, '-o', path, '--target', target])).code).toBe(0);
    const software = await cli.json(['run', gpu, '--data', DATA]);
    expect(software.result).toMatchObject({ target: 'software' });
    expect(software.stderr).toMatch(
      /using .*, .*software GPU.*\.\n.*no kernels for the CPU.*--target webgpu,wasm\.\n$/,
    );
    const cpu = await cli.json(['run', both, '--data', DATA]);
    expect(cpu.result).toMatchObject({ target: 'wasm', outputs: software.result.outputs });
    const verified = await cli.json(['verify', both, '--data', DATA]);
    expect([verified.code, verified.result]).toMatchObject([0, { bitsAgree: true, compared: 'outputs' }]);
  });

  test.each([['run', '--data', DATA], ['inspect'], ['compile', '-o', '/nowhere/x.heddle']])(
    'an adapter that is not there: %s',
    async (verb, ...options) => {
      const { code, result } = await cli.json([verb, MODEL, ...options, '--device', 'webgpu:nobody']);
      expect([code, result]).toMatchObject([
        1,
        { error: { code: 'DEVICE_NOT_FOUND', found: expect.stringContaining('SwiftShader') as string } },
      ]);
    },
  );
});

describe('symbolic dimensions', () => {
  /** y = x + x, for x of [N, 3]. */
  const model = (): string => {
    const path = cli.path('symbolic.onnx');
    const graph = {
      name: 'twice',
      input: [port('x', 'float', ['N', 3])],
      output: [port('y', 'float', ['N', 3])],
      node: [node('Add', ['x', 'x'], ['y'])],
      initializer: [],
    };
    writeFileSync(path, encodeModel(graph));
    return path;
  };
  const reference = ['--device', 'reference'];

  test('have to have a value where a bundle is made', async () => {
    const { code, stderr } = await cli.run(['compile', model(), '-o', cli.path('x.heddle')]);
    expect([code, stderr]).toEqual([1, expect.stringContaining('--dim N=1')]);
    const inspected = await cli.run(['inspect', model()]);
    expect([inspected.code, inspected.stdout]).toEqual([0, expect.stringContaining('f32[N,3]')]);
    expect(inspected.stdout).toContain('--dim name=value');
  });

  test('have a small value with random data, and it is said', async () => {
    const { code, stdout, stderr } = await cli.run(['run', model(), '--data', 'random:1', ...reference]);
    expect([code, stdout + stderr]).toEqual([0, expect.stringContaining('N = 1')]);
  });

  test('are bound by --dim', async () => {
    const run = await cli.json(['run', model(), '--data', 'random:1', '--dim', 'N=2', ...reference]);
    expect([run.code, run.result.outputs]).toMatchObject([0, { y: { shape: [2, 3] } }]);
    const other = await cli.json(['run', model(), '--data', 'random:2', '--dim', 'N=2', ...reference]);
    expect(other.result.outputs).not.toEqual(run.result.outputs);
  });

  test('are bound by the data, here NumPy arrays; NaN and infinities are strings in JSON', async () => {
    const folder = cli.path('arrays');
    mkdirSync(folder);
    const x = Float32Array.of(1, 2, Infinity, -Infinity, NaN, 6);
    writeFileSync(join(folder, 'x.npy'), writeNpy({ dtype: 'f32', shape: [2, 3], data: x }));
    const { code, result } = await cli.json(['run', model(), '--data', folder, ...reference]);
    expect([code, result.outputs]).toEqual([
      0,
      {
        y: {
          dtype: 'f32',
          shape: [2, 3],
          min: '-Infinity',
          max: 'Infinity',
          mean: 'NaN',
          nan: 1,
          first: [2, 4, 'Infinity', '-Infinity', 'NaN', 12],
        },
      },
    ]);
    const twice = await cli.run(['run', model(), '--data', folder, '--dim', 'N=5', ...reference]);
    expect([twice.code, twice.stderr]).toEqual([1, expect.stringContaining('INPUT_SHAPE')]);
  });

  test('an input without data', async () => {
    const folder = cli.path('empty');
    mkdirSync(folder);
    const { code, stderr } = await cli.run(['run', model(), '--data', folder, ...reference]);
    expect([code, stderr]).toEqual([1, expect.stringContaining('input_0.pb, input_0.npy or x.npy')]);
  });
});

describe('verify', () => {
  test('every bit agrees, and the outputs are those of the data', async () => {
    const expected = await probabilities();
    const good = dataFolder('good', {
      'output_0.pb': encodeTensor(tensor('probabilities', 'float', [1, 10], expected)),
    });
    const { code, result, stderr } = await cli.json(['verify', MODEL, '--data', good, ...DEVICE]);
    expect(code, stderr).toBe(0);
    expect(result).toMatchObject({
      ok: true,
      bitsAgree: true,
      compared: 'kernels',
      differences: [],
      outputDifferences: [],
      subnormals: 0,
      submits: 1,
      expected: [{ output: 'probabilities', ok: true, elements: 10, wrong: 0, maxError: 0 }],
    });
  });

  test('says so where the data has no outputs', async () => {
    const folder = await cli.run(['verify', MODEL, '--data', dataFolder('inputs-only', {}), ...DEVICE]);
    expect(folder.stdout).toContain(
      'no outputs to compare with: the folder has no output_0.pb, output_0.npy or',
    );
    const random = await cli.run(['verify', MODEL, '--data', 'random:1', ...DEVICE]);
    expect(random.stdout).toContain('no outputs to compare with: random data has none');
  });

  test('takes outputs from NumPy arrays, by number or by name, of doubles as they are', async () => {
    const data = Float32Array.from(await probabilities());
    const right = writeNpy({ dtype: 'f32', shape: [1, 10], data });
    for (const file of ['output_0.npy', 'probabilities.npy']) {
      const folder = dataFolder(`npy-${file}`, { [file]: right });
      const { code, result } = await cli.json(['verify', MODEL, '--data', folder, ...DEVICE]);
      expect([code, result]).toMatchObject([
        0,
        { expected: [{ file: join(folder, file), ok: true }], notes: [] },
      ]);
    }
    const folder = dataFolder('npy-double', { 'output_0.npy': doubles([1, 10], data) });
    const { code, result } = await cli.json(['verify', MODEL, '--data', folder, ...DEVICE]);
    expect([code, result]).toMatchObject([0, { expected: [{ maxError: 0 }], notes: [] }]);
  });

  test('fails where the data has other outputs, and says which', async () => {
    const expected = await probabilities();
    expected[3] += 0.1;
    const bad = dataFolder('bad', {
      'output_0.pb': encodeTensor(tensor('probabilities', 'float', [1, 10], expected)),
    });
    const { code, stdout } = await cli.run(['verify', MODEL, '--data', bad, ...DEVICE]);
    expect(code).toBe(1);
    expect(stdout).toContain('every bit agrees with the interpreter');
    expect(stdout).toContain('identical on all devices');
    expect(stdout).toMatch(
      /FAIL probabilities does not match .*output_0\.pb: 1 of 10 elements differ; element \[0, 3\] is/,
    );

    const loose = await cli.json(['verify', MODEL, '--data', bad, ...DEVICE, '--atol', '0.2']);
    expect([loose.code, loose.result.ok]).toEqual([0, true]);

    const double = dataFolder('double', {
      'output_0.pb': encodeTensor(tensor('probabilities', 'double', [1, 10], await probabilities())),
    });
    const other = await cli.json(['verify', MODEL, '--data', double, ...DEVICE]);
    expect([other.code, other.result]).toMatchObject([
      1,
      { expected: [{ ok: false, problem: 'the output is float[1,10], the file has double[1,10]' }] },
    ]);
  });
});

describe('inspect', () => {
  test('summary', async () => {
    const { code, stdout } = await cli.run(['inspect', MODEL]);
    expect(code).toBe(0);
    for (const text of [
      'graph "digits"',
      'more nodes (--ir)',
      'stored because',
      'lower bound',
      'most is in use at',
    ])
      expect(stdout).toContain(text);
  });

  test('sections', async () => {
    const { stdout } = await cli.run([
      'inspect',
      MODEL,
      '--ir',
      '--groups',
      '--explain',
      '--wgsl',
      '0',
      '--memory',
    ]);
    for (const text of [
      '%2 = conv',
      'kernel 0: conv',
      'reads %0',
      'Stages',
      'canonical',
      'Decisions',
      'stored',
      'fn main',
      'over time',
    ])
      expect(stdout).toContain(text);
    expect(stdout).not.toContain('more nodes');
    expect(stdout.match(/fn main/g)).toHaveLength(1);
  });

  test('shapes kernels as run does, or as it is told', async () => {
    const run = await cli.json(['run', MODEL, '--data', DATA, ...DEVICE]);
    const auto = await cli.json(['inspect', MODEL, ...DEVICE]);
    expect(auto.result).toMatchObject({ target: 'software', kernels: { length: run.result.kernels } });
    const gpu = await cli.run(['inspect', MODEL, '--target', 'gpu']);
    expect(gpu.stdout).toContain('gpu: shaped for a hardware GPU');
  });

  test('--wgsl takes a number or nothing, but not the model; --prelude shows what stands before', async () => {
    const all = await cli.run(['inspect', '--wgsl', MODEL]);
    expect(all.code, all.stderr).toBe(0);
    expect(all.stdout).toEqual((await cli.run(['inspect', MODEL, '--wgsl'])).stdout);
    expect(all.stdout).toContain('--prelude');
    const one = await cli.run(['inspect', '--wgsl', '0', MODEL]);
    expect(one.stdout.match(/fn main/g)).toHaveLength(1);
    const named = await cli.run(['inspect', MODEL, '--wgsl', 'reduceWindow']);
    expect(named.stdout.match(/^\/\/ kernel .*/gm)).toEqual([
      expect.stringContaining('reduceWindow'),
      expect.stringContaining('reduceWindow'),
    ]);
    const prelude = await cli.run(['inspect', MODEL, '--prelude']);
    for (const text of ['struct Numerics', 'fn mac(', 'fn divide(']) expect(prelude.stdout).toContain(text);
    expect(prelude.stdout).not.toContain('fn main');
  });

  test('--json', async () => {
    const { code, result } = await cli.json(['inspect', MODEL]);
    expect(code).toBe(0);
    const { kernels, memory } = result as {
      kernels: { ir: string[]; writes: number[]; reasons: Record<string, string> }[];
      memory: { arenaBytes: number; lowerBound: number; live: unknown[] };
    };
    for (const kernel of kernels) for (const id of kernel.writes) expect(kernel.reasons[id]).toMatch(/./);
    expect(memory.arenaBytes).toBeGreaterThanOrEqual(memory.lowerBound);
    expect(memory.live.length).toBeGreaterThan(0);
  });

  test('--json has the sections that are asked for', async () => {
    const sections = ['ir', 'kernels', 'memory', 'decisions', 'wgsl', 'prelude'];
    const shown = async (...flags: string[]): Promise<string[]> => {
      const { result } = await cli.json(['inspect', MODEL, ...flags]);
      return sections.filter((name) => name in result);
    };
    expect(await shown()).toEqual(['ir', 'kernels', 'memory']);
    expect(await shown('--wgsl', '--explain')).toEqual(['decisions', 'wgsl']);
    expect(await shown('--ir', '--prelude')).toEqual(['ir', 'prelude']);
    expect(await shown('--groups', '--memory')).toEqual(['kernels', 'memory']);
  });
});

describe('doctor', () => {
  test('adapters, limits, profile and patterns', async () => {
    const { code, result } = await cli.json(['doctor', ...DEVICE]);
    expect(code).toBe(0);
    expect(result).toMatchObject({
      exact: true,
      softwareGpus: expect.arrayContaining(['swiftshader']) as string[],
      profile: { subnormals: 'flush' },
      limits: { maxStorageBuffersPerShaderStage: expect.any(Number) as number },
    });
    expect((result.patterns as unknown[]).length).toBeGreaterThan(50);
    const templates = result.templates as { passed: boolean; kind: string }[];
    expect(templates.length).toBeGreaterThan(50);
    expect(templates.every(({ passed, kind }) => passed && kind === 'template')).toBe(true);
    const short = (await cli.run(['doctor', ...DEVICE])).stdout;
    expect(short.indexOf('patterns are exact')).toBeLessThan(short.indexOf('maxBufferSize'));
    expect(short.split('\n').length).toBeLessThan(40);
    const { stdout } = await cli.run(['doctor', '--all', ...DEVICE]);
    for (const text of [
      'SwiftShader',
      'maxBufferSize',
      'Numeric profile',
      'exact  divide(a, b)',
      'Kernel templates',
      'exact  softmax',
      'patterns are exact',
    ])
      expect(stdout).toContain(text);
  });
});
