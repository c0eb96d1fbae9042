/** Arguments of public functions, checked for callers whose types nobody checks. All throw USAGE, with the caller's line. */
import { describeValue } from '../base/describe.js';
import { HeddleError } from '../base/errors.js';
import { func, kind, required } from '../base/kinds.js';
import { isAnyNumber, isListOf } from '../base/values.js';
import { checkedOptions, type OptionTable } from '../base/options.js';
import { MAX_RANK } from '../ir/infer-checks.js';
import { isBackend } from './backends/backend.js';
import { named, TensorCore } from './tensors/core.js';

// -- what options may be --

const isTensorValue = (value: unknown): boolean => value instanceof TensorCore;

export const tensorKind = kind('a tensor', isTensorValue);
export const operandKind = kind(
  'a tensor, a number or a boolean',
  (value) => isTensorValue(value) || typeof value === 'number' || typeof value === 'boolean',
);
export const keyKind = required(
  kind(
    'random.key(seed), or a seed, such as 1',
    (value) => typeof value === 'number' || isTensorValue(value),
  ),
);
/** Any text: what is none has an error of its own. */
export const dtypeKind = kind('f32, f16, i32, u32 or bool', (value) => typeof value === 'string');
export const backendKind = kind('a backend, such as webgpu(device)', isBackend);

export const initKind = kind('an initializer: (key, shape) => tensor', func.accepts);

// -- checks --

/** The options of `call`, as {@link checkedOptions} gives them. */
export const optionsOf = <O>(call: string, given: O | undefined, table: OptionTable<O>): O =>
  named(call, () => checkedOptions(given, table));

/** Throws unless `f` is a function that can be called: a class cannot. */
export function checkFunction(call: string, f: unknown): void {
  if (func.accepts(f)) return;
  if (typeof f !== 'function') refuse(call, 'a function is missing', f, `${call}(x => ...)`);
  refuse(
    call,
    'a class cannot be called',
    f,
    `${call}(x => ...)`,
    'make one of it: const m = new ...; x => m.call(x)',
  );
}

/** Throws unless `values`, the arguments of a function that is to be called, are a list. */
export function checkArguments(call: string, what: string, values: unknown): void {
  if (!Array.isArray(values))
    refuse(call, `${what} are given as a list`, values, '[x, y], one for each argument');
}

/** Throws unless all of `values`, which are named as in the call, are tensors. */
export function checkTensors(call: string, values: Readonly<Record<string, unknown>>): void {
  for (const name of Object.keys(values)) {
    const value = values[name];
    if (!isTensorValue(value)) refuse(call, `${name} is not a tensor`, value, 'a tensor', wrapping(value));
  }
}

/** Throws unless `values` is a list of tensors. */
export function checkTensorList(call: string, values: unknown): void {
  if (!Array.isArray(values))
    return refuse(call, 'the tensors are given as a list', values, `${call}([x, y])`);
  for (const [i, value] of values.entries()) checkTensors(call, { [`element ${i}`]: value as unknown });
}

/**
 * Throws unless `shape` is a list of numbers; whether these are extents is the operation's to say. LIMIT_EXCEEDED for too many,
 * before anything is done for each.
 */
export function checkShape(call: string, shape: unknown): void {
  if (Array.isArray(shape) && shape.length > MAX_RANK)
    named(call, () => {
      throw new HeddleError('LIMIT_EXCEEDED', 'a shape has too many axes', {
        found: `${shape.length} axes`,
        expected: `at most ${MAX_RANK}`,
      });
    });
  if (!isListOf(shape, isAnyNumber))
    refuse(call, 'a shape is a list of numbers', shape, '[2, 3], for example; [] for a scalar');
}

/** Throws unless `value` is a number other than NaN. */
export function checkNumber(call: string, name: string, value: unknown): void {
  if (typeof value !== 'number' || Number.isNaN(value))
    refuse(call, `${name} is not a number`, value, 'a number');
}

/** Throws unless `value` is one of `words`. */
export function checkWord(call: string, value: unknown, words: readonly string[]): void {
  if (!words.some((word) => word === value))
    refuse(call, 'unknown choice', value, words.map((word) => JSON.stringify(word)).join(' or '));
}

/** How data becomes a tensor. */
const wrapping = (value: unknown): string | undefined =>
  typeof value === 'number' || typeof value === 'boolean' || (typeof value === 'object' && value !== null)
    ? 'tensor(...) makes one of numbers, lists, typed arrays and data on the host'
    : undefined;

/** Throws USAGE, with the caller's line. */
export function refuse(
  call: string,
  message: string,
  found: unknown,
  expected: string,
  hint?: string,
): never {
  return named(call, () => {
    throw new HeddleError('USAGE', message, { found: describeValue(found), expected, hint });
  });
}
