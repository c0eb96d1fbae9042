/** What calm.browser.test.ts runs in a page: many runs of one program, on WebGPU or on the CPU. */
import { compile, openDevice, openWasmDevice, type TensorData } from '../../src/index.js';
import { importOnnx } from '../../src/frontends/onnx/index.js';

/** What of a page is used here: its types are not those of Node. */
const scope = globalThis as unknown as {
  readonly navigator: { readonly gpu: GPU };
  /** Opens an engine; resolves to what runs the model `count` times on the same input, and gives the words of all outputs. */
  openRuns: (engine: 'webgpu' | 'wasm', model: ArrayBuffer) => Promise<(count: number) => Promise<string>>;
};

scope.openRuns = async (engine, model) => {
  const device =
    engine === 'wasm' ? await openWasmDevice({ threads: 1 }) : await openDevice(scope.navigator.gpu);
  const program = await compile(importOnnx(new Uint8Array(model)), { device });
  const image: TensorData = { dtype: 'f32', shape: [1, 1, 28, 28], data: new Float32Array(784).fill(0.5) };
  return async (count) => {
    const words = new Set<string>();
    for (let i = 0; i < count; i++) {
      const { probabilities } = await program.run({ image });
      words.add(new Uint32Array(probabilities.data.buffer).join());
    }
    return [...words].join('; ');
  };
};
