/** Processes that measure. They get a job, and send what they find as messages. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** lavapipe's start-up chatter, a hundred lines for every device. */
const CHATTER = /^Warning: maxDynamic\w+BuffersPerPipelineLayout artificially reduced/;

/**
 * Runs `script` with the environment of `job.device`, and resolves when it is through; rejects where it failed.
 * @param {URL} script
 * @param {{ device?: import('./device.mjs').Device }} job
 * @param {Record<string, (message: any) => void>} handlers by the kind of message
 */
export function runChild(script, job, handlers) {
  const child = spawn(process.execPath, [fileURLToPath(script)], {
    env: { ...process.env, ...job.device?.env, HEDDLE_BENCH_JOB: JSON.stringify(job) },
    stdio: ['inherit', 'inherit', 'pipe', 'ipc'],
  });
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (!CHATTER.test(line)) console.error(line);
  });
  child.on('message', (message) => handlers[message.kind](message));
  return new Promise((resolve, reject) => {
    child.on('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`the measuring process ended with ${signal ?? `code ${code}`}`));
    });
  });
}
