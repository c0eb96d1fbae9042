/** Dtypes as users write them. */
import { describeValue } from '../../base/describe.js';
import { isDType, type DType } from '../../base/dtype.js';
import { HeddleError } from '../../base/errors.js';

/** Throws DTYPE_MISMATCH, with what to use instead, for dtypes that do not exist. */
export function checkDType(dtype: string): asserts dtype is DType {
  if (isDType(dtype)) return;
  throw new HeddleError('DTYPE_MISMATCH', 'unknown dtype', {
    found: isText(dtype) ? dtype : describeValue(dtype),
    expected: 'f32, f16, i32, u32 or bool',
    hint: isText(dtype) ? hintFor(dtype) : undefined,
  });
}

const isText = (value: unknown): value is string => typeof value === 'string';

/** What other frameworks call our dtypes. */
const FOREIGN: Readonly<Record<string, DType>> = {
  float: 'f32',
  float32: 'f32',
  float16: 'f16',
  half: 'f16',
  int: 'i32',
  int32: 'i32',
  uint32: 'u32',
  boolean: 'bool',
};

function hintFor(dtype: string): string | undefined {
  if (Object.hasOwn(FOREIGN, dtype)) return `did you mean ${FOREIGN[dtype]}?`;
  return dtype.includes('64')
    ? '64-bit numbers do not exist on the GPU: use f32, or i32 for integers'
    : undefined;
}
