/** Inputs from a seed: the same numbers on every machine. */
import { elementCount, type SymbolicSpec, tensorData, type TensorData } from 'heddle';

/** mulberry32, from 0 to 1. */
function stream(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Free dimensions are 1. Integers go from 0 to 9. */
export function inputsFrom(seed: number, specs: readonly SymbolicSpec[]): Record<string, TensorData> {
  const next = stream(seed);
  return Object.fromEntries(
    specs.map(({ name, dtype, shape }): [string, TensorData] => {
      const sizes = shape.map((dim) => (typeof dim === 'number' ? dim : 1));
      const count = elementCount(sizes);
      const integers = (most: number): number[] =>
        Array.from({ length: count }, () => Math.floor(next() * most));
      switch (dtype) {
        case 'f32':
          return [
            name,
            tensorData(
              'f32',
              sizes,
              Float32Array.from({ length: count }, () => 2 * next() - 1),
            ),
          ];
        case 'f16':
          // 0x3c00 is 1, and words up to it are numbers from 0 to 1.
          return [name, tensorData('f16', sizes, Uint16Array.from(integers(0x3c01)))];
        case 'i32':
          return [name, tensorData('i32', sizes, Int32Array.from(integers(10)))];
        case 'u32':
          return [name, tensorData('u32', sizes, Uint32Array.from(integers(10)))];
        case 'bool':
          return [name, tensorData('bool', sizes, Uint8Array.from(integers(2)))];
      }
    }),
  );
}
