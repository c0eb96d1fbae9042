/** How good files are made bad: their bytes, their text, and values that JSON can say. */
import type { Random } from './random.js';

/** Numbers at which sizes, indices and arithmetic go wrong. */
export const HOSTILE_NUMBERS = [
  0, 1, -1, 2, 3, 7, 0.5, 255, 65_536, 300_000, 10_000_000, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 53, 1e300,
  -(2 ** 31),
] as const; // prettier-ignore

const HOSTILE_TEXTS = ['', '0', '-1', 'constructor', '__proto__', 'toString', 'NaN', 'é\u0000\u001b[2J', '9'.repeat(400), '((((', '%0'] as const; // prettier-ignore

/** A size that is small most of the time. */
export const sizeOf = (random: Random): number =>
  random.chance(0.85) ? random.integer(1, 4) : random.pick(HOSTILE_NUMBERS);

/** Mostly near the beginning or the end, where the structure is; the middle is elements. */
const placeIn = ({ length }: Uint8Array, random: Random): number => {
  const near = random.integer(0, Math.min(length, 2000) - 1);
  return random.pick([near, length - 1 - near, random.integer(0, length - 1)]);
};

type ByteMutation = (bytes: Uint8Array, random: Random) => Uint8Array;

const BYTE_MUTATIONS: readonly ByteMutation[] = [
  function flips(bytes, random) {
    for (let n = random.integer(1, 8); n > 0; n--) bytes[placeIn(bytes, random)] ^= 1 << random.integer(0, 7);
    return bytes;
  },
  function truncation(bytes, random) {
    return bytes.slice(0, placeIn(bytes, random));
  },
  /** A varint of up to ten bytes, or 32 bits, in place of what is there: lengths and extents. */
  function number(bytes, random) {
    const at = placeIn(bytes, random);
    const length = random.integer(1, 10);
    for (let i = 0; i < length && at + i < bytes.length; i++)
      bytes[at + i] = i + 1 < length ? 0xff : random.integer(0, 0x7f);
    return bytes;
  },
  function noise(bytes, random) {
    const at = placeIn(bytes, random);
    bytes.set(random.bytes(Math.min(random.integer(1, 16), bytes.length - at)), at);
    return bytes;
  },
  /** Structure from elsewhere in the file, once or often, moving what follows. */
  function insertion(bytes, random) {
    const [from, at] = [placeIn(bytes, random), placeIn(bytes, random)];
    const chunk = bytes.slice(from, from + random.integer(1, 64));
    const times = random.chance(0.1) ? random.integer(100, 5000) : 1;
    const longer = new Uint8Array(bytes.length + chunk.length * times);
    longer.set(bytes.subarray(0, at));
    for (let i = 0; i < times; i++) longer.set(chunk, at + i * chunk.length);
    longer.set(bytes.subarray(at), at + chunk.length * times);
    return longer;
  },
];

/** `original` with one to three wounds, and what they are called. */
export function mutateBytes(original: Uint8Array, random: Random): { bytes: Uint8Array; how: string } {
  let bytes: Uint8Array = Uint8Array.from(original);
  const chosen = random.times(random.integer(1, 3), () => random.pick(BYTE_MUTATIONS));
  for (const mutation of chosen) if (bytes.length > 0) bytes = mutation(bytes, random);
  return { bytes, how: chosen.map(({ name }) => name).join(', ') };
}

type TextMutation = (text: string, random: Random) => string;

const spanIn = (text: string, random: Random, most: number): readonly [number, number] => {
  const start = random.integer(0, text.length);
  return [start, Math.min(text.length, start + random.integer(1, most))];
};

/** One of the places where `pattern` matches, replaced. */
function replaceOne(text: string, pattern: RegExp, random: Random, by: (found: string) => string): string {
  const found = [...text.matchAll(pattern)];
  if (found.length === 0) return text;
  const match = random.pick(found);
  return text.slice(0, match.index) + by(match[0]) + text.slice(match.index + match[0].length);
}

const TEXT_MUTATIONS: readonly TextMutation[] = [
  function number(text, random) {
    return replaceOne(text, /\d+/g, random, () => String(random.pick(HOSTILE_NUMBERS)));
  },
  function word(text, random) {
    const words = text.match(/[A-Za-z_]+/g) ?? ['x'];
    return replaceOne(text, /[A-Za-z_]+/g, random, () =>
      random.chance(0.2) ? random.pick(HOSTILE_TEXTS) : random.pick(words),
    );
  },
  function removal(text, random) {
    const [start, end] = spanIn(text, random, 20);
    return text.slice(0, start) + text.slice(end);
  },
  function repetition(text, random) {
    const [start, end] = spanIn(text, random, 12);
    const times = random.pick([2, 10, 1000, 20_000]);
    return text.slice(0, end) + text.slice(start, end).repeat(times) + text.slice(end);
  },
  function line(text, random) {
    const lines = text.split('\n');
    lines.splice(random.integer(0, lines.length), random.integer(0, 1), random.pick(lines));
    return lines.join('\n');
  },
  function nesting(text, random) {
    const [open, close] = random.pick([['[', ']'], ['(', ')'], ['{', '}'], ['-', ''], ['(', ')//2']] as const); // prettier-ignore
    const [start, end] = spanIn(text, random, 4);
    const depth = random.pick([2, 100, 2000, 100_000]);
    return text.slice(0, start) + open.repeat(depth) + text.slice(start, end) + close.repeat(depth) + text.slice(end); // prettier-ignore
  },
  function symbol(text, random) {
    const at = random.integer(0, text.length);
    return (
      text.slice(0, at) + random.pick([...'[](){}"\\%,:=-*/ \n\0', '//', 'NaN', '1e999']) + text.slice(at)
    );
  },
];

/** `original` with one to three wounds, and what they are called. */
export function mutateText(original: string, random: Random): { text: string; how: string } {
  const chosen = random.times(random.integer(1, 3), () => random.pick(TEXT_MUTATIONS));
  const text = chosen.reduce((wounded, mutation) => mutation(wounded, random), original);
  return { text, how: chosen.map(({ name }) => name).join(', ') };
}

/** `leaf` in lists, or in objects under `key`, `depth` of them. */
export function nested(leaf: unknown, depth: number, key?: string): unknown {
  let value = leaf;
  for (let i = 0; i < depth; i++) value = key === undefined ? [value] : { [key]: value };
  return value;
}

/** A value that JSON can say, and hardly anyone expects. */
export function hostileValue(random: Random): unknown {
  return random.pick<() => unknown>([
    () => random.pick(HOSTILE_NUMBERS),
    () => random.pick(HOSTILE_NUMBERS),
    () => random.pick(HOSTILE_TEXTS),
    () => random.pick([null, true, false, [], {}, [[]], [null], { type: 'dense' }, [1, 'a']]),
    () => nested(random.pick([1, 'x', null]), random.pick([10, 1000, 20_000]), random.pick([undefined, 'layers', 'a'])), // prettier-ignore
    () => random.times(random.pick([100, 200_000]), () => 1),
  ])();
}

type Place = { readonly of: unknown[] | Record<string, unknown>; readonly at: string | number };

/** Every place in a value. It goes as deep as good files do. */
function placesIn(value: unknown): Place[] {
  if (typeof value !== 'object' || value === null) return [];
  const of = value as Place['of'];
  const keys = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  return keys.flatMap((at) => [{ of, at }, ...placesIn((of as Record<string | number, unknown>)[at])]);
}

/** A copy of `original` with one to three places changed. `values` are what a place may become, besides hostile ones. */
export function mutateJson<T>(
  original: T,
  random: Random,
  values: (random: Random) => unknown = hostileValue,
): { value: unknown; how: string } {
  const root = { value: structuredClone(original) as unknown };
  const how: string[] = [];
  for (let n = random.integer(1, 3); n > 0; n--) {
    const places = placesIn(root).slice(0, 2000);
    const { of, at } = random.pick(places);
    const holder = of as Record<string | number, unknown>;
    how.push(String(at));
    if (random.chance(0.15)) {
      if (Array.isArray(of)) of.splice(Number(at), 1);
      else if (of !== root) delete holder[at];
    } else if (random.chance(0.2)) {
      const other = random.pick(places);
      holder[at] = structuredClone((other.of as Record<string | number, unknown>)[other.at]);
    } else if (random.chance(0.1) && !Array.isArray(of) && of !== root) {
      Object.defineProperty(of, random.pick([...HOSTILE_TEXTS, 'type', 'from', 'name']), {
        value: values(random), enumerable: true, configurable: true, writable: true,
      }); // prettier-ignore
    } else
      holder[at] =
        random.chance(0.4) && typeof holder[at] === 'number' ? random.pick(HOSTILE_NUMBERS) : values(random);
    // What is deep, or long, is not looked through again.
    if (JSON.stringify(how).length > 100_000 || isDeep(root.value)) break;
  }
  return { value: root.value, how: how.join(', ') };
}

/** Whether a value nests deeper than can be walked. */
function isDeep(value: unknown): boolean {
  let level: readonly unknown[] = [value];
  for (let depth = 0; depth < 200; depth++) {
    level = level.flatMap((each) =>
      typeof each === 'object' && each !== null ? Object.values(each as Record<string, unknown>) : [],
    );
    if (level.length === 0) return false;
    if (level.length > 50_000) return true;
  }
  return true;
}
