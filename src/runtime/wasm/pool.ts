/**
 * The threads of an engine. A job is a range of workgroups; all threads, the one that gives it among them, take slices of it until
 * none is left. Which thread ran a slice shows in no bit, since workgroups of a kernel know nothing of each other. A thread that
 * comes late, or is busy with something else, is not waited for.
 */
import { HeddleError } from '../../base/errors.js';
import { MEMORY_IMPORT } from '../../plan/wasm.js';
import { CONTROL, CONTROL_WORDS, WORKER_SOURCE } from './control.js';
import type { KernelFunction } from './kernels.js';
import { startThread, type Thread } from './thread.js';

/** A range of workgroups of one kernel. */
export interface Job {
  readonly kernel: KernelFunction;
  /** The number of a module that was {@link ThreadPool.load loaded}, and which of its functions the kernel is. */
  readonly module: number;
  readonly index: number;
  readonly record: number;
  /** Scratch memory of the first thread; that of the others follows, `stride` bytes each. */
  readonly scratch: number;
  readonly stride: number;
  readonly groups: number;
  /** Workgroups of a call. */
  readonly slice: number;
}

/** Looks at a word before this thread waits for it: some 100 us. */
const SPINS = 10_000;
/** Milliseconds to wait in place, where that is allowed; then events get their turn, such as that of a thread that ended. */
const PATIENCE = 50;
/** Milliseconds between two looks at what may never come. */
const PAUSE = 5;

export class ThreadPool {
  private readonly control = new Int32Array(new SharedArrayBuffer(4 * CONTROL_WORDS));
  private threads: readonly Thread[] = [];
  private started: Promise<void> | undefined;
  /** Whether threads may be at a job that this one does not wait for in place. */
  private isBusy = false;
  private modules = 0;
  private failure: HeddleError | undefined;
  /** Settle the answers that are awaited, in their order, by thread. */
  private readonly awaited: ({ resolve: () => void; reject: (error: HeddleError) => void }[] | undefined)[] =
    [];

  /** `size`: threads, this one among them. */
  constructor(
    readonly size: number,
    private readonly memory: WebAssembly.Memory,
  ) {}

  /**
   * Gives a module to all threads, which start with the first one, and resolves to its number. Throws DEVICE_LOST where a thread
   * ends, DEVICE_VALIDATION where one refuses the module.
   */
  async load(code: WebAssembly.Module, names: readonly string[]): Promise<number> {
    await (this.started ??= this.start());
    const module = this.modules++;
    const { module: space, name: field } = MEMORY_IMPORT;
    try {
      await this.ask({ module, code, names, importName: [space, field] }, true);
    } catch (error) {
      this.unload(module);
      throw error;
    }
    return module;
  }

  /** Forgets a module. */
  unload(module: number): void {
    if (this.failure === undefined) this.announce({ module });
  }

  /**
   * Runs a job; what it returns resolves when the job is done, and is undefined where it is done already. Throws, or rejects
   * with, DEVICE_LOST where a thread has ended, INTERNAL where a kernel fails.
   */
  run(job: Job): Promise<void> | undefined {
    if (this.failure !== undefined) throw this.failure;
    const { control, isBusy } = this;
    if (isBusy) return runAlone(job);
    const { module, index, record, scratch, stride, groups, slice, kernel } = job;
    const words = { next: 0, module, kernel: index, record, scratch, stride, groups, slice };
    for (const [name, word] of Object.entries(words)) control[CONTROL[name as keyof typeof words]] = word;
    Atomics.store(control, CONTROL.open, 1);
    this.signal();
    try {
      for (let from; (from = Atomics.add(control, CONTROL.next, 1) * slice) < groups;)
        kernel(record, scratch, from, Math.min(from + slice, groups));
    } catch {
      Atomics.store(control, CONTROL.failed, 1);
    }
    Atomics.store(control, CONTROL.open, 0);
    if (!this.waitInPlace()) return this.waitForOthers();
    this.finish();
    return undefined;
  }

  /** Ends all threads. Runs after this fail. */
  dispose(): void {
    this.fail(new HeddleError('USAGE', 'the engine was closed'));
  }

  private async start(): Promise<void> {
    try {
      this.threads = Array.from({ length: this.size - 1 }, (_, i) =>
        startThread(WORKER_SOURCE, {
          onMessage: (message) => this.answered(i, message as { readonly error?: string }),
          onEnd: (why) => this.fail(lost(why)),
        }),
      );
    } catch (cause) {
      this.fail(lost(String(cause)));
    }
    const { memory, control } = this;
    await this.ask({ memory, control }, false);
  }

  /** Sends a message to all threads and waits for what they answer; meanwhile the process stays. */
  private async ask(message: object, isMail: boolean): Promise<void> {
    if (this.failure !== undefined) throw this.failure;
    for (const thread of this.threads) thread.hold(true);
    const answers = this.threads.map(
      (_, i) =>
        new Promise<void>((resolve, reject) => {
          (this.awaited[i] ??= []).push({ resolve, reject });
        }),
    );
    if (isMail) this.announce(message);
    else this.threads.forEach((thread, i) => thread.post({ ...message, index: i + 1 }));
    // The process may end again when all that was asked is answered, by whatever call.
    const settled = await Promise.allSettled(answers);
    if (this.awaited.every((list) => list?.length === 0))
      for (const thread of this.threads) thread.hold(false);
    for (const answer of settled) if (answer.status === 'rejected') throw answer.reason;
  }

  private announce(message: object): void {
    Atomics.add(this.control, CONTROL.mail, 1);
    for (const thread of this.threads) thread.post(message);
    this.signal();
  }

  private answered(thread: number, { error }: { readonly error?: string }): void {
    const awaited = this.awaited[thread]?.shift();
    if (error === undefined) awaited?.resolve();
    else
      awaited?.reject(new HeddleError('DEVICE_VALIDATION', 'a thread refused the kernels', { found: error }));
  }

  private signal(): void {
    Atomics.add(this.control, CONTROL.signal, 1);
    Atomics.notify(this.control, CONTROL.signal);
  }

  /** Whether all others left the job, soon enough for this thread to wait in place. */
  private waitInPlace(): boolean {
    const { control } = this;
    for (let i = 0; i < SPINS; i++) if (Atomics.load(control, CONTROL.active) === 0) return true;
    try {
      const end = Date.now() + PATIENCE;
      for (let active; (active = Atomics.load(control, CONTROL.active)) > 0 && Date.now() < end;)
        Atomics.wait(control, CONTROL.active, active, PAUSE);
    } catch {
      // The main thread of a page must not wait.
    }
    return Atomics.load(control, CONTROL.active) === 0;
  }

  private async waitForOthers(): Promise<void> {
    const { control } = this;
    this.isBusy = true;
    try {
      for (let active; (active = Atomics.load(control, CONTROL.active)) > 0;) {
        if (this.failure !== undefined) throw this.failure;
        await changed(control, active);
      }
    } finally {
      this.isBusy = false;
    }
    this.finish();
  }

  /** Throws INTERNAL where a kernel failed, in whatever thread. */
  private finish(): void {
    if (Atomics.exchange(this.control, CONTROL.failed, 0) !== 0)
      throw new HeddleError('INTERNAL', 'a kernel failed');
  }

  private fail(error: HeddleError): void {
    if (this.failure !== undefined) return;
    this.failure = error;
    for (const thread of this.threads) thread.end();
    for (const { reject } of this.awaited.flatMap((list) => list ?? [])) reject(error);
    this.awaited.length = 0;
  }
}

/** Runs a job in this thread, slice by slice. */
export function runAlone({
  kernel,
  record,
  scratch,
  groups,
  slice,
}: Omit<Job, 'module' | 'index' | 'stride'>): undefined {
  for (let from = 0; from < groups; from += slice)
    kernel(record, scratch, from, Math.min(from + slice, groups));
}

const lost = (why: string): HeddleError =>
  new HeddleError('DEVICE_LOST', 'a thread of the engine has ended', {
    found: why,
    hint: 'open an engine again and call rebuild(device): the plan and the weights are kept',
  });

interface WaitAsync {
  waitAsync?: (words: Int32Array, at: number, value: number) => { readonly value: unknown };
}

/** Resolves when threads may have left the job, and from time to time. */
function changed(control: Int32Array, active: number): Promise<unknown> {
  // The timer keeps the process alive.
  const pause = new Promise((resolve) => setTimeout(resolve, PAUSE));
  const { waitAsync } = Atomics as WaitAsync;
  return waitAsync === undefined
    ? pause
    : Promise.race([pause, waitAsync(control, CONTROL.active, active).value]);
}
