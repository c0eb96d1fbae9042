/**
 * A protobuf message type as a table of fields, from which both its decoder and its TypeScript type follow. protobufjs
 * reads the wire; its reflection is not used, because it compiles decoders from source text, which pages with a strict
 * content security policy forbid, and because a message that nobody asks for should stay bytes.
 */
import { utf8Decoder } from '../../../base/utf8.js';
import type { Reader } from 'protobufjs/minimal.js';

/** Wire types (protobuf.dev/programming-guides/encoding). Groups (3, 4) do not occur in ONNX. */
export const WIRE = { varint: 0, fixed64: 1, delimited: 2, fixed32: 5 } as const;
type Wire = (typeof WIRE)[keyof typeof WIRE];

/** How one value of a field is read from the wire. */
export interface Codec<T> {
  readonly wire: Wire;
  /** The value at the reader's position. A delimited value must end at `end`, which the caller has checked. */
  readonly read: (reader: Reader, end: number) => T;
  /** Reads a packed list up to `end` as one value of the list. Without it, a packed list is read number by number. */
  readonly readPacked?: (reader: Reader, end: number) => T;
}

export interface Field<T> {
  readonly id: number;
  readonly codec: Codec<unknown>;
  readonly repeated: boolean;
  /** The value of an absent field. */
  readonly absent: () => T;
}

export type Fields = Readonly<Record<string, Field<unknown>>>;

/** A message type: its name for messages, its fields by number. */
export interface MessageType<F extends Fields = Fields> {
  readonly name: string;
  readonly fields: F;
  readonly byId: ReadonlyMap<number, readonly [name: string, field: Field<unknown>]>;
}

/** The decoded form of a message type. */
export type Message<M> =
  M extends MessageType<infer F>
    ? { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never }
    : never;

export function messageType<F extends Fields>(name: string, fields: F): MessageType<F> {
  return {
    name,
    fields,
    byId: new Map(Object.entries(fields).map(([key, field]) => [field.id, [key, field]])),
  };
}

/** A field that stands at most once (the last one counts), with the value it has where it is absent. */
export const one = <T, A>(id: number, codec: Codec<T>, absent: A): Field<T | A> => ({
  id,
  codec,
  repeated: false,
  absent: () => absent,
});

/** A field that may stand any number of times; numbers may also be packed into one delimited value. */
export const many = <T>(id: number, codec: Codec<T>): Field<readonly T[]> => ({
  id,
  codec,
  repeated: true,
  absent: () => [],
});

/** Exact: ONNX uses the far ends of the int64 range as markers. */
export const int64: Codec<bigint> = {
  wire: WIRE.varint,
  read: (reader) => {
    const { high, low } = reader.int64();
    return (BigInt(high) << 32n) | BigInt(low >>> 0);
  },
};
export const uint64: Codec<bigint> = {
  wire: WIRE.varint,
  read: (reader) => BigInt.asUintN(64, int64.read(reader, 0)),
};
export const int32: Codec<number> = { wire: WIRE.varint, read: (reader) => reader.int32() };
export const float: Codec<number> = { wire: WIRE.fixed32, read: (reader) => reader.float() };

/** A view of the file, never a copy. */
export const bytes: Codec<Uint8Array> = {
  wire: WIRE.delimited,
  read: (reader, end) => {
    const view = reader.buf.subarray(reader.pos, end);
    reader.pos = end;
    return view;
  },
};

/** Floats in file order, as views: a packed list is one element, a number that stands alone another. */
const floatBytes = (wire: Wire, size: number): Codec<Uint8Array> => ({
  wire,
  read: (reader) => {
    reader.skip(size);
    return reader.buf.subarray(reader.pos - size, reader.pos);
  },
  readPacked: bytes.read,
});
export const float32Bytes = floatBytes(WIRE.fixed32, 4);
export const float64Bytes = floatBytes(WIRE.fixed64, 8);

const utf8 = utf8Decoder();
export const string: Codec<string> = {
  wire: WIRE.delimited,
  read: (reader, end) => utf8.decode(bytes.read(reader, end)),
};
