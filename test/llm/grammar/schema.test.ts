/** JSON Schema: texts of its grammar are valid, and valid values, as JSON.stringify writes them, are texts of its grammar. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GrammarMachine } from '../../../src/llm/grammar/machine.js';
import { schemaGrammar, type JsonSchema } from '../../../src/llm/grammar/schema.js';
import { uniform } from '../support/tiny.js';
import { accepts, wander } from './support.js';

const leaf: fc.Arbitrary<object> = fc.oneof(
  fc.constantFrom<object>(
    { type: 'string' },
    { type: 'string', minLength: 1, maxLength: 4 },
    { type: 'string', pattern: '^[a-z"\\\\\\n]{1,3}$' },
    { type: 'string', pattern: 'b[0-9]' },
    { type: 'string', format: 'date' },
    { type: 'integer' },
    { type: 'number' },
    { type: ['boolean', 'null'] },
    { enum: ['a', 1, null, { b: [true] }, 'quoted "text"'] },
    { type: 'string', enum: ['x', 3] },
    { const: 'fixed' },
    { title: 'anything' },
    { type: 'array' },
    { type: 'object' },
  ),
  fc.tuple(fc.integer({ min: -50, max: 50 }), fc.nat(30)).map(([minimum, more]) => ({ type: 'integer', minimum, exclusiveMaximum: minimum + more + 1 })), // prettier-ignore
);

const NAMES = ['a', 'ab', 'b', 'with "quotes"', ''];
const { schema } = fc.letrec<{ schema: object }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    leaf,
    fc
      .tuple(fc.dictionary(fc.constantFrom(...NAMES), tie('schema'), { maxKeys: 4 }), fc.subarray(NAMES), fc.constantFrom(true, false, undefined, { type: 'integer' }))
      .filter(([properties, required, others]) => others !== false || required.every((name) => Object.hasOwn(properties, name)))
      .map(([properties, required, others]) => ({ type: 'object', properties, required, ...(others === undefined ? {} : { additionalProperties: others }) })),
    fc.record({ type: fc.constant('array'), items: tie('schema'), minItems: fc.nat(2), maxItems: fc.integer({ min: 2, max: 4 }) }),
    fc.record({ type: fc.constant('array'), prefixItems: fc.array(tie('schema'), { minLength: 1, maxLength: 3 }), items: fc.oneof(fc.constant(false), tie('schema')), minItems: fc.nat(3) }),
    fc.record({ anyOf: fc.array(tie('schema'), { minLength: 1, maxLength: 3 }) }),
  ),
})); // prettier-ignore

const ajv = new Ajv2020({ strict: false, validateFormats: false });
const TREE: JsonSchema = {
  $ref: '#/$defs/node',
  $defs: {
    node: {
      type: 'object',
      properties: {
        value: { type: 'integer' },
        children: { type: 'array', items: { $ref: '#/$defs/node' } },
      },
      required: ['value'],
    },
  },
};

describe('texts of the grammar of a schema', () => {
  it('are valid', () => {
    let compared = 0;
    fc.assert(
      fc.property(schema, fc.nat(), (each, seed) => {
        const isValid = ajv.compile(each);
        let machine: GrammarMachine;
        try {
          machine = new GrammarMachine(schemaGrammar(each as JsonSchema));
        } catch (error) {
          // Such as an array of at least three items of which only two are allowed.
          expect(String(error)).toMatch(/no text is allowed/);
          return;
        }
        const random = uniform(seed);
        for (let i = 0; i < 3; i++) {
          const text = wander(machine, random);
          if (text === undefined) continue;
          expect(isValid(JSON.parse(text)), `${text} of ${JSON.stringify(each)}`).toBe(true);
          compared++;
        }
      }),
      { numRuns: 60 },
    );
    expect(compared).toBeGreaterThan(50);
  }, 60_000);

  it.each<[JsonSchema, unknown[], unknown[]]>([
    [{ type: 'object', properties: { a: { type: 'integer' }, b: { type: 'string' } }, required: ['b'] }, [{ b: 'x' }, { a: 1, b: '' }], [{ a: 1 }, {}, { b: 1 }, { b: 'x', c: 1 }]],
    [{ type: 'object', properties: { a: true }, additionalProperties: { type: 'integer' } }, [{}, { a: 'x' }, { a: 1, b: 2 }, { b: 2, aa: 3 }], [{ b: 'x' }]],
    [{ enum: ['a', 1, null, [2, { c: 3 }]] }, ['a', 1, null, [2, { c: 3 }]], ['b', 2, [2]]],
    [{ type: 'integer', minimum: 5, maximum: 12 }, [5, 9, 10, 12], [4, 13, -7, 100]],
    [{ type: 'array', items: { type: 'boolean' }, minItems: 1, maxItems: 2 }, [[true], [true, false]], [[], [true, true, true], [1]]],
    [{ type: 'array', prefixItems: [{ type: 'string' }, { type: 'integer' }] }, [[], ['a'], ['a', 1], ['a', 1, {}]], [[1], ['a', 'b']]],
    [{ type: 'string', format: 'date' }, ['2026-11-30'], ['2026-13-01', 'x']],
    [{ type: 'string', pattern: '^a' }, ['a', 'a"\\\n'], ['b', '']],
    [{ oneOf: [{ type: 'string' }, { type: 'null' }] }, ['x', null], [1]],
    [{ minimum: 3 }, [3], [2, 'x']],
    [TREE, [{ value: 1 }, { value: 1, children: [{ value: 2, children: [] }] }], [{ children: [] }, { value: 1, children: [1] }]],
    [true, [1, 'x', [{ a: null }]], []],
  ])('%j: valid values are, others not', (each, valid, invalid) => {
    const machine = new GrammarMachine(schemaGrammar(each));
    const found = [...valid, ...invalid].map((value) => accepts(machine, JSON.stringify(value)));
    expect(found).toEqual([...valid.map(() => true), ...invalid.map(() => false)]);
    for (const value of valid) expect(accepts(machine, JSON.stringify(value, undefined, 2))).toBe(true);
  }); // prettier-ignore

  it.each<[unknown, RegExp]>([
    [{ not: { type: 'string' } }, /keyword.*#\/not|keyword/s],
    [{ type: 'text' }, /"text".*object, array.*#\/type|"text".*object, array/s],
    [{ type: 'object', properties: { a: { type: 'number', minimum: 1 } } }, /#\/properties\/a\/minimum/],
    [{ allOf: [{}, {}] }, /2 schemas.*#\/allOf|2 schemas/s],
    [{ $ref: 'https://example.org/x' }, /leaves the schema.*#\/\$ref|leaves the schema/s],
    [{ $ref: '#/$defs/none' }, /no target.*#\/\$ref|no target/s],
    [{ $ref: '#' }, /no text is allowed/],
    [{ type: 'string', pattern: '(' }, /regular expression is not valid/],
    [{ type: 'string', pattern: 'a', maxLength: 2 }, /hold together.*#\/pattern|hold together/s],
    [{ type: 'array', minItems: 'x' }, /#\/minItems/],
    [{ type: 'array', minItems: 3, maxItems: 2 }, /no text is allowed/],
    [{ enum: 'x' }, /not a list.*#\/enum/s],
    [false, /no text is allowed/],
    ['x', /not a schema/],
  ])('%j is refused, with the place', (each, error) => {
    const make = (): unknown => new GrammarMachine(schemaGrammar(each as JsonSchema));
    expect(make).toThrow(/LLM_GRAMMAR/);
    expect(make).toThrow(error);
  });

  it('cost as much for twice the text', () => {
    const machine = new GrammarMachine(schemaGrammar({ type: 'array', items: { type: 'integer' } }));
    let states = 0;
    for (const length of [100, 10_000]) {
      expect(accepts(machine, JSON.stringify(new Array(length).fill(17)))).toBe(true);
      if (states !== 0) expect(machine.size).toBe(states);
      states = machine.size;
    }
  });
});
