/** Modules at the limits of engines, which V8 is asked about, and beyond them. */
import { describe, expect, test } from 'vitest';
import { encodeModule, ENGINE_LIMITS } from '../../../src/codegen/wasm/encode.js';
import type { ValType, WasmFunction } from '../../../src/codegen/wasm/opcodes.js';

const named = (name: string, changes: Partial<WasmFunction> = {}): WasmFunction => ({
  name,
  params: ['i32'],
  result: undefined,
  locals: [],
  code: [],
  exported: false,
  ...changes,
});
const encode = (...functions: readonly WasmFunction[]): Uint8Array<ArrayBuffer> =>
  encodeModule({ functions, scratch: 0, subnormals: 'preserve' });
const locals = (length: number): ValType[] => Array.from({ length }, () => 'i32');

describe('locals of a function', () => {
  // The parameter is one of them.
  const most = ENGINE_LIMITS['locals of a function'] - 1;

  test('as many as engines take', () => {
    expect(WebAssembly.validate(encode(named('full', { locals: locals(most) })))).toBe(true);
  });

  test('more', () => {
    expect(() => encode(named('few'), named('many', { locals: locals(most + 1) }))).toThrow(
      expect.objectContaining({
        code: 'DEVICE_LIMIT',
        where: 'many',
        found: '50001 locals of a function',
        expected: 'at most 50000',
      }) as Error,
    );
  });
});

describe('bytes of a function', () => {
  /** Constants that are dropped, of 3 bytes with that, or of 4. Before them is the number of kinds of locals, 0, behind them the end. */
  const ofBytes = (bytes: number): WasmFunction => {
    const larger = (bytes - 2) % 3;
    const count = (bytes - 2 - 4 * larger) / 3 + larger;
    const drop = { op: 'drop', immediates: [] } as const;
    const [small, large] = [0, 64].map((value) => ({ op: 'i32.const', immediates: [value] }) as const);
    return named('long', {
      code: Array.from({ length: 2 * count }, (_, i) =>
        i % 2 === 1 ? drop : i < 2 * larger ? large : small,
      ),
    });
  };

  test('as many as engines take', () => {
    expect(WebAssembly.validate(encode(ofBytes(ENGINE_LIMITS['bytes of a function'])))).toBe(true);
  });

  test('more', () => {
    expect(() => encode(ofBytes(ENGINE_LIMITS['bytes of a function'] + 1))).toThrow(
      expect.objectContaining({
        code: 'DEVICE_LIMIT',
        where: 'long',
        found: '7654322 bytes of a function',
      }) as Error,
    );
  });
});

test('too many functions', () => {
  const functions = new Array<WasmFunction>(ENGINE_LIMITS.functions + 1).fill(named('one'));
  expect(() => encodeModule({ functions, scratch: 0, subnormals: 'preserve' })).toThrow(
    expect.objectContaining({ code: 'DEVICE_LIMIT', found: '1000001 functions' }) as Error,
  );
});
