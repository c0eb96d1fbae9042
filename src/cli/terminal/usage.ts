/** What commander says of a wrong command line, in the words of this program. */
import { nearestName } from '../../base/nearest.js';
import { printableLines } from '../../base/printable.js';

/** Something by option, by verb. */
type ByOption = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Options of other programs, and what they are here. */
const FOREIGN: ByOption = {
  extract: { '--output': '--out', '--inputs': '--from', '--outputs': '--to' },
  train: {
    '--lr': '--rate',
    '--learning-rate': '--rate',
    '--batch-size': '--batch',
    '--output': '--out',
  },
};

/** Options by former names, and what they are called now. */
const FORMER: ByOption = { compile: { '--output': '--out' }, edit: { '--output': '--add-output' } };

/** What the options that a verb must have look like. */
const EXAMPLES: ByOption = {
  run: { '--data': '--data random:1' },
  verify: { '--data': '--data random:1' },
  compile: { '--out': '-o model.heddle' },
  extract: {
    '--to': '--to relu1; `heddle inspect --values` lists the names',
    '--out': '-o part.onnx',
  },
  edit: { '--out': '-o edited.onnx' },
  graft: { '--out': '-o both.json' },
  tick: { '--ticks': '--ticks 10', '--data': '--data random:1' },
  evaluate: { '--data': '--data images.npy', '--labels': '--labels classes.npy' },
  quantize: { '--type': '--type int8, or --type all' },
  train: {
    '--data': '--data images.npy',
    '--labels': '--labels classes.npy, or --labels price for a column of a .csv',
  },
};

const own = <T>(table: Readonly<Record<string, T>>, key: string | undefined): T | undefined =>
  key !== undefined && Object.hasOwn(table, key) ? table[key] : undefined;

/** The command line `[verb, ...]` with its options as they are called now. */
export function withPresentNames(args: readonly string[]): string[] {
  const names = own(FORMER, args.at(0)) ?? {};
  const end = args.includes('--') ? args.indexOf('--') : args.length;
  return args.map((arg, i) => {
    const [option] = arg.split('=', 1);
    const name = i < end ? own(names, option) : undefined;
    return name === undefined ? arg : name + arg.slice(option.length);
  });
}

/** `message` with a hint of this program's form, where there is one to give. */
export function usageText(message: string, verb: string | undefined): string {
  const [first, ...rest] = printableLines(message).trimEnd().split('\n');
  const guess = /^\(Did you mean (one of )?(.*)\?\)$/.exec(rest.join(' '));
  const hint = hintFor(first, verb) ?? (guess === null ? undefined : `did you mean ${guess[2]}?`);
  if (hint !== undefined) return `${first}\n  hint:     ${hint}`;
  return [first, ...rest].join('\n');
}

/** The choice of an option that was probably meant, among those that the message lists; what stands after a colon is not one. */
function nearChoice(message: string): string | undefined {
  const match =
    /argument '([^':]*)(:?[^']*)' is invalid\. (?:.*\. )?(?:Allowed choices are|It is) (.*)\.$/.exec(message);
  if (match === null) return undefined;
  const [, name, rest, choices] = match;
  const words = choices.split(/,? or |, /).filter((word) => /^\w+$/.test(word));
  const near = nearestName(name, words);
  return near === undefined || near === name ? undefined : near + rest;
}

function hintFor(message: string, verb: string | undefined): string | undefined {
  const missing = /required option '(?:-\w, )?(--[\w-]+)[^']*' not specified/.exec(message)?.[1];
  const example = own(own(EXAMPLES, verb) ?? {}, missing);
  if (example !== undefined) return `for example ${example}`;
  const choice = nearChoice(message);
  if (choice !== undefined) return `did you mean ${choice}?`;
  const option = own(own(FOREIGN, verb) ?? {}, /unknown option '([^'=]*)/.exec(message)?.[1]);
  return option === undefined ? undefined : `did you mean ${option}?`;
}
