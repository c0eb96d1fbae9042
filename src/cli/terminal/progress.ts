/** Bars for what takes long, where somebody watches. */
import type { SingleBar } from 'cli-progress';

/** Less than this many milliseconds of work is done before a bar could be read. */
const PATIENCE = 300;

/** Nothing of the terminal is changed, so that Ctrl-C, which ends the process at once, leaves nothing to restore. */
const LOOKS = {
  clearOnComplete: true,
  hideCursor: false,
  linewrap: true,
  gracefulExit: false,
  barsize: 28,
  fps: 20,
};

/**
 * A bar on stderr. It appears only on a terminal, and only for work that goes on for a while; `stage` names the work.
 */
export class ProgressBar {
  private bar: SingleBar | undefined;
  private stage = '';
  private since = 0;

  private constructor(private readonly create: (() => SingleBar) | undefined) {}

  static async open(): Promise<ProgressBar> {
    if (!process.stderr.isTTY) return new ProgressBar(undefined);
    const { default: progress } = await import('cli-progress');
    const { dim } = (await import('picocolors')).default;
    const format = ` {bar} ${dim('{stage}')} {value}/{total}`;
    const create = (): SingleBar =>
      new progress.SingleBar({ ...LOOKS, format, stream: process.stderr }, progress.Presets.shades_classic);
    return new ProgressBar(create);
  }

  /** A stage of `total` steps whose first may take long: shown at once. */
  begin(stage: string, total: number): void {
    if (this.create === undefined) return;
    this.close();
    this.stage = stage;
    this.show(0, total);
  }

  /** `done` of `total` of a stage; another stage begins a new bar. */
  update(stage: string, done: number, total: number): void {
    if (this.create === undefined) return;
    if (stage !== this.stage) {
      this.close();
      [this.stage, this.since] = [stage, performance.now()];
    }
    if (done >= total) return this.close();
    if (this.bar === undefined && performance.now() - this.since > PATIENCE) this.show(done, total);
    this.bar?.setTotal(total);
    this.bar?.update(done);
  }

  private show(done: number, total: number): void {
    this.bar = this.create?.();
    this.bar?.start(total, done, { stage: this.stage });
  }

  close(): void {
    this.bar?.stop();
    this.bar = undefined;
    this.stage = '';
  }
}
