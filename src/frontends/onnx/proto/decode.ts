/** Decodes messages, bounded by the bytes that are there: a forged length is found before anything is allocated. */
import protobuf, { type Reader } from 'protobufjs/minimal.js';
import { HeddleError } from '../../../base/errors.js';
import { placed } from '../place.js';
import { WIRE, type Codec, type Field, type Fields, type Message, type MessageType } from './fields.js';

/** A message as a field of another one. */
export const nested = <F extends Fields>(type: MessageType<F>): Codec<Message<MessageType<F>>> => ({
  wire: WIRE.delimited,
  read: (reader, end) => readMessage(reader, end, type),
});

/**
 * Decodes `bytes` as one message.
 *
 * @param where the file, for messages.
 * @throws FILE_TRUNCATED where a value runs over the end of the file, FILE_CORRUPT where it contradicts its surroundings.
 */
export function decodeMessage<F extends Fields>(
  type: MessageType<F>,
  bytes: Uint8Array,
  where: string,
): Message<MessageType<F>> {
  const reader = new protobuf.Reader(bytes);
  try {
    return readMessage(reader, bytes.length, type);
  } catch (error) {
    if (error instanceof HeddleError) throw placed(error, where);
    if (error instanceof RangeError)
      throw new HeddleError('FILE_TRUNCATED', 'the file ends inside a value', {
        where,
        found: `end of file at byte ${bytes.length}`,
        cause: error,
      });
    throw new HeddleError('FILE_CORRUPT', 'the file is not valid protobuf', {
      where: `${where}, byte ${reader.pos}`,
      found: error instanceof Error ? error.message : String(error),
      cause: error,
    });
  }
}

function readMessage<F extends Fields>(
  reader: Reader,
  end: number,
  type: MessageType<F>,
): Message<MessageType<F>> {
  const out: Record<string, unknown> = {};
  for (const [key, field] of type.byId.values()) out[key] = field.absent();
  while (reader.pos < end) {
    const tag = reader.tag();
    const known = type.byId.get(tag >>> 3);
    if (known === undefined) skip(reader, end, tag & 7, type.name);
    else readField(reader, end, tag & 7, known, out, type.name);
  }
  if (reader.pos !== end) overrun(reader, end, type.name);
  return out as Message<MessageType<F>>;
}

function readField(
  reader: Reader,
  end: number,
  wire: number,
  [key, { codec, repeated }]: readonly [string, Field<unknown>],
  out: Record<string, unknown>,
  owner: string,
): void {
  const what = `${owner}.${key}`;
  const list = repeated ? (out[key] as unknown[]) : undefined;
  const put = (value: unknown): void => void (list === undefined ? (out[key] = value) : list.push(value));
  if (wire === WIRE.delimited) {
    const stop = delimitedEnd(reader, end, what);
    if (codec.wire === WIRE.delimited) return put(codec.read(reader, stop));
    if (codec.readPacked !== undefined) return put(codec.readPacked(reader, stop));
    if (list === undefined) corrupt(reader, what, 'a packed list', 'a single number');
    while (reader.pos < stop) list.push(codec.read(reader, stop));
    if (reader.pos !== stop) overrun(reader, stop, what);
    return;
  }
  if (wire !== codec.wire) corrupt(reader, what, `wire type ${wire}`, `wire type ${codec.wire}`);
  put(codec.read(reader, end));
}

function delimitedEnd(reader: Reader, end: number, what: string): number {
  const length = reader.size();
  const stop = reader.pos + length;
  if (stop <= end) return stop;
  if (stop > reader.len)
    throw new HeddleError('FILE_TRUNCATED', `${what} runs over the end of the file`, {
      found: `${length} bytes announced at byte ${reader.pos}, ${reader.len - reader.pos} left`,
    });
  return corrupt(reader, what, `${length} bytes`, `at most the ${end - reader.pos} bytes of its message`);
}

function skip(reader: Reader, end: number, wire: number, what: string): void {
  if (wire === WIRE.varint) reader.int64();
  else if (wire === WIRE.fixed64) reader.skip(8);
  else if (wire === WIRE.fixed32) reader.skip(4);
  else if (wire === WIRE.delimited) reader.pos = delimitedEnd(reader, end, what);
  else corrupt(reader, what, `wire type ${wire}`, 'one that ONNX uses');
}

function overrun(reader: Reader, end: number, what: string): never {
  return corrupt(reader, what, `a value up to byte ${reader.pos}`, `an end at byte ${end}`);
}

function corrupt(reader: Reader, what: string, found: string, expected: string): never {
  throw new HeddleError('FILE_CORRUPT', `${what} is malformed`, {
    found: `${found} near byte ${reader.pos}`,
    expected,
  });
}
