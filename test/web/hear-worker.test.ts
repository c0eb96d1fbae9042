/** Workers of pages: whatever happens to one, its work ends once, and so does the worker. */
import { expect, test } from 'vitest';
import { CANNOT_BE_READ, CANNOT_START, hearWorker } from '../../web/shared/hear-worker.js';
import type { Told } from '../../web/shared/measured.js';

class Stub extends EventTarget {
  ended = 0;
  terminate(): void {
    this.ended++;
  }
  fire(type: string, facts: object = {}): void {
    this.dispatchEvent(Object.assign(new Event(type), facts));
  }
}

const NEWS = { news: { stage: 'loading', done: 0, total: 1 } };

function watched() {
  const worker = new Stub();
  const heard: Told<number>[] = [];
  const end = hearWorker<number>(worker, (data) => data as Told<number>, (told) => heard.push(told)); // prettier-ignore
  return { worker, heard, end };
}

test.each([
  ['a result', 'message', { data: { result: 4 } }, { result: 4 }],
  ['an error that is told', 'message', { data: { error: 'no' } }, { error: 'no' }],
  ['an error of the worker', 'error', { message: 'boom' }, { error: 'boom' }],
  ['an error without words', 'error', {}, { error: CANNOT_START }],
  ['an error with empty words', 'error', { message: '' }, { error: CANNOT_START }],
  ['a message that cannot be read', 'messageerror', { data: null }, { error: CANNOT_BE_READ }],
])('%s ends the work and the worker, once', (_, type, facts, told) => {
  const { worker, heard } = watched();
  worker.fire('message', { data: NEWS });
  expect([heard, worker.ended]).toEqual([[NEWS], 0]);
  worker.fire(type, facts);
  for (const late of ['message', 'error', 'messageerror']) worker.fire(late, { data: NEWS });
  expect([heard, worker.ended]).toEqual([[NEWS, told], 1]);
});

test('work that is ended is heard no more', () => {
  const { worker, heard, end } = watched();
  end();
  worker.fire('error');
  expect([heard, worker.ended]).toEqual([[], 1]);
});
