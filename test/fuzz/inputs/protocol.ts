/** What the process that runs inputs tells the one that watches it: a JSON value a line. */

/** An input by the name of its family and its position in it. */
export interface InputName {
  readonly family: string;
  readonly position: number;
}

export type Message =
  | ({ readonly kind: 'begin' } & InputName)
  | { readonly kind: 'made'; readonly describe: string }
  | { readonly kind: 'end' }
  /** Something untyped was thrown by the input that runs, or ran last. */
  | { readonly kind: 'untyped'; readonly error: string }
  /** Too much memory is left behind by inputs that have ended: a fresh process has to go on. */
  | { readonly kind: 'full' };

/** The inputs that a process has to run: `position` goes up, over all families in turn. */
export interface Order {
  /** A module that exports `FAMILIES`. */
  readonly module: string;
  readonly seed: number;
  readonly families: readonly string[];
  /** The first input, counted over all families in turn, and the one after the last. */
  readonly from: number;
  readonly to: number;
}

export const nameAt = (families: readonly string[], index: number): InputName => ({
  family: families[index % families.length],
  position: Math.floor(index / families.length),
});

/** The file descriptor of the messages. */
export const MESSAGES = 3;
