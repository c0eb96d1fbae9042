/** The bytes that tokens stand for, so that text can be put together token by token. */
import { isObject } from './json-vocabulary.js';

const UTF8 = new TextEncoder();

/** Characters that stand for bytes in byte-level vocabularies (GPT-2's table): printable ones for themselves, others from 256 on. */
function byteLevelTable(): ReadonlyMap<string, number> {
  const table = new Map<string, number>();
  let next = 256;
  for (let byte = 0; byte < 256; byte++) {
    const isPrintable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    table.set(String.fromCodePoint(isPrintable ? byte : next++), byte);
  }
  return table;
}

const BYTE_TOKEN = /^<0x([0-9A-Fa-f]{2})>$/;

/** How a vocabulary turns the text of a token into bytes. */
export type TokenBytes = (token: string) => Uint8Array;

const byteLevel = (): TokenBytes => {
  const table = byteLevelTable();
  return (token) => {
    const bytes: number[] = [];
    for (const character of token) {
      const byte = table.get(character);
      if (byte === undefined) for (const own of UTF8.encode(character)) bytes.push(own);
      else bytes.push(byte);
    }
    return Uint8Array.from(bytes);
  };
};

const sentencePiece: TokenBytes = (token) => {
  const byte = BYTE_TOKEN.exec(token);
  return byte === null
    ? UTF8.encode(token.replaceAll('▁', ' '))
    : Uint8Array.of(Number.parseInt(byte[1], 16));
};

/** By the decoder of tokenizer.json: byte-level where it says so, else with `▁` for spaces and `<0x0A>` for bytes. */
export function tokenBytes(decoder: unknown): TokenBytes {
  const types = (step: unknown): readonly unknown[] =>
    !isObject(step) ? [] : [step.type, ...(Array.isArray(step.decoders) ? step.decoders.flatMap(types) : [])];
  return types(decoder).includes('ByteLevel') ? byteLevel() : sentencePiece;
}

/** Whether a decoder takes a space off the beginning of a text. */
export function stripsSpace(decoder: unknown): boolean {
  if (!isObject(decoder)) return false;
  if (Array.isArray(decoder.decoders)) return decoder.decoders.some(stripsSpace);
  return (decoder.type === 'Strip' && Number(decoder.start) > 0) || (decoder.type === 'Metaspace' && decoder.prepend_scheme !== 'never'); // prettier-ignore
}
