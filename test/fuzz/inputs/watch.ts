/** Runs inputs in a process of their own, which may hang, run out of memory or die: the next one goes on after it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { MESSAGES, nameAt, type InputName, type Message, type Order } from './protocol.js';

/** Milliseconds and bytes that one input may take. */
export interface Limits {
  readonly ms: number;
  readonly bytes: number;
}
export const LIMITS: Limits = { ms: 10_000, bytes: 2e9 };

export type FindingKind = 'untyped' | 'hang' | 'memory';

export interface Finding extends InputName {
  readonly kind: FindingKind;
  /** The stack of what was thrown, or what happened. */
  readonly what: string;
  readonly describe: string;
}

export interface Watch extends Omit<Order, 'to'> {
  /** Inputs at most. */
  readonly count: number;
  /** When to stop, as `Date.now()`. */
  readonly until?: number;
  readonly limits?: Limits;
  readonly onFinding: (finding: Finding) => void;
  /** Called every now and then with the number of inputs that were run. */
  readonly onProgress?: (inputs: number) => void;
}

const TICK = 100;

/** Gives the number of inputs that were run. */
export async function watch(task: Watch): Promise<number> {
  const end = task.from + task.count;
  let next = task.from;
  while (next < end && Date.now() < (task.until ?? Infinity)) {
    const after = await runFrom(task, next, end);
    if (after === next) throw new Error('the process that runs inputs does not start');
    next = after;
  }
  return next - task.from;
}

/** Runs inputs in one process until it ends. Gives the first that was not begun. */
async function runFrom(task: Watch, from: number, to: number): Promise<number> {
  const { module, seed, families, limits = LIMITS, onFinding, onProgress, until = Infinity } = task;
  const child = start({ module, seed, families, from, to });
  const running = { next: from, since: undefined as number | undefined, describe: '', stopped: false };
  const report = (kind: FindingKind, what: string): void =>
    onFinding({ kind, what, describe: running.describe, ...nameAt(families, running.next - 1) });
  const stop = (): void => {
    running.stopped = true;
    child.kill('SIGKILL');
  };

  const lines = createInterface({ input: child.stdio[MESSAGES] as Readable });
  lines.on('line', (line) => {
    const message = JSON.parse(line) as Message;
    if (message.kind === 'begin') {
      running.next++;
      [running.since, running.describe] = [Date.now(), ''];
    } else if (message.kind === 'made') running.describe = message.describe;
    else if (message.kind === 'end') running.since = undefined;
    else if (message.kind === 'untyped') report('untyped', message.error);
  });
  const timer = setInterval(() => {
    onProgress?.(running.next - task.from);
    if (running.stopped) return;
    if (running.since !== undefined && Date.now() - running.since > limits.ms) {
      report('hang', `more than ${limits.ms / 1000} s`);
      stop();
    } else if (residentBytes(child) > limits.bytes) {
      report('memory', `more than ${limits.bytes / 1e9} GB`);
      stop();
    } else if (Date.now() > until) stop();
  }, TICK);
  const stderr: string[] = [];
  child.stderr?.on('data', (part: Buffer) => stderr.push(String(part)));

  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) =>
    child.on('close', (...ended) => resolve(ended)),
  );
  clearInterval(timer);
  if (!running.stopped && code !== 0) {
    const text = stderr.join('').slice(-2000);
    const heap = /heap out of memory|Allocation failed/.test(text);
    report(heap ? 'memory' : 'untyped', `the process ended with ${signal ?? code}: ${text}`);
  }
  return running.next;
}

const CHILD = fileURLToPath(new URL('child.ts', import.meta.url));

const start = (order: Order): ChildProcess =>
  spawn(
    process.execPath,
    [`--max-old-space-size=${LIMITS.bytes / 1e6}`, '--import', 'tsx', CHILD, JSON.stringify(order)],
    { stdio: ['ignore', 'ignore', 'pipe', 'pipe'] },
  );

/** What a process has in memory; 0 where the system does not tell. */
function residentBytes({ pid }: ChildProcess): number {
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
    return 1024 * Number(kilobytes ?? 0);
  } catch {
    return 0;
  }
}
