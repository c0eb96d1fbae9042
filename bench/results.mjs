/** The files of results. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * @param {import('./device.mjs').Device} device
 * @param {{ description?: string, architecture?: string }} adapter names the file where the device is the system's
 * @param {string} [suite] e.g. `-training`
 */
export function resultsPath(device, adapter, suite = '') {
  const slug = (text) =>
    text
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-|-$/g, '');
  const name =
    device.name === 'system' ? slug(adapter.description || adapter.architecture || 'gpu') : device.name;
  return fileURLToPath(new URL(`./results/${name}${suite}.json`, import.meta.url));
}

/** What every report begins with. */
export const newReport = (device, { rounds, seconds }) => ({
  date: new Date().toISOString().slice(0, 10),
  device: { name: device.name, adapter: {} },
  machine: {
    arch: process.arch,
    cores: availableParallelism(),
    node: process.version,
    loadBefore: loadavg()[0],
  },
  settings: { rounds, seconds },
  sides: {},
});

/**
 * Keeps what an earlier run on this device found out and this one was not asked to measure again, marked as earlier.
 * @param {any} report has the rows in `report[section]`, by name and side
 * @param {any} earlier
 * @param {{ rows: string[], sides: string[] }} asked
 */
export function keepEarlier(report, section, earlier, { rows, sides }) {
  if (!earlier || earlier.device.adapter.description !== report.device.adapter.description) return;
  for (const [name, side] of Object.entries(earlier.sides)) {
    if (!sides.includes(name)) report.sides[name] = side;
  }
  for (const [name, row] of Object.entries(earlier[section])) {
    for (const [side, figures] of Object.entries(row)) {
      if (rows.includes(name) && sides.includes(side)) continue;
      report[section][name] = { ...report[section][name], [side]: { ...figures, earlier: true } };
    }
  }
  report.compile = earlier.compile;
  report.config = earlier.config;
}

/** What an earlier run on the same device left, or undefined. */
export function readResults(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    return undefined;
  }
}

const rounded = (_, value) =>
  typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value;

export function writeResults(path, report) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(report, rounded, 2)}\n`);
}
