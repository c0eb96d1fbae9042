/** Progress for those who read it later: a line now and then, where no terminal could show a bar. */

/** Milliseconds from one line to the next. */
const INTERVAL = 5000;

export class ProgressLines {
  private last: number;

  constructor(
    private readonly write: (line: string) => void,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.last = now();
  }

  /** Lines on stderr; undefined where a bar is shown there. */
  static open(): ProgressLines | undefined {
    if (process.stderr.isTTY) return undefined;
    return new ProgressLines((line) => void process.stderr.write(`${line}\n`));
  }

  /** Writes the line that `describe` makes, if it is time for one. */
  update(describe: () => string): void {
    if (this.now() - this.last < INTERVAL) return;
    this.last = this.now();
    this.write(describe());
  }
}
