/**
 * Exported and imported again, a program computes the same bits, on hostile values too: what ONNX defines, both sides
 * understand in the same way. The exceptions are in the cases.
 */
import { expect, test } from 'vitest';
import { exportOnnx, importOnnx } from '../../../../src/frontends/onnx/index.js';
import { interpret } from '../../../../src/interpreter/index.js';
import { CANONICAL_OPS } from '../../../../src/ir/ops.js';
import { verifyGraph } from '../../../../src/ir/verify.js';
import { differenceOf } from '../../../support/differential.js';
import { graphOf, specimen } from '../../../support/specimen.js';
import { FLAVOURS } from '../../../support/tensors.js';
import { CASES, type ExportCase } from './cases.js';
import { farApart } from './support.js';

const optionsOf = ({ opset }: ExportCase): { opset?: number } => (opset === undefined ? {} : { opset });

test('there is a case for every op', () => {
  const seen = new Set(CASES.flatMap(({ define }) => graphOf(define).nodes.map(({ op }) => op)));
  expect(CANONICAL_OPS.filter((op) => !seen.has(op))).toEqual([]);
});

test.each(CASES)('$name', (entry) => {
  for (const flavour of entry.inexact === undefined ? FLAVOURS : (['plain', 'usual'] as const)) {
    const { program, inputs } = specimen(entry.define, flavour);
    const back = importOnnx(exportOnnx(program, optionsOf(entry)));
    verifyGraph(back.graph);
    const expected = interpret(program, inputs).outputs;
    const found = interpret(back, inputs).outputs;
    for (const [name, tensor] of Object.entries(expected)) {
      const compare = entry.inexact === undefined ? differenceOf : farApart;
      expect(compare(found[name], tensor), `${flavour}: ${name}`).toBeUndefined();
    }
  }
});
