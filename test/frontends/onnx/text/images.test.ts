/** ImageDecoder: a node on the host in front of a graph that takes an image of any size. */
import { describe, expect, test } from 'vitest';
import { encodeModel, node, port, type Proto } from '../../../../scripts/onnx-proto.mjs';
import { tensorData, type TensorData } from '../../../../src/base/tensor.js';
import { importOnnx, type ImportOptions } from '../../../../src/frontends/onnx/index.js';
import { interpret } from '../../../../src/interpreter/index.js';
import * as ort from '../../../../src/ort/node.js';
import { errorOf } from '../support.js';

const [UINT8, FLOAT] = ['uint8', 'float'] as const;

/** Decodes, and takes the mean of each channel; both are outputs. */
const model = (pixelFormat?: string, more: readonly Proto[] = []): Uint8Array =>
  encodeModel(
    {
      node: [
        node('ImageDecoder', ['file'], ['image'], pixelFormat === undefined ? {} : { pixel_format: pixelFormat }),
        node('Cast', ['image'], ['floats'], { to: 1 }),
        node('ReduceMean', ['floats', 'axes'], ['means'], { keepdims: 0 }),
        node('Constant', [], ['axes'], { value_ints: [0, 1] }),
        ...more,
      ],
      input: [port('file', UINT8, ['n'])],
      output: [port('image', UINT8, ['h', 'w', 'c']), port('means', FLOAT, ['c'])],
    },
    { opset: 20 },
  ); // prettier-ignore

const PPM = new TextEncoder().encode('P3 2 1 255 10 20 30 30 60 90');
const file = (bytes: Uint8Array): TensorData => tensorData('u32', [bytes.length], Uint32Array.from(bytes));

/** What a run gives: the image that the host makes, and the means that the graph makes. */
function run(
  bytes: Uint8Array,
  given: Uint8Array,
  options?: ImportOptions,
): Readonly<Record<string, readonly [shape: readonly number[], data: readonly number[]]>> {
  const program = importOnnx(bytes, options);
  const host = program.text!.start(options?.weights === undefined ? { file: file(given) } : {});
  const { outputs } = interpret(program, host.given);
  const all = Object.entries({ ...outputs, ...host.finish(outputs) });
  return Object.fromEntries(all.map(([name, { shape, data }]) => [name, [shape, Array.from(data, Number)]])); // prettier-ignore
}

describe('ImageDecoder', () => {
  test.each([
    { format: undefined, image: [10, 20, 30, 30, 60, 90], means: [20, 40, 60] },
    { format: 'RGB', image: [10, 20, 30, 30, 60, 90], means: [20, 40, 60] },
    { format: 'BGR', image: [30, 20, 10, 90, 60, 30], means: [60, 40, 20] },
    { format: 'Grayscale', image: [18, 54], means: [36] },
  ])('as $format, with the graph behind it', ({ format, image, means }) => {
    const channels = means.length;
    expect(run(model(format), PPM)).toEqual({ image: [[1, 2, channels], image], means: [[channels], means] });
  });

  test('of a file that the options fix', () => {
    const weights = new Map([['file', file(PPM)]]);
    expect(run(model(), PPM, { weights }).image).toEqual([[1, 2, 3], [10, 20, 30, 30, 60, 90]]); // prettier-ignore
    expect(importOnnx(model(), { weights }).text!.inputs).toEqual([]);
  });

  test('by a decoder that is given', () => {
    const jpeg = Uint8Array.of(0xff, 0xd8, 0xff, 0xe0);
    const imageDecoders = { jpeg: () => ({ width: 1, height: 1, data: Uint8Array.of(1, 2, 3, 4) }) };
    expect(run(model(), jpeg, { imageDecoders }).image).toEqual([[1, 1, 3], [1, 2, 3]]); // prettier-ignore
    errorOf('ONNX_UNSUPPORTED_FEATURE', () => run(model(), jpeg));
  });

  test('of bytes that are no image is empty', () => {
    const decode = (bytes: Uint8Array): unknown => importOnnx(model('BGR')).text!.start({ file: file(bytes) }).given.image; // prettier-ignore
    expect(decode(Uint8Array.of(1, 2, 3))).toMatchObject({ shape: [0, 0, 3] });
    expect(decode(PPM.subarray(0, 20))).toMatchObject({ shape: [0, 0, 3] });
  });

  test('of a file that is known is refused before it takes memory', () => {
    const large = new Uint8Array(2048 * 1024 + 15);
    large.set(new TextEncoder().encode('P5 2048 1024 9\n'));
    errorOf('LIMIT_EXCEEDED', () => importOnnx(model(), { weights: new Map([['file', file(large)]]) }));
  });

  test('of a decoder that does not work is no empty image', () => {
    const jpeg = Uint8Array.of(0xff, 0xd8, 0xff, 0xe0);
    const fault = (): never => {
      throw new TypeError('decode is not a function');
    };
    errorOf('USAGE', () => run(model(), jpeg, { imageDecoders: { jpeg: fault } }));
    errorOf('USAGE', () => run(model(), jpeg, { imageDecoders: { jpeg: () => ({ width: -1, height: -1, data: new Uint8Array(4) }) } })); // prettier-ignore
  });

  test('says what it takes', () => {
    const { text } = importOnnx(model());
    expect(text!.inputs).toEqual([{ name: 'file', dtype: UINT8, dims: ['n'] }]);
    errorOf('INPUT_MISSING', () => text!.start({}));
    errorOf('INPUT_DTYPE', () => text!.start({ file: tensorData('f32', [1], Float32Array.of(1)) }));
    errorOf('INPUT_SHAPE', () => text!.start({ file: tensorData('u32', [1, 1], Uint32Array.of(1)) }));
    errorOf('ONNX_INVALID', () => importOnnx(model('CMYK')));
    const computed = model(undefined, [node('Identity', ['file'], ['copy']), node('ImageDecoder', ['copy'], ['again']), node('Abs', ['again'], ['x'])]); // prettier-ignore
    errorOf('ONNX_UNSUPPORTED_FEATURE', () => importOnnx(computed));
    const wrong = { imageDecoders: { png: () => undefined } } as unknown as ImportOptions;
    errorOf('USAGE', () => importOnnx(model(), wrong));
  });

  test('runs in a session', async () => {
    const session = await ort.InferenceSession.create(model(), { executionProviders: ['wasm'] });
    const { image, means } = await session.run({ file: new ort.Tensor('uint8', PPM, [PPM.length]) });
    expect([image.dims, [...(image.data as Uint8Array)]]).toEqual([[1, 2, 3], [10, 20, 30, 30, 60, 90]]); // prettier-ignore
    expect([...(means.data as Float32Array)]).toEqual([20, 40, 60]);
    await session.release();
  });
});
