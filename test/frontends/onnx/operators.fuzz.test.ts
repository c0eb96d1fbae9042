/**
 * Nodes of every operator with hostile attributes, shapes and constants: they are imported, or refused with a typed error
 * that says what is wrong, at once. An error of another kind is a check that a handler lacks.
 */
import { expect, test } from 'vitest';
import { HeddleError } from '../../../src/base/errors.js';
import { importOnnx } from '../../../src/frontends/onnx/index.js';
import { operatorName } from '../../../src/frontends/onnx/domain.js';
import { registry } from '../../../src/frontends/onnx/ops/index.js';
import { signatureOf } from '../../../src/frontends/onnx/signatures/index.js';
import type { ProtoAttribute, ProtoDType } from '../../../scripts/onnx-proto.mjs';
import { fuzz } from '../../support/fuzz.js';
import { oneNodeModel, random, type OneNode, type Operand } from './support.js';

const { numRuns, seed = 1 } = fuzz(30);

type Below = (below: number) => number;
const oneOf = <T>(below: Below, list: readonly T[]): T => list[below(list.length)];

const ENCODED: readonly string[] = ['float', 'uint8', 'int8', 'int32', 'int64', 'bool', 'double'];
const INTS = [
  0,
  1,
  2,
  3,
  4,
  -1,
  -2,
  -3,
  5,
  7,
  64,
  255,
  -255,
  1000,
  65_537,
  1e9,
  -1e9,
  2 ** 31 - 1,
  2 ** 53,
  -(2 ** 53),
];
const NUMBERS = [0, 1, -1, 0.5, 2, 3, -0, 1e9, 1e38, -1e38, NaN, Infinity, -Infinity, 1e-40];
const STRINGS = [
  ...[
    '',
    'NOTSET',
    'SAME_UPPER',
    'SAME_LOWER',
    'VALID',
    'constant',
    'reflect',
    'edge',
    'wrap',
    'nearest',
    'linear',
  ],
  ...['DCR', 'CRD', 'LEFT', 'RIGHT', 'none', 'tanh', 'asymmetric', 'half_pixel', 'floor', 'nonsense'],
];

function attributeOf(kind: string, below: Below): ProtoAttribute | undefined {
  const several = <T>(list: readonly T[]): T[] => Array.from({ length: below(5) }, () => oneOf(below, list));
  const small = below(3) > 0 ? INTS.slice(0, 8) : INTS;
  switch (kind.replace('!', '')) {
    case 'int':
      return oneOf(below, small);
    case 'float':
      return { float: oneOf(below, NUMBERS) };
    case 'string':
      return oneOf(below, STRINGS);
    case 'ints':
      return several(small);
    case 'floats':
      return { floats: several(NUMBERS) };
    default:
      return undefined;
  }
}

function operandOf(dtypes: readonly string[], rank: number, below: Below): Operand {
  const dtype = oneOf(below, dtypes) as ProtoDType;
  const shape = Array.from({ length: below(4) === 0 ? below(5) : rank }, () =>
    oneOf(below, [1, 2, 3, 4, 2, 3, 1, 0]),
  );
  const huge = below(8) === 0;
  const isKnown = below(3) > 0 && !huge;
  const values =
    dtype === 'float' || dtype === 'double'
      ? NUMBERS
      : dtype.startsWith('int')
        ? INTS.slice(0, below(3) > 0 ? 8 : INTS.length)
        : [0, 1, 2, 255];
  const data = Array.from({ length: shape.reduce((n, extent) => n * extent, 1) }, () => oneOf(below, values));
  return { dtype, shape: huge && shape.length > 0 ? shape.with(0, 2 ** 20) : shape, data, known: isKnown };
}

/** A node of an operator, allowed by its signature. */
function specOf(domain: string, op: string, opset: number, below: Below): OneNode {
  const { inputs, outputs, types, attributes } = signatureOf(operatorName(domain, op), opset)!;
  const rank = below(5);
  const chosen = new Map<string, readonly string[]>();
  const typesOf = (type: string): readonly string[] => {
    if (!chosen.has(type)) {
      const allowed = (types.get(type) ?? [type]).filter((dtype) => ENCODED.includes(dtype));
      chosen.set(type, [oneOf(below, allowed.length === 0 ? ['float'] : allowed)]);
    }
    return chosen.get(type)!;
  };
  const operands = inputs.flatMap(({ type, occurs }, i): (Operand | undefined)[] => {
    const count = occurs === 'once' ? 1 : occurs === 'optional' ? below(3) - 1 : 1 + below(3);
    if (count < 0) return [undefined];
    return Array.from({ length: count }, () =>
      operandOf(typesOf(type), i === 0 ? rank : [rank, 1][below(2)], below),
    );
  });
  const given = [...attributes].flatMap(([name, kind]): [string, ProtoAttribute][] => {
    const value = kind.endsWith('!') || below(2) === 0 ? attributeOf(kind, below) : undefined;
    return value === undefined ? [] : [[name, value]];
  });
  const result = (type: string): ProtoDType => typesOf(type)[0] as ProtoDType;
  const wanted = outputs.slice(0, 1 + below(outputs.length)).map(({ type }) => result(type));
  return { domain, op, opset, operands, attributes: Object.fromEntries(given), outputs: wanted };
}

/** What should not have happened, in a line. */
function attempt(domain: string, op: string, since: number, run: number): string | undefined {
  const spec = specOf(
    domain,
    op,
    since,
    random(Math.imul(seed, 1_000_003) + Math.imul(run, 7919) + since * 31 + op.length),
  );
  const start = performance.now();
  const problem = (what: string): string => `${what}: run ${run}, ${JSON.stringify(spec)}`;
  try {
    importOnnx(oneNodeModel(spec));
  } catch (error) {
    if (!(error instanceof HeddleError)) return problem(String(error));
    if (error.code === 'INTERNAL') return problem(error.found ?? '');
  }
  return performance.now() - start > 2_000 ? problem('took too long') : undefined;
}

test(`${numRuns} nodes of every operator and version`, () => {
  const problems = registry.rows().flatMap(({ domain, op, since }) => {
    for (let run = 0; run < numRuns; run++) {
      const problem = attempt(domain, op, since, run);
      if (problem !== undefined) return [problem];
    }
    return [];
  });
  expect(problems).toEqual([]);
}, 300_000);
