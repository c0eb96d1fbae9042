/** The heat equation, 100 steps on 256 x 256: what fusion may not compute again. measure.mjs measures, this reports. */
import Table from 'cli-table3';
import { runChild } from '../child.mjs';
import { ms, ratio } from '../format.mjs';

const SIZE = 256;
const STEPS = 100;

/** The largest difference between results that are the same mathematics. */
const TOLERANCE = 1e-5;

/**
 * Measures and prints.
 * @param {{ device: import('../device.mjs').Device, rounds: number, seconds: number }} job
 * @returns {Promise<string[]>} what went wrong
 */
export async function bench(job) {
  const rows = [];
  const problems = [];
  await runChild(
    new URL('./measure.mjs', import.meta.url),
    { ...job, size: SIZE, steps: STEPS },
    { adapter: () => {}, side: (row) => rows.push(row) },
  ).catch((error) => problems.push(`stencil: ${error.message}`));
  if (rows.length === 0) return problems;
  const table = new Table({
    head: ['heat equation', 'run', 'ours to it', 'first run', 'dispatches', 'submits'],
  });
  for (const { name, medianMs, firstMs, dispatches, submits, difference } of rows) {
    table.push([name, ms(medianMs), ratio(rows[0].medianMs / medianMs), ms(firstMs), dispatches, submits]);
    if (!(difference <= TOLERANCE)) problems.push(`stencil: ${name} differs by ${difference}`);
  }
  console.log(table.toString());
  return problems;
}
