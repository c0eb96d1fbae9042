/** Exported files mean the same to another runtime, within a tolerance: its sums and functions round in other places. */
import { expect, test } from 'vitest';
import { exportOnnx } from '../../../../src/frontends/onnx/index.js';
import { interpret } from '../../../../src/interpreter/index.js';
import { specimen } from '../../../support/specimen.js';
import type { Flavour } from '../../../support/tensors.js';
import { CASES, type ExportCase } from './cases.js';
import { farApart, runForeign } from './support.js';

/**
 * Integers are exact, and what ONNX leaves open about them the exported operators avoid; so do conversions from floats.
 * Only sums of i32 are left to the runtime, and this one's saturate.
 */
const isExact = ({ name }: ExportCase): boolean =>
  /^cast f(32|16) to [iu]32/.test(name) || (!/f32|f16|reduce sum i32/.test(name) && /[iu]32|bool/.test(name));

function flavoursOf(entry: ExportCase): readonly Flavour[] {
  if (entry.smallOnly !== undefined) return ['plain'];
  return isExact(entry) ? ['plain', 'usual', 'hostile'] : ['plain', 'usual'];
}

test.each(CASES)('$name', async (entry) => {
  for (const flavour of flavoursOf(entry)) {
    const { program, inputs } = specimen(entry.define, flavour);
    const expected = interpret(program, inputs).outputs;
    const bytes = exportOnnx(program, entry.opset === undefined ? {} : { opset: entry.opset });
    const found = await runForeign(bytes, program, inputs);
    for (const [name, tensor] of Object.entries(expected))
      expect(farApart(found[name], tensor), `${flavour}: ${name}`).toBeUndefined();
  }
});
