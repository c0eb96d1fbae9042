/** Ratios and tables of training. */
import Table from 'cli-table3';
import { geometricMean, judged, megabytes, ms, ratio, verdict } from '../format.mjs';
import { WORKLOADS } from './workloads.mjs';

export const OURS = 'heddle';
export const JAX = '@jax-js/jax';
export const TFJS = '@tensorflow/tfjs';

/** By how much the losses of the first steps may differ, relatively. */
export const LOSS_TOLERANCE = 1e-3;

/** What the project has set itself, as the largest ratio (or number) that counts as reached. */
const TARGETS = {
  'step time to the faster peer, largest': 0.6,
  'dispatches to jax-js, largest': 0.5,
  'submits of a step, largest': 1,
  'peak bytes to jax-js, largest': 0.6,
  'peak bytes to lower bound, largest': 1.15,
  'losses of the first steps, largest relative difference': LOSS_TOLERANCE,
  'compiling the large step, seconds': 3,
  'compiling a config of a thousand layers, seconds': 1,
};

/** On the CPU, where nothing counts buffers, dispatches and submits. */
const CPU_TARGETS = { 'step time to the faster peer, largest': 0.5 };
const OF_BUFFERS = /^(dispatches|submits|peak|buffers)/;

/** The largest relative difference between the losses of the sides in the same step. */
export function lossDifference(row) {
  const curves = Object.values(row).map(({ losses }) => losses);
  return Math.max(
    ...curves[0].map((_, step) => {
      const values = curves.map((losses) => losses[step]);
      const [low, high] = [Math.min(...values), Math.max(...values)];
      // A loss that is no number agrees with none.
      return values.every(Number.isFinite) ? (high - low) / Math.abs(high) : Infinity;
    }),
  );
}

/** Of the rows that `peers` have figures for, each with its ratio; undefined where there is none. */
function ratiosTo(rows, pick, peersOf) {
  const ratios = rows.flatMap((row) => {
    const peers = peersOf(row).filter((peer) => peer !== undefined);
    return row[OURS] && peers.length > 0 ? [pick(row[OURS]) / Math.min(...peers.map(pick))] : [];
  });
  return ratios.length > 0 ? ratios : undefined;
}

/** Ours to the peers'. */
export function summarise({ device, workloads, compile, config }) {
  const rows = Object.values(workloads);
  const ours = rows.flatMap((row) => row[OURS] ?? []);
  const times = ratiosTo(
    rows,
    ({ step }) => step.medianMs,
    (row) => [row[JAX], row[TFJS]],
  );
  const toJax = (pick) => ratiosTo(rows, pick, (row) => [row[JAX]]);
  const largest = (values) => (values === undefined || values.length === 0 ? undefined : Math.max(...values));
  const loads = toJax((side) => side.loadMs);
  const fromNothing = ratiosTo(
    rows,
    (side) => side.initMs + side.loadMs,
    (row) => [row[JAX], row[TFJS]],
  );
  const values = {
    'step time to the faster peer, largest': largest(times),
    'step time to the faster peer, geometric mean': times && geometricMean(times),
    'dispatches to jax-js, largest': largest(toJax((side) => side.dispatches)),
    'submits of a step, largest': largest(ours.map((side) => side.submits)),
    'submits to read a loss, largest': largest(ours.map((side) => side.submitsOfRead)),
    'peak bytes to jax-js, largest': largest(toJax((side) => side.peakBytes)),
    'peak bytes to lower bound, largest': largest(
      ours.map(({ peakBytes, stats }) => peakBytes / stats.lowerBoundBytes),
    ),
    'arena to its lower bound, largest': largest(
      ours.map(({ stats }) => stats.arenaBytes / stats.arenaLowerBoundBytes),
    ),
    'buffers created by a later step, largest': largest(ours.map((side) => side.buffersPerStep)),
    'load + first step to jax-js, geometric mean': loads && geometricMean(loads),
    'start, load and first step to the faster peer, geometric mean':
      fromNothing && geometricMean(fromNothing),
    'losses of the first steps, largest relative difference': largest(rows.map(lossDifference)),
    'compiling the large step, seconds': compile && compile.first.totalMs / 1000,
    'compiling a config of a thousand layers, seconds': config && config.totalMs / 1000,
  };
  return judged(
    Object.fromEntries(
      Object.entries(values).filter(
        ([name, value]) => value !== undefined && !(device.name === 'cpu' && OF_BUFFERS.test(name)),
      ),
    ),
    device.name === 'cpu' ? { ...TARGETS, ...CPU_TARGETS } : TARGETS,
  );
}

const titleOf = (name) => {
  const { title, batch } = WORKLOADS.find((workload) => workload.name === name);
  return `${title}, batch ${batch}`;
};

/** The report for people. */
export function render({ device, date, sides, workloads, compile, config, summary }) {
  const lines = [];
  if (Object.keys(workloads).length > 0) {
    lines.push(
      `training on ${device.name}: ${device.adapter.description || device.adapter.architecture}, ${date}`,
    );
    for (const [name, { version, initMs }] of Object.entries(sides)) {
      lines.push(`${name} ${version}${initMs === undefined ? '' : `: starts in ${ms(initMs)}`}`);
    }
    lines.push(tableOf(workloads, device.name === 'cpu' ? CPU_COLUMNS : COLUMNS).toString());
    for (const [name, row] of Object.entries(workloads)) {
      if (row[OURS] && device.name !== 'cpu') lines.push(memoryLine(name, row[OURS]));
    }
  }
  if (compile !== undefined) lines.push(...compileLines(compile));
  if (config !== undefined)
    lines.push(
      `a config of ${config.layers} dense layers, to ${config.kernels} kernels (${config.pipelines} pipelines): ` +
        `${ms(config.totalMs)} without the driver (processor ${ms(config.cpuMs)}), the first time in a process`,
    );
  for (const [name, entry] of Object.entries(summary ?? {})) lines.push(verdict(name, entry));
  return lines.join('\n');
}

/** A column: its head, what it shows of a side, and of which figure it shows the ratio. */
const COLUMNS = [
  ['load + first step', (m) => ms(m.loadMs), (m) => m.loadMs],
  ['step (median)', (m) => ms(m.step.medianMs), (m) => m.step.medianMs],
  ['dispatches', (m) => m.dispatches, (m) => m.dispatches],
  ['submits + read', (m) => `${m.submits} + ${m.submitsOfRead}`, (m) => m.submits + m.submitsOfRead],
  ['pipelines', (m) => m.pipelines, (m) => m.pipelines],
  ['peak buffers', (m) => megabytes(m.peakBytes), (m) => m.peakBytes],
];
const CPU_COLUMNS = COLUMNS.slice(0, 2);

function tableOf(workloads, columns) {
  const table = new Table({
    head: ['workload', 'side', ...columns.map(([head]) => head), 'losses'],
    style: { head: [], border: [] },
    colAligns: ['left', 'left', ...columns.map(() => 'right'), 'left'],
  });
  for (const [name, row] of Object.entries(workloads)) {
    let title = titleOf(name);
    for (const [side, m] of Object.entries(row)) {
      table.push([
        title,
        m.earlier ? `${side} (earlier run)` : side,
        ...columns.map(([, show]) => show(m)),
        [m.losses[0], m.losses.at(-1)].map((loss) => loss.toFixed(4)).join(' to '),
      ]);
      title = '';
    }
    for (const peer of [JAX, TFJS]) {
      if (row[OURS] && row[peer])
        table.push([
          '',
          `ratio to ${peer}`,
          ...columns.map(([, , pick]) => ratio(pick(row[OURS]) / pick(row[peer]))),
          '',
        ]);
    }
  }
  return table;
}

function memoryLine(name, { peakBytes, stats }) {
  const { arenaBytes, arenaLowerBoundBytes, residentBytes, lowerBoundBytes } = stats;
  return (
    `${name}: arena ${megabytes(arenaBytes)} = ${ratio(arenaBytes / arenaLowerBoundBytes)} its lower bound, ` +
    `inputs and outputs ${megabytes(residentBytes)}; ` +
    `all buffers ${ratio(peakBytes / lowerBoundBytes)} the lower bound of both, ${megabytes(lowerBoundBytes)}`
  );
}

function compileLines({ layers, parameters, kernels, first, laterMs, profile }) {
  const { phases, hotSpots, totalMs } = profile;
  const share = (time) => `${((100 * time) / totalMs).toFixed(0)}%`;
  return [
    `GPT-2's shape, ${layers} layers, ${(parameters / 1e6).toFixed(0)} million parameters, AdamW, to ${kernels} kernels: ` +
      `${ms(first.totalMs)} without the driver (processor ${ms(first.cpuMs)}), later ${ms(laterMs)} ` +
      `(model ${ms(first.modelMs)}, trace and derivatives ${ms(first.lowerMs)}, passes, plan and WGSL ${ms(first.prepareMs)})`,
    `  phases: ${Object.entries(phases)
      .map(([name, time]) => `${name} ${share(time)}`)
      .join(', ')}`,
    `  hot spots: ${hotSpots
      .slice(0, 6)
      .map(({ name, ms: time }) => `${name} ${share(time)}`)
      .join(', ')}`,
  ];
}
