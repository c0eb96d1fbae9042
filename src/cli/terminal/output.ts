/** Where text goes: stdout for people, or one JSON object there and the text on stderr. */
import pc from 'picocolors';
import { printable } from '../../base/printable.js';
import { toJson } from './json.js';

const ESCAPE = '\x1b';
/** The looks that this program gives to text, and the ends of its lines. */
const OWN = new RegExp(`(${ESCAPE}\\[(?:1|2|22|31|32|39)m|\\n)`);

/** Text with looks and lines of this program, in which nothing else steers the terminal, whatever was left in it. */
export const forTerminal = (text: string): string =>
  text
    .split(OWN)
    .map((part, i) => (i % 2 === 0 ? printable(part) : part))
    .join('');

export class Output {
  private readonly notes: string[] = [];

  constructor(private readonly json: boolean) {}

  /** A piece of the report for people: left out where a program listens. */
  print(text = ''): void {
    if (!this.json) process.stdout.write(`${forTerminal(text)}\n`);
  }

  /** Something to know in any case. It goes to stderr, so that stdout stays what was asked for. */
  note(text: string): void {
    this.notes.push(text);
    process.stderr.write(`${pc.dim(printable(text))}\n`);
  }

  /** The report for programs, with the notes before it. */
  result(value: object): void {
    if (this.json) process.stdout.write(toJson({ ...value, notes: this.notes }));
  }
}
