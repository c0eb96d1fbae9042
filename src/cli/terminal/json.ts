/** JSON for programs: one object, and no number is lost. */
import { printableLines } from '../../base/printable.js';

/** JSON has no NaN and no infinities: they become the strings "NaN", "Infinity" and "-Infinity". */
const replacer = (_: string, value: unknown): unknown => {
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return Array.from(value as Float32Array);
  return value;
};

/** `value` as indented JSON and a newline; a terminal takes it, too. */
export const toJson = (value: object): string => `${printableLines(JSON.stringify(value, replacer, 2))}\n`;
