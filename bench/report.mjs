/** Ratios and the table of the models. */
import Table from 'cli-table3';
import { geometricMean, judged, megabytes, ms, ratio, sum, verdict } from './format.mjs';

export const PEER = 'onnxruntime-web';
export const OURS = 'heddle';

/** What the project has set itself, as the largest ratio (or number) that counts as reached. */
const TARGETS = {
  'run time, geometric mean': 1.0,
  'dispatches, summed': 0.7,
  'submits of a run, largest': 1,
  'load + compile + first run, geometric mean': 0.2,
  'peak arena to lower bound, largest': 1.1,
  'buffers created by a later run, largest': 0,
};

/**
 * Ours to the peer's, over the models that both sides have figures for; undefined where there are none.
 * @param {Record<string, Record<string, any>>} models
 * @param {Record<string, { initMs?: number }>} sides
 */
export function summarise(models, sides) {
  const both = Object.values(models).filter((row) => row[OURS] && row[PEER]);
  if (both.length === 0) return undefined;
  const ours = both.map((row) => row[OURS]);
  const peers = both.map((row) => row[PEER]);
  const ratios = (pick) => both.map((row) => pick(row[OURS]) / pick(row[PEER]));
  const values = {
    'run time, geometric mean': geometricMean(ratios((side) => side.run.medianMs)),
    'dispatches, summed': sum(ours.map((o) => o.dispatches)) / sum(peers.map((p) => p.dispatches)),
    'submits of a run, largest': Math.max(...ours.map((o) => o.submits)),
    'load + compile + first run, geometric mean': geometricMean(ratios((side) => side.loadMs)),
    'start, load, compile and first run of all models, summed':
      (sides[OURS].initMs + sum(ours.map((o) => o.loadMs))) /
      (sides[PEER].initMs + sum(peers.map((p) => p.loadMs))),
    'peak of all buffer bytes, geometric mean': geometricMean(ratios((side) => side.peakBytes)),
    'peak arena to lower bound, largest': Math.max(
      ...ours.map((o) => o.stats.peakArenaBytes / o.stats.lowerBoundBytes),
    ),
    'buffers created by a later run, largest': Math.max(...ours.map((o) => o.buffersPerRun)),
  };
  return judged(values, TARGETS);
}

function outputs(checks) {
  const bad = checks.filter((check) => !check.ok);
  return bad.length === 0 ? 'agree' : `${bad.length} of ${checks.length} differ`;
}

/** The report for people. */
export function render({ device, date, sides, models, compile, summary }) {
  const lines = [`${device.name}: ${device.adapter.description || device.adapter.architecture}, ${date}`];
  for (const [name, side] of Object.entries(sides)) {
    lines.push(`${name} ${side.version ?? ''}: ${side.problem ?? `starts in ${ms(side.initMs)}`}`);
  }
  const table = new Table({
    head: [
      'model',
      'side',
      'load + first run',
      'run (median)',
      'dispatches',
      'submits',
      'pipelines',
      'peak buffers',
      'outputs',
    ],
    style: { head: [], border: [] },
    colAligns: ['left', 'left', 'right', 'right', 'right', 'right', 'right', 'right', 'left'],
  });
  for (const [name, row] of Object.entries(models)) {
    for (const [side, m] of Object.entries(row)) {
      const peak = megabytes(m.peakBytes);
      table.push([
        name,
        m.earlier ? `${side} (earlier run)` : side,
        ms(m.loadMs),
        ms(m.run.medianMs),
        m.dispatches,
        m.submits,
        m.pipelines,
        peak,
        outputs(m.checks),
      ]);
    }
    const [ours, peer] = [row[OURS], row[PEER]];
    if (ours && peer) {
      const to = (pick) => ratio(pick(ours) / pick(peer));
      table.push([
        '',
        'ratio',
        to((m) => m.loadMs),
        to((m) => m.run.medianMs),
        to((m) => m.dispatches),
        to((m) => m.submits),
        to((m) => m.pipelines),
        to((m) => m.peakBytes),
        '',
      ]);
    }
  }
  lines.push(table.toString());
  for (const [name, row] of Object.entries(compile)) {
    const total = row.importMs + row.compileMs;
    lines.push(
      `${name}: import ${ms(row.importMs)} + compile ${ms(row.compileMs)} = ${ms(total)} without the driver (at most 500 ms wanted)`,
    );
  }
  for (const [name, entry] of Object.entries(summary ?? {})) lines.push(verdict(name, entry));
  return lines.join('\n');
}
