/**
 * JSON Schema (draft 2020-12) as a grammar: every text of it is a valid value. Properties come in the order of the schema, those that
 * only `additionalProperties` allows behind them, and only where it is written. Keywords that cannot be followed are refused.
 */
import { HeddleError } from '../../base/errors.js';
import { isObject, type Json } from '../text/json-vocabulary.js';
import { integersBetween } from './integers.js';
import * as json from './json.js';
import {
  choice,
  EMPTY_TEXT,
  literal,
  optional,
  repeat,
  rule,
  sequence,
  type Grammar,
  type GrammarNode,
} from './node.js';
import { regexGrammar, searchGrammar } from './regex.js';

/** A schema: an object of keywords, or true for any value. */
export type JsonSchema = Json | boolean;

/** Keywords that say nothing of what is valid. */
const NOTES = '$schema $id $comment $anchor $defs definitions title description default examples deprecated readOnly writeOnly format'.split(' '); // prettier-ignore

/** Keywords of the types; each may stand in schemas of others, where it says nothing. */
const KEYWORDS: Readonly<Record<string, readonly string[]>> = {
  object: ['properties', 'required', 'additionalProperties'],
  array: ['items', 'prefixItems', 'minItems', 'maxItems'],
  string: ['minLength', 'maxLength', 'pattern'],
  integer: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'],
  number: [],
  boolean: [],
  null: [],
};
const TYPES = Object.keys(KEYWORDS);
const GENERAL = ['type', 'enum', 'const', 'anyOf', 'oneOf', 'allOf', '$ref'];

const two = '[0-9]{2}';
const DATE = '[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])';
const TIME = `([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,6})?(Z|[+-]${two}:${two})`;
/** Formats whose texts are held to them; others are notes. */
const FORMATS: Readonly<Record<string, string>> = {
  date: DATE,
  time: TIME,
  'date-time': `${DATE}T${TIME}`,
  uuid: '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}',
};

/** Values of a schema. Throws LLM_GRAMMAR, with the place in the schema, for what is none or cannot be followed. */
export function schemaGrammar(schema: JsonSchema): Grammar {
  const rules = new Map(json.JSON_RULES);
  return { root: new Schemas(schema, rules).node(schema, '#'), rules };
}

class Schemas {
  constructor(
    private readonly whole: JsonSchema,
    private readonly rules: Map<string, GrammarNode>,
  ) {}

  node(schema: unknown, at: string): GrammarNode {
    if (schema === true) return json.VALUE;
    if (schema === false) return choice();
    if (!isObject(schema) || Array.isArray(schema)) throw fault(at, 'a part is not a schema', JSON.stringify(schema), 'an object, true or false'); // prettier-ignore
    this.checkKeywords(schema, at);
    if (schema.$ref !== undefined)
      return this.alone(schema, at, ['$ref'], () => this.reference(schema.$ref, at));
    const valuesOf = (name: string, values: readonly unknown[]): GrammarNode =>
      this.alone(schema, at, [name, 'type'], () => {
        const types = schema.type === undefined ? TYPES : this.types(schema, at);
        return choice(
          ...values.filter((value) => types.some((type) => isOfType(value, type))).map(json.exactly),
        );
      });
    if (schema.const !== undefined) return valuesOf('const', [schema.const]);
    if (schema.enum !== undefined) return valuesOf('enum', listOf(schema.enum, `${at}/enum`));
    for (const name of ['anyOf', 'oneOf', 'allOf'])
      if (schema[name] !== undefined)
        return this.alone(schema, at, [name], () => this.several(name, schema[name], `${at}/${name}`));
    return choice(...this.types(schema, at).map((type) => this.typed(type, schema, at)));
  }

  private checkKeywords(schema: Json, at: string): void {
    const known = [...NOTES, ...GENERAL, ...Object.values(KEYWORDS).flat()];
    const unknown = Object.keys(schema).find((name) => !known.includes(name));
    if (unknown !== undefined) throw fault(`${at}/${unknown}`, 'a keyword of the schema cannot be followed', unknown, [...GENERAL, ...Object.values(KEYWORDS).flat()].join(', ')); // prettier-ignore
  }

  /** What `body` gives, where no other keyword would have to hold as well. */
  private alone(schema: Json, at: string, allowed: readonly string[], body: () => GrammarNode): GrammarNode {
    const other = Object.keys(schema).find((name) => !allowed.includes(name) && !NOTES.includes(name));
    if (other !== undefined) throw fault(`${at}/${other}`, 'keywords that must hold together cannot be followed', `${allowed[0]} and ${other}`, `${allowed[0]} alone`); // prettier-ignore
    return body();
  }

  private several(name: string, value: unknown, at: string): GrammarNode {
    const list = listOf(value, at);
    if (name === 'allOf' && list.length !== 1) throw fault(at, 'keywords that must hold together cannot be followed', `${list.length} schemas`, 'one schema'); // prettier-ignore
    return choice(...list.map((each, i) => this.node(each, `${at}/${i}`)));
  }

  private reference(value: unknown, at: string): GrammarNode {
    if (typeof value !== 'string' || !/^#(\/|$)/.test(value)) throw fault(`${at}/$ref`, 'a reference leaves the schema', JSON.stringify(value), 'one that begins with #'); // prettier-ignore
    if (!this.rules.has(value)) {
      let target: unknown = this.whole;
      for (const part of value.split('/').slice(1)) {
        const name = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~');
        target = isObject(target) && Object.hasOwn(target, name) ? target[name] : undefined;
      }
      if (target === undefined)
        throw fault(`${at}/$ref`, 'a reference has no target', value, 'a part of the schema');
      // Known before it is made, since it may lead to itself.
      this.rules.set(value, EMPTY_TEXT);
      this.rules.set(value, this.node(target, value));
    }
    return rule(value);
  }

  /** The types that a schema names, or those that its keywords are about, or all. */
  private types(schema: Json, at: string): readonly string[] {
    const { type } = schema;
    if (type === undefined) {
      const meant = TYPES.filter((each) => KEYWORDS[each].some((name) => schema[name] !== undefined));
      return meant.length === 0 ? ['any'] : meant;
    }
    const list = Array.isArray(type) ? (type as readonly unknown[]) : [type];
    const wrong = list.find((each) => typeof each !== 'string' || !TYPES.includes(each));
    if (list.length === 0 || wrong !== undefined) throw fault(`${at}/type`, 'a type is not known', JSON.stringify(type), TYPES.join(', ')); // prettier-ignore
    return list as readonly string[];
  }

  private typed(type: string, schema: Json, at: string): GrammarNode {
    switch (type) {
      case 'object':
        return this.object(schema, at);
      case 'array':
        return this.array(schema, at);
      case 'string':
        return string(schema, at);
      case 'integer':
        return integer(schema, at);
      case 'number':
        for (const name of KEYWORDS.integer)
          if (schema[name] !== undefined) throw fault(`${at}/${name}`, 'a bound of numbers cannot be followed', 'type number', 'type integer'); // prettier-ignore
        return json.NUMBER;
      case 'boolean':
        return json.BOOLEAN;
      case 'null':
        return json.NULL;
      default:
        return json.VALUE;
    }
  }

  private object(schema: Json, at: string): GrammarNode {
    const { properties = {}, required = [], additionalProperties } = schema;
    if (!isObject(properties)) throw fault(`${at}/properties`, 'the properties are not an object', JSON.stringify(properties), 'an object of schemas'); // prettier-ignore
    const needed = listOf(required, `${at}/required`).map(String);
    const own = Object.keys(properties);
    if (own.length === 0 && needed.length === 0 && (additionalProperties ?? true) === true)
      return json.ANY_OBJECT;
    const names = [...new Set([...own, ...needed])];
    const extra = (): GrammarNode => this.node(additionalProperties ?? true, `${at}/additionalProperties`);
    const members = names.map((name) => {
      const value = Object.hasOwn(properties, name) ? this.node(properties[name], `${at}/properties/${escaped(name)}`) : extra(); // prettier-ignore
      return json.memberOf(literal(JSON.stringify(name)), value);
    });
    const hasOthers = (additionalProperties ?? false) !== false;
    const others = hasOthers ? json.memberOf(json.nameOtherThan(names), extra()) : undefined;
    return json.inBrackets('{', this.members(at, members, names.map((name) => needed.includes(name)), others), '}'); // prettier-ignore
  }

  /** Members in order; rules for what may follow the first i of them, so that no comma is too many. */
  private members(
    at: string,
    members: readonly GrammarNode[],
    needed: readonly boolean[],
    others: GrammarNode | undefined,
  ): GrammarNode {
    const comma = sequence(json.SPACE, literal(','), json.SPACE);
    const name = (i: number, isFirst: boolean): string =>
      `${at} members from ${i}${isFirst ? ', none before' : ''}`;
    for (let i = members.length; i >= 0; i--)
      for (const isFirst of [true, false]) {
        const here = (member: GrammarNode): GrammarNode => (isFirst ? member : sequence(comma, member));
        const rest =
          others === undefined
            ? EMPTY_TEXT
            : optional(sequence(here(others), repeat(sequence(comma, others), 0)));
        const node =
          i === members.length
            ? rest
            : choice(
                sequence(here(members[i]), rule(name(i + 1, false))),
                ...(needed[i] ? [] : [rule(name(i + 1, isFirst))]),
              );
        this.rules.set(name(i, isFirst), node);
      }
    return rule(name(0, true));
  }

  private array(schema: Json, at: string): GrammarNode {
    const { items, prefixItems } = schema;
    const first = prefixItems === undefined ? [] : listOf(prefixItems, `${at}/prefixItems`);
    const min = count(schema, 'minItems', at) ?? 0;
    const max = count(schema, 'maxItems', at) ?? Infinity;
    if (first.length === 0 && items === undefined && min === 0 && max === Infinity) return json.ANY_ARRAY;
    const item = this.node(items ?? true, `${at}/items`);
    if (first.length === 0) return json.inBrackets('[', json.listed(item, min, max), ']');
    const fixed = first.map((each, i) => this.node(each, `${at}/prefixItems/${i}`));
    const more = sequence(json.SPACE, literal(','), json.SPACE, item);
    const options: GrammarNode[] = [];
    for (let length = Math.min(min, fixed.length); length <= Math.min(fixed.length, max); length++) {
      const head = json.separated(fixed.slice(0, length));
      const isWhole = length === fixed.length && items !== false;
      const rest = isWhole ? repeat(more, Math.max(0, min - length), max - length) : EMPTY_TEXT;
      if (isWhole || length >= min) options.push(sequence(head, rest));
    }
    return json.inBrackets('[', choice(...options), ']');
  }
}

function isOfType(value: unknown, type: string): boolean {
  switch (type) {
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isObject(value) && !Array.isArray(value);
    case 'integer':
      return Number.isInteger(value);
    default:
      return typeof value === type;
  }
}

function string(schema: Json, at: string): GrammarNode {
  const min = count(schema, 'minLength', at) ?? 0;
  const max = count(schema, 'maxLength', at) ?? Infinity;
  const { pattern, format } = schema;
  const isSized = min !== 0 || max !== Infinity;
  const held = typeof format === 'string' && Object.hasOwn(FORMATS, format) ? FORMATS[format] : undefined;
  if (pattern !== undefined) {
    if (typeof pattern !== 'string') throw fault(`${at}/pattern`, 'the pattern is not a string', JSON.stringify(pattern), 'a regular expression'); // prettier-ignore
    if (isSized || held !== undefined) throw fault(`${at}/pattern`, 'keywords that must hold together cannot be followed', 'pattern, with a length or a format', 'pattern alone'); // prettier-ignore
    return json.quoted(searchGrammar(pattern, json.stringCharacters));
  }
  if (held === undefined) return json.quoted(repeat(json.STRING_CHARACTER, min, max));
  if (isSized) throw fault(`${at}/format`, 'keywords that must hold together cannot be followed', 'format and a length', 'format alone'); // prettier-ignore
  return json.quoted(regexGrammar(held));
}

function integer(schema: Json, at: string): GrammarNode {
  const bound = (name: string): number | undefined => {
    const value = schema[name];
    if (value === undefined || typeof value === 'number') return value;
    throw fault(`${at}/${name}`, 'a bound is not a number', JSON.stringify(value), 'a number');
  };
  const [above, below] = [bound('exclusiveMinimum') ?? -Infinity, bound('exclusiveMaximum') ?? Infinity];
  const min = Math.max(Math.ceil(bound('minimum') ?? -Infinity), Math.floor(above) + 1);
  const max = Math.min(Math.floor(bound('maximum') ?? Infinity), Math.ceil(below) - 1);
  return min === -Infinity && max === Infinity ? json.INTEGER : integersBetween(min, max);
}

function count(schema: Json, name: string, at: string): number | undefined {
  const value = schema[name];
  if (value === undefined || (Number.isSafeInteger(value) && Number(value) >= 0))
    return value as number | undefined;
  throw fault(`${at}/${name}`, 'a count is none', JSON.stringify(value), 'an integer from 0 on');
}

function listOf(value: unknown, at: string): readonly unknown[] {
  if (Array.isArray(value)) return value as readonly unknown[];
  throw fault(at, 'the value is not a list', JSON.stringify(value), 'a list');
}

const escaped = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');

const fault = (where: string, summary: string, found: string | undefined, expected: string): HeddleError =>
  new HeddleError('LLM_GRAMMAR', summary, {
    where: `the schema, ${where}`,
    found: found ?? 'nothing',
    expected,
  });
