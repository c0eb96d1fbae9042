/**
 * Software GPUs need variables in the environment from the start of the process: a process without them starts itself
 * again, once, and passes everything through.
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { REFERENCE } from './options.js';

/** Set in the second process, which must not start a third. */
const MARK = 'HEDDLE_RESTARTED';

const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Starts this program again if `device` needs that. Gives the exit code of the second process, or undefined where this
 * one can go on.
 */
export async function restartFor(device: string | undefined): Promise<number | undefined> {
  if (device === undefined || device === REFERENCE || process.env[MARK] !== undefined) return undefined;
  const { needsRestart } = await import('../node/index.js');
  const env = await needsRestart(device);
  if (env === undefined) return undefined;
  const [script, ...args] = process.argv.slice(1);
  const child = spawn(process.execPath, [...process.execArgv, script, ...args], {
    stdio: 'inherit',
    env: { ...process.env, ...env, [MARK]: '1' },
  });
  // This process stays until the other has ended, whatever happens to it: a terminal sends Ctrl-C to both.
  const forward = (signal: NodeJS.Signals): void => void child.kill(signal);
  for (const signal of FORWARDED) process.on(signal, forward);
  try {
    return await new Promise<number>((resolve, reject) => {
      child.on('error', reject);
      child.on('exit', (code, signal) =>
        resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
      );
    });
  } finally {
    for (const signal of FORWARDED) process.off(signal, forward);
  }
}
