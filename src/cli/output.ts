/** Where text goes: stdout for people, or one JSON object there and the text on stderr. */
import pc from 'picocolors';
import { toJson } from './json.js';

export class Output {
  private readonly notes: string[] = [];

  constructor(private readonly json: boolean) {}

  /** A piece of the report for people: left out where a program listens. */
  print(text = ''): void {
    if (!this.json) process.stdout.write(`${text}\n`);
  }

  /** Something to know in any case. It goes to stderr, so that stdout stays what was asked for. */
  note(text: string): void {
    this.notes.push(text);
    process.stderr.write(`${pc.dim(text)}\n`);
  }

  /** The report for programs, with the notes before it. */
  result(value: object): void {
    if (this.json) process.stdout.write(toJson({ ...value, notes: this.notes }));
  }
}
