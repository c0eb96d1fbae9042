/** Ratios and tables of loops. */
import Table from 'cli-table3';
import { judged, ms, ratio, verdict } from '../format.mjs';

const OURS = 'heddle';
const isOurs = ({ name }) => name.startsWith(OURS);

/** The largest difference between results that are the same mathematics. */
export const TOLERANCE = 1e-4;

/** What the project has set itself, as the largest ratio (or number) that counts as reached. */
const TARGETS = {
  'run on the GPU, to its fastest peer': 0.5,
  submits: 1,
  'compile, 10,000 steps to 10': 1.1,
  'bundle, 10,000 steps to 10': 1.02,
  'memory of the gradient, to its residuals': 1.1,
  'memory of the gradient with checkpoint, to its residuals': 0.1,
};

/**
 * @param {Record<string, any[]>} layers the sides of each layer
 * @param {any} compile
 */
export function summarise(layers, compile) {
  const summary = {};
  const targets = {};
  const put = (prefix, name, value) => {
    const key = `${prefix}${name}`;
    summary[key] = value;
    if (name in TARGETS) targets[key] = TARGETS[name];
  };
  for (const [layer, sides] of Object.entries(layers))
    for (const [where, name] of [
      // What computes on the CPU, although it was asked for WebGPU, is none of its peers.
      ['gpu', 'run on the GPU, to its fastest peer'],
      ['cpu', 'run on the CPU, to its peer'],
    ]) {
      const there = sides.filter((side) => side.where === where && side.medianMs !== undefined);
      const ours = there.find(isOurs);
      const peers = there.filter((side) => !isOurs(side) && (where === 'cpu' || side.usesGpu));
      if (ours === undefined || peers.length === 0) continue;
      const ratioOf = (pick) => pick(ours) / Math.min(...peers.map(pick));
      put(
        `${layer}: `,
        name,
        ratioOf(({ medianMs }) => medianMs),
      );
      put(
        `${layer}: `,
        `${name}, processor time`,
        ratioOf(({ medianCpuMs }) => medianCpuMs),
      );
      if (where === 'gpu') put(`${layer}: `, 'submits', ours.submits);
    }
  if (compile !== undefined) {
    const { compileMs, bundleBytes, gradient } = compile;
    put('', 'compile, 10,000 steps to 10', compileMs.many / compileMs.few);
    put('', 'bundle, 10,000 steps to 10', bundleBytes.many / bundleBytes.few);
    put('', 'memory of the gradient, to its residuals', gradient.bytes / gradient.residualBytes);
    put('', 'memory of the gradient with checkpoint, to its residuals', gradient.checkpointBytes / gradient.residualBytes); // prettier-ignore
  }
  return judged(summary, targets);
}

/** The report for people. */
export function render({ date, machine, device, layers, summary }) {
  const lines = [`${device.name}, ${date}, ${machine.cores} cores, Node ${machine.node}`];
  const table = new Table({
    head: ['LSTM', 'side', 'run', 'heddle to it', 'first run', 'dispatches', 'submits', 'outputs'],
    style: { head: [], border: [] },
    colAligns: ['left', 'left', 'right', 'right', 'right', 'right', 'right', 'left'],
  });
  for (const [layer, sides] of Object.entries(layers))
    for (const side of sides) {
      if (side.problem !== undefined) {
        table.push([layer, side.name, { colSpan: 6, content: side.problem.slice(0, 80) }]);
        continue;
      }
      const { name, where, medianMs, firstMs, dispatches, submits, difference, sameBits, usesGpu } = side;
      const ours = sides.find((each) => isOurs(each) && each.where === where)?.medianMs;
      const found = sameBits ? 'the same bits' : difference <= TOLERANCE ? 'agree' : 'differ';
      const remark = where === 'gpu' && !usesGpu ? ', computed on the CPU' : '';
      table.push([layer, name, ms(medianMs), ours === undefined ? '' : ratio(ours / medianMs), ms(firstMs), dispatches, submits, `${found}${remark}`]); // prettier-ignore
    }
  lines.push(table.toString());
  for (const [name, entry] of Object.entries(summary ?? {})) lines.push(verdict(name, entry));
  return lines.join('\n');
}
