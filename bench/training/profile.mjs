/** Where time goes, from the samples of V8's profiler. */
import { Session } from 'node:inspector/promises';

/** Phases by the functions that they begin in: a sample belongs to the innermost of them on its stack. */
const PHASES = {
  'trace/call.js callTraced': 'trace',
  'trace/lower.js lower': 'graphs',
  'trace/lower.js inline': 'graphs',
  'differentiate/vjp.js vjp': 'differentiate',
  'passes/optimize.js optimize': 'optimize',
  'fusion/fuse.js fuse': 'fuse',
  'memory/arrange.js fuseInPlace': 'order',
  'memory/arrange.js arrange': 'order',
  'codegen/plan.js makePlan': 'plan',
  'lower/lower.js lowerKernel': 'kernels',
  'wgsl/print.js print': 'print',
};
const OTHER = 'other';
const GARBAGE = '(garbage collector)';

/** Functions that are reported. */
const HOT_SPOTS = 15;

/**
 * @param {() => void | Promise<void>} work
 * @returns {Promise<{ totalMs: number, phases: Record<string, number>, hotSpots: { name: string, ms: number }[] }>}
 *   `phases`: ms without those of phases inside; `hotSpots`: the functions that took most by themselves
 */
export async function profiled(work) {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: 500 });
  await session.post('Profiler.start');
  await work();
  const { profile } = await session.post('Profiler.stop');
  session.disconnect();
  return summary(profile);
}

/** @param {import('node:inspector').Profiler.Profile} profile */
function summary({ nodes, samples, timeDeltas }) {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const own = new Map();
  samples.forEach((id, i) => own.set(id, (own.get(id) ?? 0) + timeDeltas[i] / 1000));
  const phases = {};
  const functions = {};
  const add = (sums, key, ms) => (sums[key] = (sums[key] ?? 0) + ms);

  const stack = [{ node: nodes[0], outer: OTHER }];
  while (stack.length > 0) {
    const { node, outer } = stack.pop();
    const { functionName, url, lineNumber } = node.callFrame;
    const [folder, file] = url.split('/').slice(-2);
    const where = `${folder}/${file} ${functionName}`;
    const phase = functionName === GARBAGE ? 'garbage' : (PHASES[where] ?? outer);
    const ms = own.get(node.id) ?? 0;
    add(phases, phase, ms);
    add(
      functions,
      url ? `${functionName || '(anonymous)'} ${folder}/${file}:${lineNumber + 1}` : functionName,
      ms,
    );
    for (const child of node.children ?? []) stack.push({ node: byId.get(child), outer: phase });
  }
  const byTime = (sums) => Object.entries(sums).sort(([, a], [, b]) => b - a);
  return {
    totalMs: byTime(phases).reduce((sum, [, ms]) => sum + ms, 0),
    phases: Object.fromEntries(byTime(phases)),
    hotSpots: byTime(functions)
      .slice(0, HOT_SPOTS)
      .map(([name, ms]) => ({ name, ms })),
  };
}
