/**
 * Dawn writes warnings about lavapipe to stderr whenever it looks at it, and the Vulkan loader an error for each driver
 * whose GPU is not there. They are not about anything that a user does, and only another process can hold them back. Where
 * lavapipe is installed, the command therefore runs in a second process, and this one passes on what that writes, without
 * these lines. The second ends when this one does.
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { endWithParent } from './lifeline.js';
import { isWasmName, REFERENCE } from './options.js';

/** Set in the second process: the width of the terminal that its stderr ends in, or 0. */
const MARK = 'HEDDLE_STDERR_COLUMNS';

const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The warning that a place follows. */
const PLACED = /^Warning: vkEnumeratePhysicalDevices\b/;

/** Lines to be left out: what they begin with, and what they look like. */
const CHATTER = [
  {
    beginning: 'Warning: maxDynamic',
    pattern: /^Warning: maxDynamic\w+BuffersPerPipelineLayout artificially reduced/,
  },
  {
    beginning: 'Error: Loader Message: setup_loader_term_phys_devs:',
    pattern: /^Error: Loader Message: setup_loader_term_phys_devs: +Failed to detect any valid GPUs/,
  },
  { beginning: 'Warning: vkEnumeratePhysicalDevices', pattern: PLACED },
];

/** What Dawn writes below it: where in its sources it arose, and an empty line. */
const PLACE = '    at ';
const isPlace = (line: string): boolean => line.startsWith(PLACE) || line === '\n';

/** Takes text as it comes, and gives on at once all that is not chatter. */
export class ChatterFilter {
  /** The beginning of a line that may be chatter. */
  private held = '';
  private atLineStart = true;
  /** Whether the line before was left out, and a place may follow. */
  private beforePlace = false;

  /** What of `text`, and of what was held back before, can be shown. */
  push(text: string): string {
    let shown = '';
    for (const line of (this.held + text).split(/(?<=\n)/)) {
      this.held = '';
      const ended = line.endsWith('\n');
      if (this.atLineStart && !ended && this.couldBeChatter(line)) this.held = line;
      else {
        const left = this.atLineStart && this.isLeftOut(line);
        if (!left) shown += line;
        // An empty line ends what belongs to a warning.
        this.beforePlace = left && (PLACED.test(line) || line.startsWith(PLACE));
        this.atLineStart = ended;
      }
    }
    return shown;
  }

  private isLeftOut(line: string): boolean {
    return isChatter(line) || (this.beforePlace && isPlace(line));
  }

  private couldBeChatter(line: string): boolean {
    return (
      CHATTER.some(({ beginning }) => agree(line, beginning)) || (this.beforePlace && agree(line, PLACE))
    );
  }

  /** What is left when nothing more comes. */
  end(): string {
    return this.isLeftOut(this.held) ? '' : this.held;
  }
}

const isChatter = (line: string): boolean => CHATTER.some(({ pattern }) => pattern.test(line));

/** Whether one of two texts is the beginning of the other. */
const agree = (a: string, b: string): boolean => a.startsWith(b) || b.startsWith(a);

/** What a verb opens, or looks at: a device by its name, the default one, or none. */
export type Opens = string | typeof DEFAULT_DEVICE | undefined;

/** For verbs that look for a hardware GPU before they choose. */
export const DEFAULT_DEVICE = Symbol('the default device');

/**
 * Runs this program again, without the chatter, if what it opens would cause some. Gives the exit code of the second
 * process, or undefined where this one can go on.
 */
export async function runQuietly(opens: Opens): Promise<number | undefined> {
  if (opens === undefined || opens === REFERENCE) return undefined;
  if (typeof opens === 'string' && isWasmName(opens)) return undefined;
  const columns = process.env[MARK];
  if (columns !== undefined) {
    endWithParent();
    if (Number(columns) > 0) Object.assign(process.stderr, { isTTY: true, columns: Number(columns) });
    return undefined;
  }
  const { offersLavapipe } = await import('../../softgpu/index.js');
  return offersLavapipe() ? runAgain() : undefined;
}

async function runAgain(): Promise<number> {
  const { isTTY, columns } = process.stderr;
  const [script, ...args] = process.argv.slice(1);
  const child = spawn(process.execPath, [...process.execArgv, script, ...args], {
    stdio: ['inherit', 'inherit', 'pipe', 'pipe'],
    env: { ...process.env, [MARK]: String(isTTY ? columns || 80 : 0) },
  });
  const filter = new ChatterFilter();
  child.stderr?.setEncoding('utf8').on('data', (text: string) => process.stderr.write(filter.push(text)));
  // This process stays until the other has ended, whatever happens to it: a terminal sends Ctrl-C to both.
  const forward = (signal: NodeJS.Signals): void => void child.kill(signal);
  for (const signal of FORWARDED) process.on(signal, forward);
  try {
    return await new Promise<number>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code, signal) => {
        process.stderr.write(filter.end());
        resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
      });
    });
  } finally {
    for (const signal of FORWARDED) process.off(signal, forward);
  }
}
