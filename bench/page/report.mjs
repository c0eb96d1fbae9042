/** Ratios and the table of pages. */
import Table from 'cli-table3';
import { judged, ms, ratio, verdict } from '../format.mjs';
import { SIDES } from './sides.mjs';

/** The largest difference, to the largest output, between results that are the same mathematics. */
export const TOLERANCE = 1e-3;

/** What the project has set itself, as the largest ratio (or number) that counts as reached. */
const TARGETS = { 'first result': 0.3, 'bytes before weights': 0.02, 'long tasks': 0 };

/** @param {readonly number[]} found @param {readonly number[]} expected */
export function differenceOf(found, expected) {
  if (found.length !== expected.length) return Infinity;
  const largest = Math.max(1e-6, ...expected.map(Math.abs));
  return Math.max(...found.map((value, i) => Math.abs(value - expected[i]))) / largest;
}

const sideOf = ({ name }) => SIDES.find((side) => side.name === name);
const isWhole = (row) => row.problem === undefined;

/** The peer on the same engine and thread. */
const peerOf = (row, rows) =>
  rows.find((other) => isWhole(other) && sideOf(other).isPeer && other.thread === row.thread && sideOf(other).engine === sideOf(row).engine); // prettier-ignore

/** @param {Record<string, any[]>} pages the rows of each model */
export function summarise(pages) {
  const summary = {};
  const targets = {};
  const put = (prefix, name, value) => {
    summary[`${prefix}, ${name}`] = value;
    targets[`${prefix}, ${name}`] = TARGETS[name];
  };
  for (const [model, rows] of Object.entries(pages))
    for (const row of rows.filter(
      (each) => isWhole(each) && !sideOf(each).isPeer && each.thread === 'worker',
    )) {
      const prefix = `${model}: ${row.title}`;
      const peer = peerOf(row, rows);
      put(prefix, 'long tasks', row.longTasks);
      if (peer === undefined || sideOf(row).isPeerless) continue;
      put(prefix, 'first result', row.firstMs / peer.firstMs);
      put(prefix, 'bytes before weights', row.bytesBefore / peer.bytesBefore);
    }
  return judged(summary, targets);
}

const kilobytes = (bytes) => `${Math.round(bytes / 1000).toLocaleString('en')} KB`;

/** The report for people. */
export function render({ date, machine, device, pages, summary }) {
  const lines = [`${device.adapter.description}, ${date}, ${machine.cores} cores`];
  const table = new Table({
    head: ['model', 'side', 'thread', 'first result', 'to the peer', 'before weights', 'to the peer', 'long tasks', 'longest', 'outputs'], // prettier-ignore
    style: { head: [], border: [] },
    colAligns: ['left', 'left', 'left', 'right', 'right', 'right', 'right', 'right', 'right', 'left'],
  });
  for (const [model, rows] of Object.entries(pages))
    for (const row of rows) {
      const { title, thread, firstMs, bytesBefore, longTasks, longestMs, difference } = row;
      if (!isWhole(row)) {
        table.push([model, title, thread, { colSpan: 7, content: row.problem.slice(0, 90) }]);
        continue;
      }
      const side = sideOf(row);
      const peer = side.isPeer || side.isPeerless ? undefined : peerOf(row, rows);
      const to = (pick) => (peer === undefined ? '' : ratio(pick(row) / pick(peer)));
      const outputs = side.isPeerless ? '' : difference <= TOLERANCE ? 'agree' : 'differ';
      table.push([model, title, thread, ms(firstMs), to((each) => each.firstMs), kilobytes(bytesBefore), to((each) => each.bytesBefore), longTasks, ms(longestMs), outputs]); // prettier-ignore
    }
  lines.push(table.toString());
  for (const [name, entry] of Object.entries(summary ?? {})) lines.push(verdict(name, entry));
  return lines.join('\n');
}
