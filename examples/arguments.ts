/** The command lines of the examples. What is wrong with one is told in a line, with exit code 2. */
import { mkdirSync, readFileSync } from 'node:fs';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { HeddleError } from 'heddle';

/** Ends the example because it was called wrongly. */
export function refuse(problem: string): never {
  process.stderr.write(`error: ${problem}\n`);
  process.exit(2);
}

/** The command of an example, with the options that all of them have. `device`: where it runs by itself. */
export const command = (name: string, description: string, device: 'best' | 'reference'): Command =>
  new Command(`npm run example ${name} --`)
    .description(description)
    .option(
      '--device <name>',
      'best (a hardware GPU, or else wasm), wasm, webgpu, webgpu:NAME or reference',
      deviceName,
      device,
    ) // prettier-ignore
    .exitOverride();

/** The options that the process was started with. */
export function readOptions<T extends object>(described: Command): T {
  try {
    return described.parse().opts<T>();
  } catch (error) {
    // Commander has told people already.
    if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : 2);
    throw error;
  }
}

function deviceName(text: string): string {
  if (/^(best|reference|wasm|webgpu(:.+)?)$/.test(text)) return text;
  throw new InvalidArgumentError('It is best, wasm, webgpu, webgpu:NAME or reference.');
}

export function count(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is a whole number from 1.');
}

export function seed(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is a whole number.');
}

export function positive(text: string): number {
  const value = Number(text);
  if (value > 0 && value < Infinity) return value;
  throw new InvalidArgumentError('It is a number above 0.');
}

/** The text in a file that was named on the command line. */
export const readText = (path: string): string => attempt(path, () => readFileSync(path, 'utf8'));

/** Makes the folder for what the example writes, before the work begins. */
export const makeFolder = (path: string): void =>
  attempt(path, () => void mkdirSync(path, { recursive: true }));

function attempt<T>(path: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    return refuse(`${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** What errors of Heddle that the arguments cause are. */
const OF_ARGUMENTS = /^(USAGE|DEVICE_NOT_FOUND|DATASET_INVALID|FILE_\w+)$/;

/** Tells an error of Heddle in a line. All others are faults of the example. */
export function report(error: unknown): number {
  if (!(error instanceof HeddleError)) throw error;
  const { code, where, summary, found, expected } = error;
  const place = where === undefined ? '' : `${where}: `;
  const facts = [found && `found ${found}`, expected && `expected ${expected}`].filter(Boolean).join(', ');
  process.stderr.write(`error: ${place}${summary}${facts === '' ? '' : ` (${facts})`}\n`);
  return OF_ARGUMENTS.test(code) ? 2 : 1;
}
