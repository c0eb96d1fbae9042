/** What the fuzzer of inputs runs: files, configs and calls that nobody should write, but somebody will. */
import type { Random } from './random.js';

export { Random } from './random.js';

/** One hostile input. */
export interface Input {
  /** For people: what was changed, or the call; one line, the shorter the better. */
  readonly describe: string;
  /**
   * Gives the input to the package. It may throw a {@link HeddleError}, or return; anything else that it throws or
   * rejects with is a finding, as are a rejection that nobody waits for, more than ten seconds, and more than 2 GB.
   */
  run(): void | Promise<void>;
}

/** Inputs of one kind. The same random numbers give the same input. */
export interface InputFamily {
  /** Of letters, digits and dashes: `--family NAME`. */
  readonly name: string;
  make(random: Random): Input;
}
