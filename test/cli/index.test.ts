/** The public faces of the package: what each pulls in, and that they work together. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';
import * as heddle from '../../src/index.js';
import { importOnnx, readTensorProto } from '../../src/frontends/onnx/index.js';
import { openNodeDevice } from '../../src/node/index.js';
import { DATA, MODEL } from './support.js';

/** The packages that an entry point imports at run time, lazily ones included. */
async function packagesOf(entry: string): Promise<string[]> {
  const { metafile } = await build({
    absWorkingDir: fileURLToPath(new URL('../..', import.meta.url)),
    entryPoints: [entry],
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'neutral',
    packages: 'external',
    logLevel: 'error',
  });
  const names = Object.values(metafile.inputs).flatMap(({ imports }) =>
    imports.filter(({ external }) => external === true).map(({ path }) => path),
  );
  return [...new Set(names)].sort();
}

describe('entry points', () => {
  test('heddle and heddle/runtime need no package', async () => {
    expect(await packagesOf('src/index.ts')).toEqual([]);
    expect(await packagesOf('src/loader/index.ts')).toEqual([]);
    expect(await packagesOf('src/loader/dynamic.ts')).toEqual([]);
    expect(await packagesOf('src/loader/wasm.ts')).toEqual([]);
  });

  test('the API compiles, runs, verifies and saves a model', async () => {
    const program = importOnnx(readFileSync(MODEL));
    const { tensor: image } = readTensorProto(readFileSync(`${DATA}/input_0.pb`));
    const expected = heddle.interpret(program, { image }).outputs;
    const device = await openNodeDevice('webgpu:swiftshader');
    try {
      const verification = await heddle.verify(program, { image }, { device });
      expect(verification).toMatchObject({ differences: [], outputDifferences: [] });
      expect(verification.outputs).toEqual(expected);
      expect(verification.deviceOutputs).toEqual(expected);
      const bundle = await heddle.toBundle(heddle.prepare(program));
      const executable = await heddle.loadBundle(bundle, { device });
      expect(await executable.run({ image })).toEqual(expected);
      executable.dispose();
    } finally {
      device.gpu.destroy();
    }
  });

  test('graphs as text come back', () => {
    const b = new heddle.GraphBuilder('twice');
    const x = b.param('x', 'f32', [heddle.symbol('N')]);
    b.output('y', b.binary('add', x, x));
    const text = heddle.printGraph(b.build());
    expect(heddle.printGraph(heddle.parseGraph(text))).toBe(text);
    const bound = heddle.bindDims(heddle.parseGraph(text), { N: 2 });
    const inputs = { x: heddle.tensorData('f32', [2], Float32Array.of(1, 2)) };
    const { outputs } = heddle.interpret({ graph: bound, weights: new Map() }, inputs);
    expect(Array.from(outputs.y.data)).toEqual([2, 4]);
  });
});
