/**
 * `npm run example adaptation`: a task that changes every second, and ways to learn it while it goes on: tweening, by example and step
 * by step, against SGD, Adam and step-wise back-propagation. Time is counted in answers, so that the result is the same everywhere.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Table from 'cli-table3';
import { metrics, optim } from 'heddle';
import { lossCurve } from 'heddle/plot';
import { command, count, makeFolder, readOptions } from '../arguments.js';
import { openBackend } from '../device.js';
import { batched, stepTweening, stepwise, tweening, type Learner } from './learners.js';
import { PER_SECOND, rightAnswer } from './world.js';

const LEARNERS: Readonly<Record<string, Learner>> = {
  tweening: tweening(0.5),
  'step-wise tweening': stepTweening(0.5),
  'step-wise back-propagation': stepwise(0.2),
  SGD: batched(optim.sgd({ learningRate: 0.2 })),
  Adam: batched(optim.adam({ learningRate: 0.01 })),
};
/** Seconds of a window. */
const WINDOW = 0.1;

const options = readOptions<{ readonly device: string; readonly seconds: number; readonly out: string }>(
  command('adaptation', 'Learns a task that changes every second, in five ways.', 'best')
    .option('--seconds <n>', 'how long', count, 10)
    .option('--out <folder>', 'for adaptation.svg and adaptation.json', 'out/adaptation'),
);
makeFolder(options.out);
const { backend, close } = await openBackend(options.device);
const ticks = options.seconds * PER_SECOND;
const changes = Array.from({ length: options.seconds - 1 }, (_, i) => i + 1);
const reports: [string, metrics.AdaptationReport][] = [];
for (const [name, learner] of Object.entries(LEARNERS)) {
  const named = await learner(ticks, backend);
  const answers = named.map(({ tick, direction }) => ({ time: tick / PER_SECOND, right: direction === rightAnswer(tick) })); // prettier-ignore
  reports.push([name, metrics.adaptation(answers, { window: WINDOW, changes })]);
}

const percent = (part: number): string => `${(part * 100).toFixed(1)}%`;
const table = new Table({ head: ['learner', 'available', 'recovered after', 'right'], style: { head: [] } });
for (const [name, report] of reports) {
  const times = report.changes.map(({ recovery }) => recovery);
  const known = times.filter((time) => time !== undefined);
  const mean = (known.reduce((sum, time) => sum + time, 0) / known.length).toFixed(1);
  const never = times.length - known.length;
  const recovery =
    known.length === 0 ? 'never' : `${mean} windows${never === 0 ? '' : `, ${never} times never`}`;
  table.push([name, percent(report.availability), recovery, percent(report.accuracy)]);
}
console.log(table.toString());
const svg = lossCurve({
  title: 'A task that changes every second',
  series: reports.map(([name, { windows }]) => ({
    name,
    points: windows.map(({ from, accuracy }) => [from + WINDOW / 2, accuracy] as const),
  })),
  xLabel: 'seconds',
  yLabel: 'right answers',
});
const [picture, json] = ['adaptation.svg', 'adaptation.json'].map((name) => join(options.out, name));
writeFileSync(picture, svg);
writeFileSync(json, JSON.stringify(Object.fromEntries(reports)));
console.log(`wrote ${picture}, ${json}`);
await close();
