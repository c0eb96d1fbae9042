/** Transposes that contractions want for lanes in step: once, and not in every trip. */
import { expect, test } from 'vitest';
import { prepare } from '../../../src/compile.js';
import { GraphBuilder } from '../../../src/ir/builder.js';
import { WASM_TARGET } from '../../../src/passes/target.js';
import { emitLoop } from '../../support/inner.js';

test('a loop on WebAssembly transposes what all trips share before it', () => {
  const b = new GraphBuilder('recurrence');
  const [h, w] = [b.param('h', 'f32', [2, 64]), b.param('w', 'f32', [64, 64])];
  const [y] = emitLoop(b, { trips: 9, carried: [h], captures: [w] }, (inner, _, held, weights) => [
    inner.unary(
      'tanh',
      inner.emit('dot', [held, weights], { lhsContract: [1], rhsContract: [1], lhsBatch: [], rhsBatch: [] }),
    ),
  ]);
  b.output('y', y);
  const { plan } = prepare({ graph: b.build(), weights: new Map() }, { target: WASM_TARGET }).planned;
  const [{ first, end }] = plan.loops ?? [];
  expect(plan.commands.slice(first, end).map(({ label }) => label)).toEqual(['dot+tanh -> f32[2,64]']);
  expect(plan.commands.slice(0, first).some(({ label }) => label.startsWith('permute'))).toBe(true);
});
