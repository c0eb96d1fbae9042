/** Programs as users give them. */
import { describeValue } from '../base/describe.js';
import { HeddleError } from '../base/errors.js';
import type { Program } from './graph.js';

/** Throws USAGE unless `value` is a program: a graph with its weights. Says how to get one from what it is. */
export function checkProgram(call: string, value: unknown): asserts value is Program {
  if (
    isObject(value) &&
    isObject(value.graph) &&
    Array.isArray(value.graph.nodes) &&
    value.weights instanceof Map
  )
    return;
  throw new HeddleError('USAGE', 'that is no program', {
    where: call,
    found: describeValue(value),
    expected: 'a program { graph, weights }, such as importOnnx(bytes) or (await jit(f).compile(x)).program',
    hint: hintFor(value),
  });
}

function hintFor(value: unknown): string | undefined {
  if (typeof value === 'function')
    return 'lower' in value
      ? 'a compiled function is traced for arguments: (await f.compile(...arguments)).program'
      : 'trace it first: (await jit(f).compile(...arguments)).program';
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer)
    return 'importOnnx(bytes) reads ONNX; loadBundle(bytes, { device }) runs what is compiled already';
  if (typeof value === 'string') return 'read the file first: importOnnx(readFileSync(path))';
  if (!isObject(value)) return undefined;
  const near = NEAR.find(([property]) => property in value);
  return near?.[1];
}

/** What is near to a program, by what gives it away. */
const NEAR: readonly (readonly [property: string, hint: string])[] = [
  ['then', 'it is made later: await it'],
  ['program', 'pass its program'],
  ['prepared', 'pass compiled.prepared.original'],
  ['graph', 'weights are a Map: { graph, weights: new Map() } where there are none'],
  ['nodes', 'that is a graph: { graph, weights: new Map() } where it has no weights'],
  ['call', 'trace the model: (await jit((x) => model.call(x)).compile(x)).program'],
];

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
