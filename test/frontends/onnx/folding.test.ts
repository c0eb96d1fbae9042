/** Nodes on known tensors that only move elements: those that are alike are computed once, and none is taken for another. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeModel, node, port, tensor, type Proto } from '../../../scripts/onnx-proto.mjs';
import { interpret } from '../../../src/interpreter/index.js';
import { fuzz } from '../../support/fuzz.js';
import { importVerified } from './support.js';

const MATRICES = ['a', 'b'] as const;
const [ROWS, COLUMNS] = [2, 3];

/** A node on a matrix [2, 3] of int64, and its result from the rows. */
interface Step {
  readonly matrix: (typeof MATRICES)[number];
  readonly op: 'Gather' | 'Transpose' | 'Concat' | 'Reshape';
  readonly axis: number;
  readonly index: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  matrix: fc.constantFrom(...MATRICES),
  op: fc.constantFrom('Gather', 'Transpose', 'Concat', 'Reshape'),
  axis: fc.nat(1),
  index: fc.nat(1),
});

const nodeOf = ({ matrix, op, axis, index }: Step, output: string): Proto => {
  if (op === 'Transpose') return node(op, [matrix], [output], { perm: axis === 0 ? [0, 1] : [1, 0] });
  if (op === 'Concat') return node(op, index === 0 ? [matrix, 'a'] : [matrix], [output], { axis });
  if (op === 'Reshape') return node(op, [matrix, `shape${axis}`], [output]);
  return node(op, [matrix, `index${index}`], [output], { axis });
};

type Rows = readonly (readonly number[])[];
const columnsOf = (rows: Rows): Rows => rows[0].map((_, column) => rows.map((row) => row[column]));

function expected(
  { matrix, op, axis, index }: Step,
  values: Readonly<Record<string, Rows>>,
): readonly number[] {
  // prettier-ignore
  const rows = values[matrix];
  if (op === 'Reshape') return rows.flat();
  if (op === 'Transpose') return (axis === 0 ? rows : columnsOf(rows)).flat();
  if (op === 'Gather') return axis === 0 ? rows[index] : rows.map((row) => row[index]);
  if (index === 1) return rows.flat();
  return axis === 0 ? [...rows, ...values.a].flat() : rows.flatMap((row, i) => [...row, ...values.a[i]]);
}

test('many nodes, alike and not', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 2, maxLength: 12 }), (steps) => {
      const values = { a: [[1, 2, 3], [4, 5, 6]], b: [[-7, 8, 2 ** 40], [10, 11, 12]] }; // prettier-ignore
      const int64 = (name: string, shape: readonly number[], data: readonly number[]): Proto => tensor(name, 'int64', shape, data); // prettier-ignore
      const bytes = encodeModel(
        {
          node: steps.map((each, i) => nodeOf(each, `y${i}`)),
          initializer: [
            ...MATRICES.map((name) => int64(name, [ROWS, COLUMNS], values[name].flat())),
            ...[0, 1].map((index) => int64(`index${index}`, [], [index])),
            int64('shape0', [2], [3, 2]),
            int64('shape1', [2], [-1, 1]),
          ],
          output: steps.map((_, i) => port(`y${i}`, 'int64')),
        },
        { opset: 17 },
      );
      const program = importVerified(bytes);
      const { outputs } = interpret(program, {});
      const words = (data: ArrayLike<number>, paired: boolean): readonly number[] =>
        paired
          ? Array.from({ length: data.length / 2 }, (_, i) =>
              Number(BigInt.asIntN(64, (BigInt(data[2 * i + 1]) << 32n) | BigInt(data[2 * i]))),
            )
          : Array.from(data);
      steps.forEach((each, i) => {
        const found = words(outputs[`y${i}`].data, program.outputs[i].paired === true);
        expect(found).toEqual(expected(each, values));
      });
    }),
    fuzz(60),
  );
});
