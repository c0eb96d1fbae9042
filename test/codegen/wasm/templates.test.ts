/** The graphs that prove a device, on the WebAssembly engine: each has the interpreter's bits. */
import { describe, expect, test } from 'vitest';
import { TEMPLATES } from '../../../src/device/templates/programs.js';
import { TemplateBuilder } from '../../../src/device/templates/template.js';
import { wasmDifferences } from '../../support/wasm.js';

describe.each(TEMPLATES.map((template) => [template.name, template] as const))('%s', (name, template) => {
  test('has the bits of the interpreter', async () => {
    const b = new TemplateBuilder(name);
    template.define(b);
    const { program, inputs } = b.finish();
    expect(await wasmDifferences(program, [inputs])).toEqual([]);
  });
});
