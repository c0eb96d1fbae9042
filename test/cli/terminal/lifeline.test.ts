/** The second process of a command ends with the first, also while it computes and when nobody can catch the signal. */
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { commandLine, DEVICE } from '../support.js';

const cli = commandLine();

/** The children of a process, as Linux tells them. */
const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter((id) => id !== '').map(Number); // prettier-ignore

/** Seconds of computing of a process; undefined once it has ended. */
function secondsOf(pid: number): number | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\) /, '')
      .split(' ');
    return fields[0] === 'Z' ? undefined : (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return undefined;
  }
}

async function until<T>(seconds: number, look: () => T | undefined): Promise<T> {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(20)) {
    const found = look();
    if (found !== undefined) return found;
  }
  throw new Error(`nothing within ${seconds} s`);
}

describe.runIf(process.platform === 'linux')('a command in two processes', () => {
  test.each(['SIGKILL', 'SIGQUIT'] as const)(
    'leaves none behind when the first gets %s',
    async (signal) => {
      const net = cli.path('net.json');
      writeFileSync(net, '{"input":[1500],"layers":[{"type":"dense","output_size":1500}]}');
      // The interpreter alone needs half a minute for this.
      const args = [cli.main, 'verify', net, '--data', 'random:1', '--dim', 'batch=4000', ...DEVICE];
      const env = { ...process.env, VK_DRIVER_FILES: '/nowhere/lvp_icd.json', NO_COLOR: '1' };
      const first = spawn(process.execPath, args, { env, stdio: 'ignore' });
      const ended = new Promise((resolve) => first.on('close', resolve));
      const second = await until(20, () => childrenOf(first.pid ?? 0).at(0));
      try {
        // Long enough for the device to be open: from then on it computes without a pause.
        await until(60, () => ((secondsOf(second) ?? 0) > 4 ? true : undefined));
        first.kill(signal);
        await ended;
        await until(2, () => (secondsOf(second) === undefined ? true : undefined));
      } finally {
        if (secondsOf(second) !== undefined) process.kill(second, 'SIGKILL');
      }
    },
    120_000,
  );

  test('ends as it would alone', async () => {
    const env = { VK_DRIVER_FILES: '/nowhere/lvp_icd.json' };
    const { code, stdout } = await cli.run(['run', 'missing.onnx', '--data', 'random:1', ...DEVICE], env);
    expect([code, stdout]).toEqual([1, '']);
  });
});
