/** The engine in a page, played by Node: workers come from a Blob, and only where the page is cross-origin isolated. */
import { resolveObjectURL } from 'node:buffer';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { tensorData } from '../../../src/base/tensor.js';
import { prepare } from '../../../src/compile.js';
import { interpret } from '../../../src/interpreter/index.js';
import { GraphBuilder } from '../../../src/ir/builder.js';
import { WASM_TARGET } from '../../../src/passes/target.js';
import { openWasmDevice, type WasmDevice } from '../../../src/runtime/wasm/device.js';
import { WasmExecutable } from '../../../src/runtime/wasm/executable.js';
import { differenceOf } from '../../support/differential.js';
import { wave } from '../support.js';

/** A worker of a page. */
class PageWorker {
  onmessage: (event: { readonly data: unknown }) => void = () => undefined;
  onerror: (event: { readonly message?: string }) => void = () => undefined;
  private readonly worker: Promise<Worker>;

  constructor(url: string) {
    const source = (resolveObjectURL(url) as Blob).text();
    this.worker = source.then((text) => {
      const worker = new Worker(text, { eval: true, execArgv: [] });
      return worker.on('message', (data) => this.onmessage({ data }));
    });
  }

  postMessage(message: unknown): void {
    void this.worker.then((worker) => worker.postMessage(message));
  }

  terminate(): void {
    void this.worker.then((worker) => worker.terminate());
  }
}

/** What a page says whose policy forbids workers from blobs. */
class RefusedWorker {
  onerror: (event: { readonly message?: string }) => void = () => undefined;

  constructor() {
    setTimeout(() => this.onerror({}));
  }

  postMessage(): void {}
  terminate(): void {}
}

beforeEach(() => {
  vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined);
  vi.spyOn(Atomics, 'wait').mockImplementation(() => {
    throw new TypeError('Atomics.wait cannot be called in this context');
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

function isolate(worker: unknown): void {
  vi.stubGlobal('crossOriginIsolated', true);
  vi.stubGlobal('Worker', worker);
}

const b = new GraphBuilder('product');
const x = b.param('x', 'f32', [128, 128]);
const dot = { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [0] };
b.output('y', b.emit('dot', [x, x], dot));
const program = { graph: b.build(), weights: new Map() };
const { plan, module } = prepare(program, { target: WASM_TARGET }).planned;
const inputs = { x: tensorData('f32', [128, 128], wave(128 * 128, 1)) };

const create = (device: WasmDevice): Promise<WasmExecutable> =>
  WasmExecutable.create(plan, module!.bytes, () => undefined as never, device);

async function expectRight(device: WasmDevice): Promise<void> {
  const executable = await create(device);
  const want = interpret(program, inputs).outputs.y;
  for (let run = 0; run < 20; run++)
    expect(differenceOf((await executable.run(inputs)).y, want)).toBeUndefined();
  executable.dispose();
  device.dispose();
}

test('one thread where memory cannot be shared, whatever was asked for', async () => {
  vi.stubGlobal('Worker', PageWorker);
  const device = await openWasmDevice({ threads: 3 });
  expect(device.threads).toBe(1);
  await expectRight(device);
});

test('several where the page is cross-origin isolated', async () => {
  isolate(PageWorker);
  const device = await openWasmDevice({ threads: 3 });
  expect(device.threads).toBe(3);
  await expectRight(device);
});

test('an error where the browser does not start them', async () => {
  isolate(RefusedWorker);
  const device = await openWasmDevice({ threads: 2 });
  await expect(create(device)).rejects.toMatchObject({
    code: 'DEVICE_LOST',
    found: 'the browser did not start it',
  });
});
