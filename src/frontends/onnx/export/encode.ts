/**
 * Encodes messages by the tables that the importer decodes them by. A message is a list of byte ranges until the whole
 * file is put together, so that the data of a tensor is copied once, into the file.
 */
import protobuf from 'protobufjs/minimal.js';
import { WIRE, type Fields, type MessageType } from '../proto/fields.js';

/** A message as its bytes, in ranges that are not joined yet. */
export interface Encoded {
  readonly size: number;
  readonly parts: readonly Uint8Array[];
}

type Item = number | string | Uint8Array | Encoded;

/** What to write for each field; a field without a value is left out. */
export type Values<F extends Fields> = { readonly [K in keyof F]?: Item | readonly Item[] | undefined };

const utf8 = new TextEncoder();

/** The message `values`: its fields in the order of the table, lists as repeated single values. */
export function encode<F extends Fields>(type: MessageType<F>, values: Values<F>): Encoded {
  const parts: Uint8Array[] = [];
  for (const [key, { id, codec }] of Object.entries(type.fields)) {
    const value = values[key];
    const items: readonly Item[] = value === undefined ? [] : isList(value) ? value : [value];
    for (const item of items) append(parts, id, codec.wire, item);
  }
  return { size: parts.reduce((total, part) => total + part.length, 0), parts };
}

const isList = (value: Item | readonly Item[]): value is readonly Item[] => Array.isArray(value);

function append(parts: Uint8Array[], id: number, wire: number, item: Item): void {
  const writer = new protobuf.Writer().uint32(((id << 3) | wire) >>> 0);
  if (typeof item === 'number') {
    parts.push((wire === WIRE.fixed32 ? writer.float(item) : writer.int64(item)).finish());
    return;
  }
  const body = typeof item === 'string' ? utf8.encode(item) : item;
  const [size, bodyParts] = body instanceof Uint8Array ? [body.length, [body]] : [body.size, body.parts];
  // Not push(...parts): a graph can have more parts than a call takes arguments.
  parts.push(writer.uint32(size).finish());
  for (const part of bodyParts) parts.push(part);
}

/** The bytes of a message, in one array. */
export function joined({ size, parts }: Encoded): Uint8Array {
  const whole = new Uint8Array(size);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
