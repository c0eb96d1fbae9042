/** The numeric types that weights can have: how many bits, which numbers, and under which name safetensors holds them. */
import { HeddleError } from '../base/errors.js';
import { nearestName } from '../base/nearest.js';
import {
  BFLOAT16,
  FLOAT16,
  FLOAT4E2M1,
  FLOAT8E4M3FN,
  FLOAT8E5M2,
  type FloatFormat,
} from '../numerics/float-format.js';

export interface IntegerType {
  readonly kind: 'integer';
  readonly bits: 4 | 8 | 16 | 32 | 64;
  readonly signed: boolean;
  /** The element type of safetensors; U8, with two in a byte, where it has none. */
  readonly stored: string;
}

export interface FloatType {
  readonly kind: 'float';
  readonly bits: 4 | 8 | 16;
  readonly format: FloatFormat;
  readonly stored: string;
}

const integer = (bits: IntegerType['bits'], signed: boolean): IntegerType => ({
  kind: 'integer',
  bits,
  signed,
  stored: bits === 4 ? 'U8' : `${signed ? 'I' : 'U'}${bits}`,
});

const float = (bits: FloatType['bits'], format: FloatFormat, stored: string): FloatType => ({
  kind: 'float',
  bits,
  format,
  stored,
});

export const NUMERIC_TYPES = {
  float16: float(16, FLOAT16, 'F16'),
  bfloat16: float(16, BFLOAT16, 'BF16'),
  float8_e4m3: float(8, FLOAT8E4M3FN, 'F8_E4M3'),
  float8_e5m2: float(8, FLOAT8E5M2, 'F8_E5M2'),
  float4_e2m1: float(4, FLOAT4E2M1, 'F4'),
  int4: integer(4, true),
  int8: integer(8, true),
  int16: integer(16, true),
  int32: integer(32, true),
  int64: integer(64, true),
  uint4: integer(4, false),
  uint8: integer(8, false),
  uint16: integer(16, false),
  uint32: integer(32, false),
  uint64: integer(64, false),
} as const satisfies Readonly<Record<string, IntegerType | FloatType>>;

export type NumericTypeName = keyof typeof NUMERIC_TYPES;
export const NUMERIC_TYPE_NAMES = Object.keys(NUMERIC_TYPES) as readonly NumericTypeName[];

/** What a name stands for, as either kind of type. */
export const numericType = (name: NumericTypeName): IntegerType | FloatType => NUMERIC_TYPES[name];

export const isNumericType = (name: unknown): name is NumericTypeName =>
  typeof name === 'string' && Object.hasOwn(NUMERIC_TYPES, name);

/** Throws USAGE where `name` is no numeric type. */
export function checkNumericType(name: string, where: string): NumericTypeName {
  if (isNumericType(name)) return name;
  const near = nearestName(name, NUMERIC_TYPE_NAMES);
  throw new HeddleError('USAGE', 'not a numeric type', {
    where,
    found: JSON.stringify(name),
    expected: NUMERIC_TYPE_NAMES.join(', '),
    hint: near === undefined ? undefined : `did you mean ${near}?`,
  });
}

/** The least and the greatest integer of a type. */
export function rangeOf({ bits, signed }: IntegerType): readonly [least: bigint, most: bigint] {
  const span = 1n << BigInt(bits);
  return signed ? [-span / 2n, span / 2n - 1n] : [0n, span - 1n];
}

/** Bytes of so many codes: those of 4 bits are two in a byte. */
export const bytesOfCodes = (bits: number, count: number): number => Math.ceil((count * bits) / 8);
