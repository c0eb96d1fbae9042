/** The graphs that prove a device, on the WebAssembly engine: each has the interpreter's bits. */
import { describe, expect, test } from 'vitest';
import { TEMPLATES } from '../../../src/device/templates/programs.js';
import { TemplateBuilder } from '../../../src/device/templates/template.js';
import { preparedForWasm, wasmDifferences } from '../../support/wasm.js';

describe.each(TEMPLATES.map((template) => [template.name, template] as const))('%s', (name, template) => {
  test.each(['preserve', 'flush'] as const)(
    'has the bits of the interpreter, subnormals: %s',
    async (subnormals) => {
      const b = new TemplateBuilder(name);
      template.define(b);
      const { program, inputs } = b.finish();
      const prepared = preparedForWasm(program, undefined, subnormals);
      expect(await wasmDifferences(program, [inputs], prepared)).toEqual([]);
    },
  );
});
