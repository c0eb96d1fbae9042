/** The types of ggml against a second formulation, and what their quantiser and their packed forms make of them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../../src/ir/builder.js';
import { interpret } from '../../../src/interpreter/index.js';
import { uprightView } from '../../../src/llm/quants/layout.js';
import { packedForm, packedPlanes } from '../../../src/llm/quants/packed.js';
import { quantize, QUANTIZED_TYPES } from '../../../src/llm/quants/quantize.js';
import {
  bytesOfType,
  dequantize,
  GGML_TYPE_NAMES,
  GGML_TYPES,
  ggmlType,
} from '../../../src/llm/quants/types.js';
import { LOOPS } from '../support/loops.js';
import { uniform } from '../support/tiny.js';

const bits = (x: ArrayLike<number>): number[] => [...new Uint32Array(Float32Array.from(x).buffer)];
/** NaNs as one. */
const same = (x: ArrayLike<number>): number[] => bits(Array.from(x, (each) => (Number.isNaN(each) ? Number.NaN : each))); // prettier-ignore

describe.each(GGML_TYPE_NAMES)('%s', (name) => {
  const { bytes, weights } = GGML_TYPES[name];

  it('has the bits of the loops', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: bytes, maxLength: bytes }), (block) => {
        expect(same(dequantize(name, block))).toEqual(same(LOOPS[name](block)));
      }),
      { numRuns: 60 },
    );
  });

  it.each([3, 32])('is the same on devices: packed, and unpacked by a graph, of %i rows', (rows) => {
    // Scales that are numbers: graphs make no promise of what NaN scales look like.
    const random = uniform(7);
    const columns = Math.max(256, weights);
    const block = Uint8Array.from({ length: (rows * columns * bytes) / weights }, () => random() * 256);
    const finite = LOOPS[name](block.subarray(0, bytes)).length > 0 ? tamed(name, block) : block;
    const form = packedForm(name, columns);
    const planes = packedPlanes(name, finite, columns);
    const b = new GraphBuilder('unpack');
    const params = planes.map(({ dtype, shape }, i) => uprightView(b, b.param(`p${i}`, dtype, shape)));
    b.output('weights', b.permute(form.unpack(b, params), [1, 0]));
    const inputs = Object.fromEntries(planes.map((plane, i) => [`p${i}`, plane]));
    const { outputs } = interpret({ graph: b.build(), weights: new Map() }, inputs);
    expect(outputs.weights.shape).toEqual([rows, columns]);
    expect(same(outputs.weights.data)).toEqual(same(dequantize(name, finite)));
  });
});

/** Blocks whose f16 and f32 numbers are finite: the upper bits of their exponents are cleared. */
function tamed(name: keyof typeof GGML_TYPES, block: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const halves: Readonly<Partial<Record<typeof name, readonly number[]>>> = {
    F16: [0], Q4_0: [0], Q4_1: [0, 2], Q5_0: [0], Q5_1: [0, 2], Q8_0: [0], Q2_K: [80, 82], Q3_K: [108], Q4_K: [0, 2],
    Q5_K: [0, 2], Q6_K: [208], IQ4_NL: [0], IQ4_XS: [0], TQ1_0: [52], TQ2_0: [64], Q8_K: [2], F32: [2], BF16: [0],
  }; // prettier-ignore
  const own = block.slice();
  for (let at = 0; at < own.length; at += GGML_TYPES[name].bytes)
    for (const place of halves[name] ?? []) own[at + place + 1] &= 0xbf;
  return own;
}

describe('the quantiser', () => {
  const random = uniform(3);
  const gauss = (): number => Math.sqrt(-2 * Math.log(random() + 1e-9)) * Math.cos(2 * Math.PI * random());
  const weights = Float32Array.from({ length: 256 * 64 }, gauss);
  /** Root of the mean squared error, for weights of variance 1: about what llama.cpp's quantiser has. */
  const expected = { Q8_0: 0.007, Q4_0: 0.09, Q4_K: 0.075, Q6_K: 0.02 };

  it.each(QUANTIZED_TYPES)('%s is near to the weights', (type) => {
    const found = dequantize(type, quantize(type, weights));
    const error = Math.sqrt(
      found.reduce((sum, each, i) => sum + (each - weights[i]) ** 2, 0) / weights.length,
    );
    expect(error).toBeGreaterThan(expected[type] / 4);
    expect(error).toBeLessThan(expected[type] * 1.2);
  });

  it.each(QUANTIZED_TYPES)('%s of zeros is zeros', (type) => {
    const found = dequantize(type, quantize(type, new Float32Array(256)));
    expect(found.every((each) => each === 0)).toBe(true);
  });

  it('refuses what it cannot hold', () => {
    expect(() => quantize('Q8_0', new Float32Array(31))).toThrow(/WEIGHT_INVALID.*31 weights/s);
    expect(() =>
      quantize(
        'Q4_K',
        Float32Array.from({ length: 256 }, () => Infinity),
      ),
    ).toThrow(/not finite/);
  });

  it('keeps weights that a type holds exactly', () => {
    const whole = Float32Array.from({ length: 64 }, (_, i) => ((i * 37) % 255) - 127);
    expect([...dequantize('Q8_0', quantize('Q8_0', whole.map((x) => x / 64)))].map((x) => x * 64)).toEqual([...whole]); // prettier-ignore
  });
});

describe('types by number', () => {
  it('are known, or said to be unknown with those that are known', () => {
    expect(ggmlType(12, 'x')).toBe('Q4_K');
    expect(() => ggmlType(16, 'tensor "a"')).toThrow(
      /LLM_UNSUPPORTED.*tensor "a".*IQ2_XXS \(16\).*F32, F16/s,
    );
    expect(() => ggmlType(4711, 'x')).toThrow(/4711/);
  });

  it('fill rows with whole blocks', () => {
    expect(bytesOfType('Q4_0', [3, 64], 'x')).toBe(3 * 2 * 18);
    expect(() => bytesOfType('Q4_K', [3, 64], 'x')).toThrow(/FILE_CORRUPT.*a multiple of 256/s);
  });
});
