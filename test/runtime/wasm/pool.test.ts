/** How threads share a job. */
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { LinearMemory } from '../../../src/runtime/wasm/memory.js';
import { ThreadPool, type Job } from '../../../src/runtime/wasm/pool.js';

/** Exports `mark`, which sets the byte at `record + from`, and `trap`, which fails; both as kernels are called. */
const MODULE = Uint8Array.of(
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...[1, 8, 1, 0x60, 4, 0x7f, 0x7f, 0x7f, 0x7f, 0],
  ...[2, 0x15, 1, 6, ...Buffer.from('heddle'), 6, ...Buffer.from('memory'), 2, 3, 1, 0x80, 0x80, 4],
  ...[3, 3, 2, 0, 0],
  ...[7, 15, 2, 4, ...Buffer.from('mark'), 0, 0, 4, ...Buffer.from('trap'), 0, 1],
  ...[10, 18, 2, 12, 0, 0x20, 0, 0x20, 2, 0x6a, 0x41, 1, 0x3a, 0, 0, 0x0b, 3, 0, 0, 0x0b],
);

const memory = new LinearMemory();
const pool = new ThreadPool(3, memory.memory);
const module = await pool.load(new WebAssembly.Module(MODULE), ['mark', 'trap']);
afterAll(() => pool.dispose());
afterEach(() => vi.restoreAllMocks());

const GROUPS = 300;
const record = memory.allocate(GROUPS, 'marks');
const marks = (): Uint8Array => new Uint8Array(memory.memory.buffer, record, GROUPS);

function pass(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

/** A job whose slices take this thread long, and the others no time. */
function makeJob(changes: Partial<Job> = {}): { job: Job; own: Set<number> } {
  const own = new Set<number>();
  const kernel: Job['kernel'] = (_record, _scratch, from) => {
    own.add(from);
    pass(0.2);
  };
  return {
    own,
    job: { kernel, module, index: 0, record, scratch: 0, stride: 0, groups: GROUPS, slice: 1, ...changes },
  };
}

describe.each([
  ['in place', undefined],
  [
    'as the main thread of a page, which must not wait',
    (): never => {
      throw new TypeError('Atomics.wait cannot be called in this context');
    },
  ],
] as const)('a job, waited for %s', (_, wait) => {
  test('is done by all threads together, each part of it once', async () => {
    if (wait !== undefined) vi.spyOn(Atomics, 'wait').mockImplementation(wait);
    let others = 0;
    for (let run = 0; run < 10; run++) {
      marks().fill(0);
      const { job, own } = makeJob();
      await pool.run(job);
      marks().forEach((mark, group) => expect(mark === 1, `workgroup ${group}`).toBe(!own.has(group)));
      others += GROUPS - own.size;
    }
    expect(others).toBeGreaterThan(0);
  });

  test('that fails in any thread says so, and the next one is well', async () => {
    if (wait !== undefined) vi.spyOn(Atomics, 'wait').mockImplementation(wait);
    const run = async (changes: Partial<Job>): Promise<unknown> => pool.run(makeJob(changes).job);
    await expect(run({ index: 1 })).rejects.toMatchObject({ code: 'INTERNAL', summary: 'a kernel failed' });
    const fails = (): never => {
      throw new RangeError('out of reach');
    };
    // The others may be so fast that this thread gets no part of a job.
    const errors: unknown[] = [];
    for (let i = 0; i < 100 && errors.length === 0; i++)
      await run({ kernel: fails }).catch((error: unknown) => errors.push(error));
    expect(errors).toMatchObject([{ code: 'INTERNAL' }]);
    await run({});
  });
});

test('a module that a thread refuses is an error', async () => {
  const other = new WebAssembly.Module(
    Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 2, 8, 1, 1, 0x61, 1, 0x62, 3, 0x7f, 0),
  );
  await expect(pool.load(other, [])).rejects.toMatchObject({ code: 'DEVICE_VALIDATION' });
  await pool.run(makeJob().job);
});
