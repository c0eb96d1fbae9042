/** What a generated text is held to. */
import { HeddleError } from '../../base/errors.js';
import { describeValue } from '../../base/describe.js';
import { isObject, type Json } from '../text/json-vocabulary.js';
import { ANY_OBJECT, JSON_RULES } from './json.js';
import { GrammarMachine } from './machine.js';
import type { Grammar } from './node.js';
import { regexGrammar } from './regex.js';
import { schemaGrammar, type JsonSchema } from './schema.js';
import type { TokenTree } from './tokens.js';

/** The texts that may be generated: an object of JSON, values of a schema, or texts that match a regular expression as a whole. */
export type Constraint =
  { readonly json: true } | { readonly schema: JsonSchema } | { readonly regex: string | RegExp };

/** Throws USAGE for what is no constraint, LLM_GRAMMAR for schemas and expressions that cannot be followed. */
export function grammarOf(constraint: unknown): Grammar {
  if (isObject(constraint) && Object.keys(constraint).length === 1) {
    const { json, schema, regex } = constraint;
    if (json === true) return { root: ANY_OBJECT, rules: JSON_RULES };
    if (schema !== undefined) return schemaGrammar(schema as Json);
    if (typeof regex === 'string') return { root: regexGrammar(regex), rules: new Map() };
    if (regex instanceof RegExp) return { root: regexGrammar(regex.source, regex.flags), rules: new Map() };
  }
  throw new HeddleError('USAGE', 'the value is not a constraint', {
    found: describeValue(constraint),
    expected: '{ json: true }, { schema: { ... } } or { regex: "..." }',
  });
}

/** Masks that are kept: each is a bit for every token, and texts of limited length have states without end. */
const MOST_MASKS = 128;

/** Follows one text, token by token. */
export class ConstrainedText {
  private readonly machine: GrammarMachine;
  private readonly masks = new Map<number, Uint32Array>();
  /** The state after each of the tokens, the first before all of them. */
  private readonly states: number[];

  constructor(
    grammar: Grammar,
    private readonly tree: TokenTree,
    private readonly bytesOf: (token: number) => Uint8Array,
    private readonly isEnd: (token: number) => boolean,
  ) {
    this.machine = new GrammarMachine(grammar);
    this.states = [this.machine.start];
  }

  /** Whether the text of these tokens may end, and has nothing to go on with. The tokens begin as at the call before. */
  isComplete(tokens: readonly number[]): boolean {
    return this.machine.isComplete(this.after(tokens));
  }

  /** Which token may follow these. Throws LLM_GRAMMAR where the vocabulary has none. */
  allowed(tokens: readonly number[]): (token: number) => boolean {
    const state = this.after(tokens);
    const found = this.masks.get(state) ?? this.tree.following(this.machine, state);
    if (this.masks.size >= MOST_MASKS) this.masks.clear();
    this.masks.set(state, found);
    const mayEnd = this.machine.accepts(state);
    if (!mayEnd && found.every((word) => word === 0))
      throw new HeddleError('LLM_GRAMMAR', 'the vocabulary has no token with which the text could go on', {
        expected: 'a token for each byte, or a grammar of what the vocabulary has',
      });
    return (token) => (this.isEnd(token) ? mayEnd : ((found[token >>> 5] >>> (token & 31)) & 1) === 1);
  }

  private after(tokens: readonly number[]): number {
    for (let i = this.states.length - 1; i < tokens.length; i++) {
      let state = this.states[i];
      for (const byte of this.bytesOf(tokens[i])) state = this.machine.step(state, byte);
      this.states.push(state);
    }
    return this.states[tokens.length];
  }
}
