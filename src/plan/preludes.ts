import type { Suite } from './suite.js';

/** The text before every kernel, in all its variants: which of them a device needs is known when it has been probed. */
export interface PreludeTexts {
  readonly base: string;
  readonly mac: Readonly<Record<'fusedZero' | 'opaque', string>>;
  readonly divide: Readonly<Record<'native' | 'preserve' | 'flush', string>>;
  readonly squareRoot: Readonly<Record<'native' | 'preserve' | 'flush', string>>;
}

/** The texts, and what proves a device for kernels that stand behind them. */
export interface Preludes extends PreludeTexts {
  readonly suite: Suite;
}
