/**
 * Every failure that a user can cause or meet is a {@link HeddleError}: a stable machine-readable code, a sentence
 * for people, and the facts behind it. Codes are part of the public interface; they are never renamed.
 */
import { printable } from './printable.js';

/** Stable error codes, grouped by the stage that raises them. */
export const ERROR_CODES = {
  // graphs and shapes
  IR_INVALID: 'the graph violates an invariant of the IR',
  IR_PARSE: 'the IR text cannot be parsed',
  SHAPE_MISMATCH: 'operand shapes do not fit the operation',
  DTYPE_MISMATCH: 'operand dtypes do not fit the operation',
  ATTRIBUTE_INVALID: 'an attribute of an operation is out of range',
  DIM_UNBOUND: 'a symbolic dimension has no value',
  // traced programs
  GRAD_INVALID: 'this cannot be differentiated',
  TRACE_ESCAPED: 'a traced value has no data outside of its trace',
  TREE_MISMATCH: 'structures of tensors differ',
  TENSOR_DISPOSED: 'the tensor was disposed',
  DEVICE_MISMATCH: 'tensors of different devices meet in one operation',
  DATASET_INVALID: 'the data set is not valid',
  LOSS_NOT_FINITE: 'a loss is not finite',
  // files
  FILE_UNREADABLE: 'the file cannot be read',
  FILE_UNWRITABLE: 'the file cannot be written',
  FILE_FORMAT: 'the file is not of the expected format',
  FILE_TRUNCATED: 'the file ends before the data it announces',
  FILE_CORRUPT: 'the file contradicts itself',
  FILE_VERSION: 'the file was written by an incompatible version',
  NAME_COLLISION: 'several names stand for one thing',
  ONNX_UNSUPPORTED_OP: 'the ONNX operator is not supported',
  ONNX_UNSUPPORTED_DTYPE: 'the ONNX element type is not supported',
  ONNX_UNSUPPORTED_FEATURE: 'the ONNX feature is not supported',
  ONNX_INVALID: 'the ONNX model is not valid',
  ONNX_DYNAMIC_SHAPE: 'a shape depends on run-time values',
  CONFIG_INVALID: 'the network config is not valid',
  LLM_UNSUPPORTED: 'the language model has a part that is not supported',
  LLM_INVALID: 'the language model is not valid',
  LLM_TEMPLATE: 'the chat template fails',
  LLM_GRAMMAR: 'the generated text cannot be held to that',
  LLM_CONTEXT: 'the text does not fit the context',
  VALUE_UNKNOWN: 'no value has that name',
  VALUE_FOLDED: 'importing computed this value',
  // running
  INPUT_UNKNOWN: 'no input has that name',
  INPUT_MISSING: 'an input was not given',
  INPUT_SHAPE: 'an input has the wrong shape',
  INPUT_DTYPE: 'an input has the wrong dtype',
  WEIGHT_MISSING: 'a weight is missing',
  WEIGHT_INVALID: 'a weight is not what the graph says',
  DEVICE_NOT_FOUND: 'no such device',
  DEVICE_LIMIT: 'the program exceeds a limit of the device',
  DEVICE_LOST: 'the device was lost',
  DEVICE_INEXACT: 'the device cannot be made exact',
  DEVICE_VALIDATION: 'the device refused a command',
  LIMIT_EXCEEDED: 'a size is beyond what this program accepts',
  OBSERVER_FAILED: 'an observer cannot deliver what it saw',
  VERIFY_FAILED: 'results differ',
  USAGE: 'the command line or call is not valid',
  INTERNAL: 'a fault of Heddle: please report it',
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

export interface ErrorFacts {
  /** What was met. It may be text of others as it is: the message says it in a form that can be printed. */
  readonly found?: string | undefined;
  /** What would have been right. */
  readonly expected?: string | undefined;
  /** Where: a file, a node, a JSON path, an argument. */
  readonly where?: string | undefined;
  /** What the reader can do about it. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
}

export class HeddleError extends Error {
  declare readonly code: ErrorCode;
  /** The sentence alone; `message` has the facts as well. */
  declare readonly summary: string;
  declare readonly found: string | undefined;
  declare readonly expected: string | undefined;
  declare readonly where: string | undefined;
  declare readonly hint: string | undefined;

  constructor(code: ErrorCode, summary: string, { where, found, expected, hint, cause }: ErrorFacts = {}) {
    const labelled = Object.entries({ at: where, found, expected, hint }).flatMap(([label, fact]) =>
      fact === undefined ? [] : [`  ${`${label}:`.padEnd(10)}${printable(fact)}`],
    );
    super(
      [`${code}: ${printable(summary)}`, ...labelled].join('\n'),
      cause === undefined ? undefined : { cause },
    );
    // The message says all of them; what prints an error would print enumerable fields once more.
    const fields = { name: 'HeddleError', code, summary, found, expected, where, hint };
    for (const [key, value] of Object.entries(fields)) Object.defineProperty(this, key, { value });
  }

  /** What `JSON.stringify` writes: all but the cause and the stack. */
  toJSON(): Pick<HeddleError, 'code' | 'summary' | 'found' | 'expected' | 'where' | 'hint'> {
    const { code, summary, found, expected, where, hint } = this;
    return { code, summary, found, expected, where, hint };
  }
}

/** The same error with more facts, or other ones. */
export function withFacts(error: HeddleError, facts: ErrorFacts): HeddleError {
  const { code, summary, cause, stack } = error;
  const given = Object.entries(facts).filter(([, fact]) => fact !== undefined);
  const own = { ...error.toJSON(), cause };
  const extended = new HeddleError(code, summary, { ...own, ...Object.fromEntries(given) });
  if (stack !== undefined) extended.stack = stack.replace(error.message, () => extended.message);
  return extended;
}

/** Throws {@link HeddleError} unless `condition` holds; the facts are only computed when it does not. */
export function ensure(
  condition: boolean,
  code: ErrorCode,
  message: string | (() => string),
  facts?: ErrorFacts | (() => ErrorFacts),
): asserts condition {
  if (condition) return;
  throw new HeddleError(
    code,
    typeof message === 'function' ? message() : message,
    typeof facts === 'function' ? facts() : facts,
  );
}

/** What `body` gives; errors out of it say in which file they arose. */
export function inFile<T>(file: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (!(error instanceof HeddleError) || error.where?.startsWith(file) === true) throw error;
    throw withFacts(error, { where: error.where === undefined ? file : `${file}, ${error.where}` });
  }
}

/** Throws INTERNAL: what no input brings about, but a fault of Heddle. */
export function fault(summary: string, where?: string): never {
  throw new HeddleError('INTERNAL', summary, { where });
}

/** For the default branch of an exhaustive switch: the type checker rejects the call if a case is missing. */
export function unreachable(value: never, what: string): never {
  throw new HeddleError('IR_INVALID', `unexpected ${what}: ${String(value)}`);
}
