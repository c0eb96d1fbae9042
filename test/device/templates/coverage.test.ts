/** The templates leave nothing out: a new op, or a new kind of kernel, has to have a graph among them. */
import { describe, expect, test } from 'vitest';
import { DEFAULT_TARGET, SOFTWARE_TARGET } from '../../../src/passes/target.js';
import { chooseTemplate, KERNEL_TEMPLATES } from '../../../src/codegen/lower/lower.js';
import { interpret } from '../../../src/interpreter/index.js';
import { isSplit } from '../../../src/ir/contraction.js';
import { isForDerivatives, OPS } from '../../../src/ir/ops.js';
import { toWords } from '../../../src/runtime/words.js';
import {
  lowerTemplate,
  templatePrograms,
  TEMPLATES,
  type LoweredTemplate,
} from '../../../src/device/templates/programs.js';

const lowered = (quick: boolean, target = SOFTWARE_TARGET): LoweredTemplate[] =>
  TEMPLATES.filter((template) => template.quick || !quick).map((template) => lowerTemplate(template, target));

const kernelsOf = (templates: readonly LoweredTemplate[]): string[] =>
  templates.flatMap(({ graph, planned }) =>
    planned.groups.map((group, i) => chooseTemplate(planned.bodies.get(i) ?? graph, group).template),
  );

describe('the templates', () => {
  test('use every op, after the passes', () => {
    const graphs = lowered(false).flatMap(({ graph, planned }) => [graph, ...planned.bodies.values()]);
    const used = new Set(graphs.flatMap(({ nodes }) => nodes.map(({ op }) => op)));
    // Of a cond, both branches are computed: the passes leave none.
    expect(OPS.filter((op) => !used.has(op) && !isForDerivatives(op))).toEqual(['cond']);
  });

  test('have contractions whose blocks are summed side by side', () => {
    const separate = lowered(false).filter(({ graph }) => graph.nodes.some(({ op }) => isSplit(op)));
    expect(separate.map(({ template }) => template.name)).toEqual(['sums of blocks']);
  });

  test.each([
    ['quick', true],
    ['full', false],
  ])('use every kind of kernel, %s', (_, quick) => {
    expect([...new Set(kernelsOf(lowered(quick)))].sort()).toEqual([...KERNEL_TEMPLATES].sort());
  });

  test.each([
    ['a GPU', DEFAULT_TARGET],
    ['a software GPU', SOFTWARE_TARGET],
  ])('have contractions that share a kernel, for %s', (_, target) => {
    const products = lowered(true, target).filter(({ template }) => template.name === 'matrix products');
    const { pipelines, commands } = products[0].planned.plan;
    expect(pipelines.length).toBeLessThan(commands.length);
    expect(pipelines[0].params).toBeGreaterThan(0);
  });

  test('have tiles of one result, and tiles of many', () => {
    const tiles = (target: typeof DEFAULT_TARGET): boolean[] =>
      lowered(true, target)
        .filter(({ template }) => template.name === 'matrix products')
        .map(({ planned }) => planned.plan.pipelines[0].code.includes('var sums: array'));
    expect([tiles(DEFAULT_TARGET), tiles(SOFTWARE_TARGET)]).toEqual([[false], [true]]);
  });

  test('are both shapes for a GPU, and all there is in full', () => {
    const count = (software: boolean, set: 'quick' | 'full'): number =>
      templatePrograms({ software }, set).length;
    expect(count(true, 'quick')).toBe(TEMPLATES.filter(({ quick }) => quick).length);
    expect(count(false, 'quick')).toBeGreaterThan(count(true, 'quick'));
    expect(count(true, 'full')).toBe(count(false, 'full'));
    expect(count(true, 'full')).toBeGreaterThan(TEMPLATES.length);
    const names = templatePrograms({}, 'full').map(({ group }) => group);
    expect(new Set(names).size).toBe(names.length);
  });

  test('are the same every time', () => {
    const text = (): string => JSON.stringify(templatePrograms({}, 'full'));
    expect(text()).toBe(text());
  });
});

describe.each(TEMPLATES.map((template) => [template.name, template] as const))('%s', (_, template) => {
  const { program, inputs } = lowerTemplate(template, SOFTWARE_TARGET);
  const outputs = Object.entries(interpret(program, inputs).outputs);

  test('has results that say something', () => {
    for (const [name, tensor] of outputs) {
      const words = new Set(toWords(tensor));
      if (tensor.dtype !== 'bool')
        expect(words.size, name).toBeGreaterThan(Math.min(3, tensor.data.length - 1));
      if (tensor.dtype !== 'f32') continue;
      const usual = tensor.data.filter((value) => Number.isFinite(value) && value !== 0).length;
      expect(usual / tensor.data.length, name).toBeGreaterThanOrEqual(0.25);
    }
  });
});
