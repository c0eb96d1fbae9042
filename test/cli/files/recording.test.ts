/** Recordings that go on, and observers that are closed whatever happens. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test, vi } from 'vitest';
import { observed, prepareObserver, type OpensObserver } from '../../../src/cli/files/recording.js';
import { Output } from '../../../src/cli/terminal/output.js';
import type { Observation } from '../../../src/frontends/config/index.js';
import { observationLine, recordingHeader } from '../../../src/frontends/config/observe/lines.js';

const folder = mkdtempSync(join(tmpdir(), 'heddle-recording-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => vi.restoreAllMocks());

const record = join(folder, 'r.jsonl');
const at = (step: number): Observation => ({ mode: 'tick', step, layers: [] });
const text = (...steps: readonly number[]): string =>
  recordingHeader() + steps.map((step) => observationLine(at(step))).join('');
const prepare = (done: number): OpensObserver | undefined =>
  prepareObserver({ record, done }, new Output(false));
const content = (): string => readFileSync(record, 'utf8');

test.each([
  ['torn', '{"mode":"ti'],
  ['no observation', 'nonsense\n'],
  ['empty', ''],
])('a recording goes on after the steps that are done, where what follows is %s', async (_, rest) => {
  const before = text(0, 1) + rest;
  writeFileSync(record, before);
  const opens = prepare(2)!;
  expect(content()).toBe(before);
  const { next, close } = opens();
  expect(content()).toBe(text(0, 1));
  await next(at(2));
  await close();
  expect(content()).toBe(text(0, 1, 2));
});

test.each([
  ['fewer steps', text(0), /FILE_TRUNCATED[^]*1 observations[^]*at least 2/],
  ['a torn step', text(0) + observationLine(at(1)).slice(0, -1), /FILE_TRUNCATED[^]*at least 2/],
  ['a step that is none', `${text(0)}nonsense\n`, /FILE_CORRUPT[^]*line 3/],
  ['no recording', 'a,b\n1,2\n3,4\n', /FILE_FORMAT/],
  ['nothing', '', /FILE_FORMAT/],
])('a recording with %s is refused, and stays', (_, before, message) => {
  writeFileSync(record, before);
  expect(() => prepare(2)).toThrow(message);
  expect(content()).toBe(before);
});

test('a new recording is written over the old one when it is opened, and not before', async () => {
  writeFileSync(record, 'of before');
  const opens = prepare(0)!;
  expect(content()).toBe('of before');
  await opens().close();
  expect(content()).toBe(text());
});

test('what fails says so, and after that what was lost', async () => {
  const lines: string[] = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((line) => lines.push(String(line)) > 0);
  const opens = prepareObserver({ record, post: 'http://127.0.0.1:1/' }, new Output(false));
  const run = observed(opens, async (observer) => {
    await observer?.next(at(0));
    throw new Error('the run failed');
  });
  await expect(run).rejects.toThrow('the run failed');
  expect(lines.join('')).toContain('Of 1 observations 1 did not reach');
  expect(content()).toBe(text(0));
});
