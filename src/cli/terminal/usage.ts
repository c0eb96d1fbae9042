/** What commander says of a wrong command line, in the words of this program. */
import { printableLines } from '../../base/printable.js';

/** Options of other programs, and what they are here, by verb. */
const FOREIGN: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  extract: { '--output': '--out', '--inputs': '--from', '--outputs': '--to' },
  train: {
    '--lr': '--rate',
    '--learning-rate': '--rate',
    '--batch-size': '--batch',
    '--output': '--out',
    '-o': '--out',
  },
};

/** `message` with a hint of this program's form, where there is one to give. */
export function usageText(message: string, verb: string | undefined): string {
  const [first, ...rest] = printableLines(message).trimEnd().split('\n');
  const guess = /^\(Did you mean (one of )?(.*)\?\)$/.exec(rest.join(' '));
  const hint = hintFor(first, verb) ?? (guess === null ? undefined : `did you mean ${guess[2]}?`);
  if (hint !== undefined) return `${first}\n  hint:     ${hint}`;
  return [first, ...rest].join('\n');
}

function hintFor(message: string, verb: string | undefined): string | undefined {
  if (/'--data <source>' not specified/.test(message)) return 'for example --data random:1';
  const option = /unknown option '([^'=]*)/.exec(message)?.[1];
  const known = verb !== undefined && Object.hasOwn(FOREIGN, verb) ? FOREIGN[verb] : {};
  if (option === undefined || !Object.hasOwn(known, option)) return undefined;
  return `did you mean ${known[option]}?`;
}
