/**
 * A process that ends with the one that started it, whatever ends that one: a signal that nobody can catch, too. The first
 * holds one end of a pipe, which the system closes when it is gone. The second listens at the other in a thread of its own,
 * for its first thread may compute for hours without looking at anything.
 */
import { Worker } from 'node:worker_threads';

/** Where the second process finds the pipe: the first after stdin, stdout and stderr. */
export const LIFELINE = 3;

/** As text, so that it needs no file of its own. */
const LISTENER = `
  const { Socket } = require('node:net');
  const pipe = new Socket({ fd: ${LIFELINE} });
  pipe.on('error', () => {}).on('close', () => process.kill(process.pid, 'SIGKILL')).resume();
`;

/** Ends this process as soon as the one that started it, with a pipe as {@link LIFELINE}, is gone. */
export function endWithParent(): void {
  const listener = new Worker(LISTENER, { eval: true, execArgv: [] });
  // Without a pipe there is nothing to listen at, and the process goes on by itself.
  listener.on('error', () => {});
  listener.unref();
}
