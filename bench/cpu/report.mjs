/** Ratios and the table of the CPU engine. */
import Table from 'cli-table3';
import { geometricMean, judged, megabytes, ms, ratio, verdict } from '../format.mjs';

export const PEER = 'onnxruntime-web';
export const OURS = 'heddle';

/** What the project has set itself, as the largest ratio (or number) that counts as reached. */
const TARGETS = {
  'run, geometric mean': 0.8,
  'run, largest': 1.2,
  'load + compile + first run, geometric mean': 0.5,
  'peak memory, geometric mean': 0.6,
  'matmul, largest': 1 / 0.95,
  'to the interpreter': 1 / 40,
  'compiling light_resnet50, ms': 300,
  'WebAssembly of light_resnet50, KB gzip': 60,
};

const isProduct = (name) => name.startsWith('matmul-');

/** Ours to the peer's, of the models that both have figures for. */
function ratiosOf(models, pick, choose = (name) => !isProduct(name)) {
  return Object.entries(models).flatMap(([name, row]) => {
    const [ours, peer] = [row[OURS], row[PEER]].map((side) => side && pick(side));
    return choose(name) && ours !== undefined && peer !== undefined ? [ours / peer] : [];
  });
}

/** @param {Record<string, Record<string, any>>} byThreads the rows of the models, by the number of threads */
export function summarise(byThreads, compile) {
  const summary = {};
  const put = (suffix, values, combine) => {
    if (values.length > 0) summary[suffix] = combine(values);
  };
  const largest = (values) => Math.max(...values);
  for (const [threads, models] of Object.entries(byThreads)) {
    const run = ratiosOf(models, ({ medianMs }) => medianMs);
    put(`${threads}: run, geometric mean`, run, geometricMean);
    put(`${threads}: run, largest`, run, largest);
    put(`${threads}: matmul, largest`, ratiosOf(models, ({ medianMs }) => medianMs, isProduct), largest); // prettier-ignore
    put(`${threads}: load + compile + first run, geometric mean`, ratiosOf(models, ({ loadMs }) => loadMs), geometricMean); // prettier-ignore
    put(`${threads}: peak memory, geometric mean`, ratiosOf(models, ({ peakBytes }) => peakBytes), geometricMean); // prettier-ignore
    const slow = Object.values(models).flatMap((row) =>
      row.interpreter ? [row[OURS].medianMs / row.interpreter.medianMs] : [],
    );
    put(`${threads}: to the interpreter`, slow, largest);
  }
  if (compile !== undefined) {
    summary['1: compiling light_resnet50, ms'] = compile.totalMs;
    summary['1: WebAssembly of light_resnet50, KB gzip'] = compile.gzipBytes / 1000;
  }
  const targets = Object.fromEntries(
    Object.keys(summary).flatMap((key) => {
      const target = TARGETS[key.replace(/^\d+: /, '')];
      return target === undefined ? [] : [[key, target]];
    }),
  );
  return judged(summary, targets);
}

const optional = (value, print) => (value === undefined ? '' : print(value));

/** The report for people. */
export function render({ date, machine, threads, summary }) {
  const lines = [`the CPU, ${date}, ${machine.cores} cores, Node ${machine.node}`];
  const table = new Table({
    head: ['threads', 'model', PEER, OURS, 'ratio', 'load + first run', 'ratio', 'peak memory', 'outputs'],
    style: { head: [], border: [] },
    colAligns: ['right', 'left', 'right', 'right', 'right', 'right', 'right', 'right', 'left'],
  });
  for (const [count, models] of Object.entries(threads))
    for (const [name, { [OURS]: ours, [PEER]: peer }] of Object.entries(models)) {
      const figure = ({ medianMs, gigaflops }) =>
        gigaflops === undefined ? ms(medianMs) : `${gigaflops.toFixed(1)} Gflop/s`;
      table.push([
        count,
        name,
        figure(peer),
        figure(ours),
        ratio(ours.medianMs / peer.medianMs),
        optional(ours.loadMs, ms),
        optional(ours.loadMs && ours.loadMs / peer.loadMs, ratio),
        optional(ours.peakBytes, (bytes) => `${megabytes(bytes)}, ${ratio(bytes / peer.peakBytes)}`),
        ours.agrees ? (ours.bits ? 'bits of the interpreter' : 'agree') : 'differ',
      ]);
    }
  lines.push(table.toString());
  for (const [name, entry] of Object.entries(summary ?? {})) lines.push(verdict(name, entry));
  return lines.join('\n');
}
