/** What programs do wrong: an error says what was found, what was expected and where. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ErrorCode } from '../../src/base/errors.js';
import { InferenceSession, Tensor } from '../../src/ort/node-api.js';
import type { InferenceSession as Session } from '../../src/ort/index.js';
import * as models from './models.js';

const cpu = { executionProviders: ['cpu'] };
const failure = (code: ErrorCode, text: RegExp): Error =>
  expect.objectContaining({ code, message: expect.stringMatching(text) as string }) as Error;

describe('feeds', () => {
  let session: Session;
  beforeAll(async () => {
    session = await InferenceSession.create(models.batched, cpu);
  });
  afterAll(() => session.release());
  const x = new Tensor('float32', [1, 2], [1, 2]);

  test.each<[string, Readonly<Record<string, unknown>>, ErrorCode, RegExp]>([
    ['one is missing', {}, 'INPUT_MISSING', /feeds, "x"[^]*float32\[batch,2\]/],
    ['one is undefined', { x: undefined }, 'INPUT_MISSING', /"x"/],
    ['one is too many', { x, X: x }, 'INPUT_UNKNOWN', /found: +X[^]*expected: +x[^]*did you mean x/],
    ['no tensor', { x: Float32Array.of(1, 2) }, 'USAGE', /not a tensor[^]*feeds, "x"/],
    ['another type', { x: new Tensor('int32', [1, 2], [1, 2]) }, 'INPUT_DTYPE', /int32\[1,2\][^]*float32\[batch,2\]/],
    ['another rank', { x: new Tensor('float32', [1, 2], [2]) }, 'INPUT_SHAPE', /float32\[2\]/],
    ['another extent', { x: new Tensor('float32', [1, 2, 3], [1, 3]) }, 'INPUT_SHAPE', /float32\[1,3\]/],
    ['text', { x: new Tensor('string', ['a', 'b'], [1, 2]) }, 'ONNX_UNSUPPORTED_DTYPE', /strings/],
    ['data that is too short', { x: { type: 'float32', dims: [1, 2], location: 'cpu', data: new Float32Array(1) } }, 'INPUT_SHAPE', /4 bytes[^]*8 bytes/],
    ['data that is none', { x: { type: 'float32', dims: [1, 2], location: 'cpu', data: [1, 2] } }, 'INPUT_DTYPE', /typed array/],
  ])('%s', async (_, feeds, code, text) => {
    await expect(session.run(feeds as Session.FeedsType)).rejects.toThrow(failure(code, text));
  }); // prettier-ignore

  test('one was disposed', async () => {
    const gone = new Tensor('float32', [1, 2], [1, 2]);
    gone.dispose();
    await expect(session.run({ x: gone })).rejects.toThrow(failure('TENSOR_DISPOSED', /"x"/));
  });

  test.each<[string, unknown[], ErrorCode, RegExp]>([
    ['no object', [x], 'USAGE', /feeds are tensors by the names/],
    ['a fetch that is no output', [{ x }, ['z']], 'VALUE_UNKNOWN', /found: +z[^]*y, label/],
    ['no fetches', [{ x }, []], 'USAGE', /fetches/],
    ['fetches that are none', [{ x }, 1], 'USAGE', /fetches/],
    ['options that are none', [{ x }, ['y'], 1], 'USAGE', /options/],
    ['memory of another shape', [{ x }, { y: new Tensor('float32', [1], [1]) }], 'INPUT_SHAPE', /fetches, "y"[^]*float32\[1\][^]*float32\[1,3\]/], // prettier-ignore
    ['memory of another type', [{ x }, { y: new Tensor('int32', [1], [1]) }], 'INPUT_DTYPE', /fetches, "y"/],
  ])('%s', async (_, given, code, text) => {
    await expect(session.run(...(given as [Session.FeedsType]))).rejects.toThrow(failure(code, text));
  });

  test('shapes that contradict each other', async () => {
    const own = await InferenceSession.create(models.step, cpu);
    const [state, short] = [new Tensor(new Float32Array(4)), new Tensor(new Float32Array(3))];
    await expect(own.run({ state, x: short })).rejects.toThrow(failure('INPUT_SHAPE', /"x"/));
    await own.release();
    await expect(own.run({ state, x: state })).rejects.toThrow(failure('USAGE', /released/));
  });
});

describe('models', () => {
  let folder: string;
  const write = (path: string, bytes: Uint8Array): string => {
    const file = join(folder, path);
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, bytes);
    return file;
  };
  const data = new Uint8Array(Float32Array.of(9, 10, 20).buffer);
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'heddle-ort-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  async function sum(model: string | Uint8Array, options: Session.SessionOptions = {}): Promise<number[]> {
    const session =
      typeof model === 'string'
        ? await InferenceSession.create(model, { ...cpu, ...options })
        : await InferenceSession.create(model, { ...cpu, ...options });
    const { y } = await session.run({ x: new Tensor('float32', [1, 2], [2]) });
    await session.release();
    return Array.from(y.data as Float32Array);
  }

  test('by path or URL of a file, with data beside them, in folders too', async () => {
    write('weights/w.bin', data);
    const file = write('model.onnx', models.external('weights/w.bin'));
    expect(await sum(file)).toEqual([11, 22]);
    expect(await sum(pathToFileURL(file).href)).toEqual([11, 22]);
  });

  test.each<[string, NonNullable<Session.SessionOptions['externalData']>]>([
    ['bytes', [{ path: 'w.bin', data }]],
    ['a buffer', [{ path: './w.bin', data: data.buffer }]],
    ['a Blob', [{ path: 'w.bin', data: new Blob([data]) }]],
  ])('as bytes, with data as %s', async (_, externalData) => {
    expect(await sum(models.external('w.bin'), { externalData })).toEqual([11, 22]);
  });

  test('with data by the name of its file, beside the model', async () => {
    write('w.bin', data);
    expect(await sum(write('named.onnx', models.external('w.bin')), { externalData: ['w.bin'] })).toEqual([11, 22]); // prettier-ignore
  });

  test('by a URL that carries them', async () => {
    const url = `data:application/octet-stream;base64,${Buffer.from(models.matmul).toString('base64')}`;
    const session = await InferenceSession.create(url, cpu);
    expect(session.inputNames).toEqual(['a', 'b']);
    await session.release();
  });

  test.each<[string, () => Promise<unknown>, ErrorCode, RegExp]>([
    ['a file that is not there', () => sum(join(folder, 'none.onnx')), 'FILE_UNREADABLE', /none\.onnx/],
    ['data that is not there', () => sum(write('a.onnx', models.external('none.bin'))), 'FILE_UNREADABLE', /none\.bin/],
    ['data out of the folder', () => sum(write('b.onnx', models.external('../w.bin'))), 'ONNX_INVALID', /outside of the folder/],
    ['data behind a link out of the folder', () => linked(), 'ONNX_INVALID', /outside of the folder/],
    ['data that ends too early', () => sum(models.external('w.bin'), { externalData: [{ path: 'w.bin', data: data.subarray(0, 8) }] }), 'FILE_TRUNCATED', /8 bytes/],
    ['data of no kind', () => sum(models.external('w.bin'), { externalData: [{ path: 'w.bin', data: 1 as unknown as Uint8Array }] }), 'USAGE', /externalData/],
    ['no model', () => InferenceSession.create(Uint8Array.of(1, 2, 3)), 'FILE_FORMAT', /not an ONNX model/],
    ['neither path nor bytes', () => InferenceSession.create(1 as unknown as string), 'USAGE', /path or as bytes/],
    ['a range out of the buffer', () => InferenceSession.create(models.matmul.buffer, 0, 1e9), 'USAGE', /range of bytes/],
    ['options that are none', () => InferenceSession.create(models.matmul, 'wasm' as never), 'USAGE', /options/],
    ['an operator that there is not, before any shape is known', () => InferenceSession.create(models.unknown, cpu), 'ONNX_UNSUPPORTED_OP', /Nonsense/],
    ['no provider that there is', () => InferenceSession.create(models.matmul, { executionProviders: ['cuda', { name: 'coreml' }] }), 'DEVICE_NOT_FOUND', /cuda[^]*coreml[^]*webgpu, wasm, cpu/],
    ['results on a GPU that is none', () => InferenceSession.create(models.matmul, { ...cpu, preferredOutputLocation: 'gpu-buffer' }), 'ONNX_UNSUPPORTED_FEATURE', /gpu-buffer[^]*WebAssembly/],
    ['results in a texture', () => InferenceSession.create(models.matmul, { ...cpu, preferredOutputLocation: { c: 'texture' } }), 'ONNX_UNSUPPORTED_FEATURE', /texture/],
  ])('%s', async (_, body, code, text) => {
    await expect(body()).rejects.toThrow(failure(code, text));
  }); // prettier-ignore

  function linked(): Promise<number[]> {
    write('elsewhere/w.bin', data);
    const file = write('inside/c.onnx', models.external('link.bin'));
    symlinkSync(join(folder, 'elsewhere/w.bin'), join(folder, 'inside/link.bin'));
    return sum(file);
  }
});

test('a free dimension that the model does not have', async () => {
  const session = await InferenceSession.create(models.batched, {
    ...cpu,
    freeDimensionOverrides: { bach: 1 },
  });
  const x = new Tensor('float32', [1, 2], [1, 2]);
  await expect(session.run({ x })).rejects.toThrow(failure('USAGE', /bach[^]*did you mean batch/));
  await session.release();
});

test('providers of other runtimes are passed over', async () => {
  const session = await InferenceSession.create(models.matmul, { executionProviders: ['cuda', 'wasm'] });
  expect(session).toMatchObject({ device: 'WebAssembly' });
  await session.release();
});
