/** The wire of protobuf against protobufjs. */
import fc from 'fast-check';
import protobuf from 'protobufjs/minimal.js';
import { describe, expect, test } from 'vitest';
import { float32, varint, WireReader } from '../../../src/frontends/onnx/proto/wire.js';

const integers = fc.oneof(fc.maxSafeInteger(), fc.integer(), fc.constantFrom(0, -1, 127, 128, 2 ** 32, -(2 ** 31), 2 ** 53 - 1)); // prettier-ignore

describe('the wire', () => {
  test('integers have the bytes of protobufjs, and come back', () => {
    fc.assert(
      fc.property(integers, (value) => {
        const bytes = varint(value);
        expect([...bytes]).toEqual([...new protobuf.Writer().int64(value).finish()]);
        const { high, low } = new WireReader(bytes).int64();
        expect(Number((BigInt(high) << 32n) | BigInt(low))).toBe(value === 0 ? 0 : value);
        expect(new WireReader(bytes).int32()).toBe(new protobuf.Reader(bytes).int32());
      }),
    );
  });

  test('floats have their bits', () => {
    fc.assert(
      fc.property(fc.float(), (value) => {
        expect(new WireReader(float32(value)).float()).toBe(value);
      }),
    );
  });

  test('any bytes are read, or refused, as protobufjs does', () => {
    const outcome = (read: () => unknown): unknown => {
      try {
        return read();
      } catch (error) {
        return error instanceof RangeError ? 'the end' : 'an error';
      }
    };
    const bytes = fc.uint8Array({ maxLength: 12 }).map((all) => all.map((byte, i) => (i % 3 === 2 ? byte : byte | 0x80))); // prettier-ignore
    fc.assert(
      fc.property(bytes, (all) => {
        const [own, theirs] = [new WireReader(all), new protobuf.Reader(all)];
        const words = (read: () => { readonly high: number; readonly low: number }) => (): string => {
          const { high, low } = read();
          return `${high | 0} ${low >>> 0}`;
        };
        expect(outcome(words(() => own.int64()))).toBe(outcome(words(() => theirs.int64())));
      }),
    );
  });

  test('tags and lengths of more than 32 bits are refused', () => {
    const long = varint(2 ** 33);
    expect(() => new WireReader(long).tag()).toThrow('invalid tag');
    expect(() => new WireReader(long).size()).toThrow('invalid length');
    expect(() => new WireReader(varint(2 ** 31)).size()).toThrow('invalid length');
  });
});
