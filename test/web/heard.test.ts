/** Messages of a worker that runs foreign code: what is shown has the types that pages take for granted. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jit, REFERENCE, zeros, type Tensor } from '../../src/index.js';
import { inspectProgram } from '../../src/cli/reports/inspection/index.js';
import { heardOf } from '../../web/site/heard.js';

const { program } = await jit((x: Tensor) => x.matmul(x).softmax(), { backend: REFERENCE }).compile(zeros([4, 4])); // prettier-ignore
/** As it comes out of a worker. */
const RESULT = structuredClone({
  ir: 'graph',
  report: inspectProgram('f', program),
  outputs: [{ name: '', type: 'f32[4,4]', first: [0.25, NaN] }],
});
const REFUSED = { error: 'The program posted a message that the page cannot show.' };

test('results, news and errors are heard as they are', () => {
  for (const told of [
    { result: RESULT },
    { news: { stage: 'tracing', done: 1, total: 3 } },
    { error: 'no', line: 3 },
    { error: 'no' },
  ])
    expect(heardOf(told)).toEqual(told);
});

/** The places of all values inside `data`. */
function* placesIn(data: unknown, at: readonly string[] = []): Generator<readonly string[]> {
  yield at;
  if (typeof data !== 'object' || data === null) return;
  for (const [key, value] of Object.entries(data)) yield* placesIn(value, [...at, key]);
}

function withValue(data: unknown, [key, ...rest]: readonly string[], value: unknown): unknown {
  if (key === undefined) return value;
  const copy: Record<string, unknown> = {};
  Object.assign(copy, data);
  copy[key] = withValue(copy[key], rest, value);
  return Array.isArray(data) ? Object.values(copy) : copy;
}

test('a result with one value of another type is refused', () => {
  const places = [...placesIn({ result: RESULT })];
  // No value of a report is any of these.
  const hostile = fc.constantFrom<unknown>(null, true, 1n, { tag: 'img' }, [{ type: 'x', content: [] }], new Map(), () => 0); // prettier-ignore
  fc.assert(
    fc.property(fc.constantFrom(...places), hostile, (place, value) => {
      expect(heardOf(withValue({ result: RESULT }, place, value))).toEqual(REFUSED);
    }),
    { numRuns: 300 },
  );
});

test('so is a kernel whose code is missing, and a message of another kind', () => {
  const [kernel] = RESULT.report.kernels;
  for (const pipeline of [-1, 0.5, NaN, RESULT.report.pipelines.length])
    expect(
      heardOf({ result: { ...RESULT, report: { ...RESULT.report, kernels: [{ ...kernel, pipeline }] } } }),
    ).toEqual(REFUSED);
  for (const data of [
    undefined,
    null,
    'error',
    1,
    [],
    {},
    { error: 1 },
    { error: 'no', line: '3' },
    { news: { stage: {}, done: 0, total: 1 } },
    { rest: 1 },
  ])
    // prettier-ignore
    expect(heardOf(data)).toEqual(REFUSED);
  // What was not looked at is left out.
  expect(heardOf({ error: 'no', result: { ir: {} }, missing: 1 })).toEqual({ error: 'no' });
});
