// The package as a project meets it that is strict, has no DOM library, and checks the declarations of its packages.
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

const PROGRAM = `
import { compile, GraphBuilder, tensorData, type Compiled } from 'heddle';
import { openNodeDevice } from 'heddle/node';
import { importOnnx } from 'heddle/onnx';
import { loadBundle, type TensorData } from 'heddle/runtime';

export async function twice(bytes: Uint8Array, bundle: Uint8Array): Promise<Record<string, TensorData>[]> {
  const device = await openNodeDevice('webgpu');
  const model: Compiled = await compile(importOnnx(bytes), { device });
  const executable = await loadBundle(bundle, { device });
  const b = new GraphBuilder('twice');
  const x = b.param('x', 'f32', [3]);
  b.output('y', b.binary('add', x, x));
  const { data } = tensorData('f32', [3], Float32Array.of(1, 2, 3));
  const results = [await model.run({}), await executable.run({ x: { dtype: 'f32', shape: [3], data } })];
  model.dispose();
  executable.dispose();
  device.gpu.destroy();
  return results;
}
`;

/** WebGPU's interfaces are whole where the project has them. */
const WHOLE = `
import { openNodeDevice } from 'heddle/node';

export const limit = async (): Promise<number> => (await openNodeDevice()).gpu.limits.maxBufferSize;
`;

/** The interface of onnxruntime, whose own types need the DOM library. */
const ORT = `
import ort, { InferenceSession, Tensor, type TypedTensor } from 'heddle/ort';
import 'heddle/ort/register';

export async function run(path: string): Promise<Float32Array> {
  const options: InferenceSession.SessionOptions = { executionProviders: ['webgpu', 'wasm'] };
  const session: ort.InferenceSession = await InferenceSession.create(path, options);
  const feeds: InferenceSession.FeedsType = { x: new Tensor('float32', Float32Array.of(1, 2), [1, 2]) };
  const { y } = await session.run(feeds);
  await session.release();
  return (y as TypedTensor<'float32'>).data;
}
`;

/** The programs in the documents that are TypeScript; a fragment imports nothing. */
const documented = [
  'README.md',
  'docs/training.md',
  'docs/config.md',
  'docs/ort.md',
  'docs/surgery.md',
].flatMap((path) => [...readFileSync(join(root, path), 'utf8').matchAll(/^```ts\n(import .*?)^```$/gms)]);

/** The settings that differ from project to project. (@webgpu/types by itself does not compile without the DOM library.) */
const COMMON = {
  target: 'ES2023',
  module: 'NodeNext',
  strict: true,
  skipLibCheck: false,
  types: [],
  noEmit: true,
};
const PROJECTS = [
  { name: 'without the DOM library', whole: false, lib: ['ES2023'] },
  { name: 'with it', whole: true, ort: true, lib: ['ES2023', 'DOM'] },
  { name: 'of the programs in the documents', inDocuments: true, lib: ['ES2023', 'DOM'], types: ['node'] },
  { name: 'with @webgpu/types', whole: true, lib: ['ES2023'], types: ['@webgpu/types'], skipLibCheck: true },
];

const folder = mkdtempSync(join(tmpdir(), 'heddle-consumer-'));
try {
  const modules = join(folder, 'node_modules');
  mkdirSync(join(modules, 'heddle'), { recursive: true });
  copyFileSync(join(root, 'package.json'), join(modules, 'heddle/package.json'));
  run(process.execPath, [join(root, 'scripts/build.mjs'), join(modules, 'heddle/dist')]);
  for (const name of [...Object.keys(dependencies), '@types/node', 'undici-types', '@webgpu/types']) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), join(modules, name));
  }
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(folder, 'program.ts'), PROGRAM);
  writeFileSync(join(folder, 'whole.ts'), WHOLE);
  writeFileSync(join(folder, 'ort.ts'), ORT);
  documented.forEach(([, source], i) => writeFileSync(join(folder, `documented-${i}.ts`), source));
  for (const { name, whole, ort, inDocuments, ...own } of PROJECTS) {
    const compilerOptions = { ...COMMON, ...own };
    const files = inDocuments
      ? documented.map((_, i) => `documented-${i}.ts`)
      : ['program.ts', ...(whole ? ['whole.ts'] : []), ...(ort ? ['ort.ts'] : [])];
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
    run(process.execPath, [createRequire(import.meta.url).resolve('typescript/bin/tsc'), '-p', folder]);
    console.log(`a strict project ${name} compiles`);
  }
} finally {
  rmSync(folder, { recursive: true });
}

function run(command, args) {
  const { status } = spawnSync(command, args, { stdio: 'inherit' });
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}`);
}
