/** What engine.browser.test.ts runs in a page and in a worker of a real browser: a bundle, on as many threads as there may be. */
import { loadWasmBundle, openWasmDevice, tensorData } from '../../src/loader/wasm.js';

/** What is told of a run, as JSON. */
export interface BrowserRun {
  readonly isWorker: boolean;
  readonly isIsolated: boolean;
  readonly threads: number;
  /** The words of the output in each run. */
  readonly outputs: readonly (readonly number[])[];
}

const RUNS = 10;

/** What of browsers is used here: their types are not those of Node. */
const scope = globalThis as { readonly document?: unknown; readonly crossOriginIsolated?: boolean };

async function run(): Promise<BrowserRun> {
  const [bundle, input] = await Promise.all(
    ['/bundle', '/input'].map(async (path) => (await fetch(path)).arrayBuffer()),
  );
  const device = await openWasmDevice({ threads: 3 });
  const executable = await loadWasmBundle(new Uint8Array(bundle), { device });
  const [{ name, shape }] = executable.inputs;
  const x = tensorData('f32', shape, new Float32Array(input));
  const outputs: number[][] = [];
  for (let i = 0; i < RUNS; i++) {
    const { y } = await executable.run({ [name]: x });
    outputs.push([...new Uint32Array(y.data.buffer)]);
  }
  executable.dispose();
  const { threads } = device;
  device.dispose();
  return {
    isWorker: scope.document === undefined,
    isIsolated: scope.crossOriginIsolated === true,
    threads,
    outputs,
  };
}

const told = await run().catch((error: unknown) => ({ error: String(error) }));
await fetch('/told', { method: 'POST', body: JSON.stringify(told) });
