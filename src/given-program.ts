/** Programs as users give them, where the check of the IR (`checkProgram`) says what they are and this says how to get one. */
import { withFacts, HeddleError } from './base/errors.js';
import { checkProgram } from './ir/check-program.js';
import type { Program } from './ir/graph.js';

/** Throws USAGE, as {@link checkProgram} does, unless `value` is a program, with what makes one of it. */
export function givenProgram(call: string, value: unknown): asserts value is Program {
  try {
    checkProgram(call, value);
  } catch (error) {
    if (!(error instanceof HeddleError) || error.code !== 'USAGE') throw error;
    throw withFacts(error, {
      expected: `${error.expected}, such as importOnnx(bytes) or (await jit(f).compile(x)).program`,
      hint: hintFor(value) ?? error.hint,
    });
  }
}

function hintFor(value: unknown): string | undefined {
  if (typeof value === 'function')
    return 'lower' in value
      ? 'a compiled function is traced for arguments: (await f.compile(...arguments)).program'
      : 'trace it first: (await jit(f).compile(...arguments)).program';
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer)
    return 'importOnnx(bytes) reads ONNX; loadBundle(bytes, { device }) runs what is compiled already';
  if (typeof value === 'string') return 'read the file first: importOnnx(readFileSync(path))';
  if (typeof value !== 'object' || value === null || OWN.some((property) => property in value))
    return undefined;
  return NEAR.find(([property]) => property in value)?.[1];
}

/** What the check itself has a hint for. */
const OWN = ['then', 'program', 'graph', 'nodes'];

/** What is near to a program, by what gives it away. */
const NEAR: readonly (readonly [property: string, hint: string])[] = [
  ['prepared', 'pass compiled.prepared.original'],
  ['call', 'trace the model: (await jit((x) => model.call(x)).compile(x)).program'],
];
