/** The threads of the WebAssembly engine: the same bits with any number of them, and none that is left behind. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, describe, expect, test } from 'vitest';
import { prepare, toBundle, type Prepared } from '../../../src/compile.js';
import { interpret } from '../../../src/interpreter/index.js';
import { GraphBuilder } from '../../../src/ir/builder.js';
import type { Program } from '../../../src/ir/graph.js';
import { weightsOf } from '../../../src/ir/weights.js';
import { tensorData } from '../../../src/base/tensor.js';
import { WASM_TARGET } from '../../../src/passes/target.js';
import type { Tensors } from '../../../src/runtime/inputs.js';
import { openWasmDevice, type WasmDevice } from '../../../src/runtime/wasm/device.js';
import { WasmExecutable } from '../../../src/runtime/wasm/executable.js';
import { differenceOf } from '../../support/differential.js';
import { wave } from '../support.js';

/** Enough work to be split: products of matrices, a chain of elementwise ops, sums of rows. */
function largeProgram(): Program {
  const b = new GraphBuilder('large');
  const x = b.param('x', 'f32', [96, 130]);
  const w = b.weight('w', 'f32', [130, 97]);
  const dot = { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [0] };
  const y = b.emit('dot', [x, w], dot);
  const e = b.unary('exp', b.unary('sin', y));
  b.output('e', e);
  b.output('sums', b.reduce('sum', e, [1]));
  return { graph: b.build(), weights: new Map([['w', tensorData('f32', [130, 97], wave(130 * 97, 1))]]) };
}

const program = largeProgram();
const prepared = prepare(program, { target: WASM_TARGET });
const inputsOf = (phase: number): Tensors => ({ x: tensorData('f32', [96, 130], wave(96 * 130, phase)) });

const opened: WasmDevice[] = [];
async function open(threads: number): Promise<WasmDevice> {
  const device = await openWasmDevice({ threads });
  opened.push(device);
  return device;
}
afterAll(() => {
  for (const device of opened) device.dispose();
});

const create = ({ planned, program: own }: Prepared, device: WasmDevice): Promise<WasmExecutable> =>
  WasmExecutable.create(planned.plan, planned.module!.bytes, weightsOf(own), device);

function expectRight(found: Tensors, phase: number): void {
  for (const [name, want] of Object.entries(interpret(program, inputsOf(phase)).outputs))
    expect(differenceOf(found[name], want), name).toBeUndefined();
}

describe.each([1, 2, 3, 5])('with %i threads', (threads) => {
  test('programs have the bits of the interpreter, run after run', async () => {
    const device = await open(threads);
    expect(device.threads).toBe(threads);
    const executable = await create(prepared, device);
    for (let run = 0; run < 200; run++) {
      const found = await executable.run(inputsOf(run % 3));
      if (run % 50 < 3) expectRight(found, run % 3);
    }
    executable.dispose();
  });

  test('programs run side by side on one engine', async () => {
    const device = await open(threads);
    const executables = await Promise.all([1, 2, 3].map(() => create(prepared, device)));
    const runs = executables.flatMap((each, i) => [each.run(inputsOf(i)), each.run(inputsOf(i + 1))]);
    (await Promise.all(runs)).forEach((found, i) => expectRight(found, (i >> 1) + (i & 1)));
    for (const each of executables) each.dispose();
    expect(device.memory.used).toBe(0);
  });
});

test.each([0, -1, 1.5, NaN, '2', 1e6, null])('%s threads are none', async (threads) => {
  await expect(openWasmDevice({ threads: threads as number })).rejects.toMatchObject({
    code: 'USAGE',
    expected: 'threads: an integer from 1 to 256',
  });
});

test('a closed engine runs nothing', async () => {
  const device = await open(2);
  const executable = await create(prepared, device);
  device.dispose();
  await expect(executable.run(inputsOf(0))).rejects.toMatchObject({ code: 'USAGE' });
  await expect(create(prepared, device)).rejects.toMatchObject({ code: 'USAGE' });
  expectRight(await (await executable.rebuild(await open(2))).run(inputsOf(0)), 0);
});

test('an executable that is disposed while it runs ends its run first', async () => {
  const device = await open(2);
  const executable = await create(prepared, device);
  const running = executable.run(inputsOf(1));
  await Promise.resolve();
  executable.dispose();
  await running.then(
    (found) => expectRight(found, 1),
    (error: unknown) => expect(error).toMatchObject({ code: 'USAGE' }),
  );
  expect(device.memory.used).toBe(0);
});

/** Runs a program of Node that has the loader bundled, as a script of its own. */
async function runScript(body: string): Promise<{ status: number | null; output: string; signal: unknown }> {
  const root = fileURLToPath(new URL('../../..', import.meta.url));
  const { outputFiles } = await build({
    absWorkingDir: root,
    stdin: {
      contents: `import { loadWasmBundle, openWasmDevice, tensorData } from './src/loader/wasm.ts';\n${body}`,
      resolveDir: root,
    },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'neutral',
    logLevel: 'error',
  });
  const { status, stdout, stderr, signal } = spawnSync(
    process.execPath,
    ['--input-type=module', '-e', outputFiles[0].text],
    { input: Buffer.from(bundle), timeout: 20_000 },
  );
  return { status, signal, output: `${stdout}${stderr}` };
}

const bundle = await toBundle(prepare(program), 'a test', prepared);
const LOAD = `
  const bytes = new Uint8Array(process.getBuiltinModule('node:fs').readFileSync(0));
  const device = await openWasmDevice({ threads: 3 });
  const executable = await loadWasmBundle(bytes, { device });
  const inputs = { x: tensorData('f32', [96, 130], new Float32Array(96 * 130)) };
  console.log((await executable.run(inputs)).sums.data[0], device.threads);
`;

describe('a process', () => {
  test('ends though its engine was not closed', async () => {
    expect(await runScript(LOAD)).toEqual({ status: 0, signal: null, output: '97 3\n' });
  });

  test('learns of a thread that dies', async () => {
    const dies = `
      const { Worker } = process.getBuiltinModule('node:worker_threads');
      const workers = [];
      const { postMessage } = Worker.prototype;
      Worker.prototype.postMessage = function (message) {
        workers.push(this);
        return postMessage.call(this, message);
      };
      ${LOAD}
      await workers[0].terminate();
      await executable.run(inputs).catch(({ code, found }) => console.log(code, found));
      await loadWasmBundle(bytes, { device }).catch(({ code }) => console.log(code));`;
    const { status, output } = await runScript(dies);
    expect(output).toBe('97 3\nDEVICE_LOST it ended with code 1\nDEVICE_LOST\n');
    expect(status).toBe(0);
  });
});

test('no file has to be found for a thread', () => {
  const source = readFileSync(new URL('../../../src/runtime/wasm/thread.ts', import.meta.url), 'utf8');
  expect(source).not.toContain('import.meta');
});
