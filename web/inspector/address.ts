/** What is looked at. It stands in the address after the #, or after the name of a page there, so that going back undoes, and a link shares it. */

import { ORDERS, type Order } from '../shared/measured.js';

export const VIEWS = ['graph', 'passes', 'kernels', 'memory', 'time', 'difference'] as const;
export type View = (typeof VIEWS)[number];

export interface State {
  /** Of a page that shows several: the model. */
  readonly model?: string;
  readonly view: View;
  /** The id of a graph. */
  readonly graph?: string;
  /** A value of that graph. */
  readonly value?: number;
  readonly kernel?: number;
  /** A rule; all without. */
  readonly rule?: string;
  /** A rewrite, by its number. */
  readonly rewrite?: number;
  /** Whether the graph before that is shown, and not the one after it. */
  readonly before?: boolean;
  /** A step of the memory plan. */
  readonly step?: number;
  /** Whether the code is that for the CPU. */
  readonly cpu?: boolean;
  /** What times are sorted by. */
  readonly by?: Order;
}

const number = (text: string | null): number | undefined =>
  text !== null && /^-?\d+$/.test(text) ? Number(text) : undefined;

/** Whatever does not belong into an address is left out. */
export function parseState(hash: string): State {
  const fields = new URLSearchParams(hash.replace(/^#([a-z]+\?|[a-z]+$)?/, ''));
  const view = VIEWS.find((name) => name === fields.get('view')) ?? 'graph';
  const graph = fields.get('graph') ?? undefined;
  const rule = fields.get('rule') ?? undefined;
  const model = fields.get('model') ?? undefined;
  const by = ORDERS.find((name) => name === fields.get('by'));
  const [value, kernel, step, rewrite] = ['value', 'kernel', 'step', 'rewrite'].map((name) =>
    number(fields.get(name)),
  );
  return defined({
    model,
    view,
    graph,
    value,
    kernel,
    rule,
    step,
    by,
    rewrite,
    before: fields.has('before') || undefined,
    cpu: fields.has('cpu') || undefined,
  });
}

/** `page`: what stands before the state, such as `inspect?`. */
export function printState(state: State, page = ''): string {
  const fields = new URLSearchParams();
  for (const [name, value] of Object.entries(state)) fields.set(name, String(value));
  return `#${page}${fields.toString()}`;
}

/** The fields that have a value. */
export function defined(fields: { readonly [K in keyof State]: State[K] | undefined }): State {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as unknown as State; // prettier-ignore
}

/** Changes of some fields; undefined takes one away. */
export type Change = { readonly [K in keyof State]?: State[K] | undefined };
export type Go = (change: Change) => void;
