/** Words that an engine's threads share, by their places: what there is to do, and who is at it. */
export const CONTROL = {
  /** Changes whenever there is news: what threads wait for. */
  signal: 0,
  /** Not 0 while a job may be joined. Its words, from `next` on, change only where it is 0 and `active` was 0 since. */
  open: 1,
  /** Threads that look at the job, apart from the one that gave it. */
  active: 2,
  /** Not 0 where a kernel failed. */
  failed: 3,
  /** Messages that each thread was sent: one that has fewer of them goes to fetch the next. */
  mail: 4,
  /** The first slice that nobody took. */
  next: 5,
  module: 6,
  kernel: 7,
  record: 8,
  /** Scratch memory of the first thread, and how far that of the next one is from it. */
  scratch: 9,
  stride: 10,
  groups: 11,
  /** Workgroups of a slice. */
  slice: 12,
} as const;

export const CONTROL_WORDS = Object.keys(CONTROL).length;

/**
 * The program of a thread, as text: no file has to be found, whatever a bundler made of this one. It takes part in jobs that are
 * open, as many slices as it gets. Between jobs it waits; where mail is announced it goes back to its event loop to take it.
 */
export const WORKER_SOURCE = `'use strict';
const port = typeof require === 'function' ? require('node:worker_threads').parentPort : self;
const at = ${JSON.stringify(CONTROL)};
const modules = new Map();
let memory, control, index, received = 0;
port.onmessage = ({ data }) => {
  if (data.control) {
    ({ memory, control, index } = data);
    port.postMessage({});
  } else {
    received++;
    if (data.code) load(data);
    else modules.delete(data.module);
  }
  listen();
};
function load({ module, code, names, importName: [space, field] }) {
  let error;
  try {
    const { exports } = new WebAssembly.Instance(code, { [space]: { [field]: memory } });
    modules.set(module, names.map((name) => exports[name]));
  } catch (cause) {
    error = String(cause);
  }
  port.postMessage({ error });
}
function listen() {
  for (;;) {
    const seen = Atomics.load(control, at.signal);
    if (received < Atomics.load(control, at.mail)) return;
    join();
    for (let i = 0; i < 2000 && Atomics.load(control, at.signal) === seen; i++);
    Atomics.wait(control, at.signal, seen);
  }
}
function join() {
  Atomics.add(control, at.active, 1);
  try {
    const functions = Atomics.load(control, at.open) ? modules.get(control[at.module]) : undefined;
    if (functions) {
      const run = functions[control[at.kernel]];
      const [record, groups, slice] = [control[at.record], control[at.groups], control[at.slice]];
      const scratch = control[at.scratch] + index * control[at.stride];
      for (let from; (from = Atomics.add(control, at.next, 1) * slice) < groups; )
        run(record, scratch, from, Math.min(from + slice, groups));
    }
  } catch (cause) {
    Atomics.store(control, at.failed, 1);
  }
  if (Atomics.sub(control, at.active, 1) === 1) Atomics.notify(control, at.active);
}
`;
