/** Threads of the host: workers of Node or of a browser, as one thing. */

export interface Thread {
  post(message: unknown): void;
  /** Whether the process stays for it. */
  hold(isHeld: boolean): void;
  end(): void;
}

export interface ThreadEvents {
  readonly onMessage: (message: unknown) => void;
  /** Called when it ends by itself, and says why. */
  readonly onEnd: (why: string) => void;
}

/** What of Node and of browsers is used here: neither's types are those of the other. */
interface Host {
  readonly process?: { getBuiltinModule?: (name: string) => unknown };
  readonly crossOriginIsolated?: boolean;
  readonly Worker?: new (url: string) => BrowserWorker;
  readonly Blob: new (parts: readonly string[], options: { type: string }) => unknown;
  readonly URL: { createObjectURL(blob: unknown): string; revokeObjectURL(url: string): void };
  readonly navigator?: { readonly hardwareConcurrency?: number };
}

interface BrowserWorker {
  onmessage: (event: { readonly data: unknown }) => void;
  onerror: (event: { readonly message?: string }) => void;
  postMessage(message: unknown): void;
  terminate(): void;
}

interface NodeWorker {
  on(event: 'message', listener: (message: unknown) => void): void;
  on(event: 'error', listener: (error: unknown) => void): void;
  on(event: 'exit', listener: (code: number) => void): void;
  postMessage(message: unknown): void;
  ref(): void;
  unref(): void;
  terminate(): Promise<number>;
}

type NodeWorkers = {
  readonly Worker: new (source: string, options: { eval: true; execArgv: readonly string[] }) => NodeWorker;
};

const host = globalThis as unknown as Host;

/** A module of Node; undefined elsewhere. No import of it stands here, which bundlers for pages would follow. */
const builtin = <T>(name: string): T | undefined => host.process?.getBuiltinModule?.(name) as T | undefined;

/** Whether memory can be shared with other threads: in Node, and in pages that are cross-origin isolated. */
export const canShareMemory = (): boolean =>
  builtin('node:worker_threads') !== undefined ||
  (host.crossOriginIsolated === true && typeof host.Worker === 'function');

/** Threads that run side by side. */
export const coreCount = (): number =>
  builtin<{ availableParallelism(): number }>('node:os')?.availableParallelism() ??
  host.navigator?.hardwareConcurrency ??
  1;

/** Starts a thread that runs `source`, where threads can share memory. */
export function startThread(source: string, events: ThreadEvents): Thread {
  const workers = builtin<NodeWorkers>('node:worker_threads');
  return workers === undefined ? startInPage(source, events) : startInNode(workers, source, events);
}

function startInNode({ Worker }: NodeWorkers, source: string, events: ThreadEvents): Thread {
  // Without the loaders that this process may have for its own modules.
  const worker = new Worker(source, { eval: true, execArgv: [] });
  worker.on('message', events.onMessage);
  worker.on('error', (error) => events.onEnd(String(error)));
  worker.on('exit', (code) => events.onEnd(`it ended with code ${code}`));
  return {
    post: (message) => worker.postMessage(message),
    hold: (isHeld) => (isHeld ? worker.ref() : worker.unref()),
    end: () => void worker.terminate(),
  };
}

function startInPage(source: string, { onMessage, onEnd }: ThreadEvents): Thread {
  const { Worker, Blob, URL } = host as Required<Host>;
  const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  const worker = new Worker(url);
  worker.onmessage = ({ data }) => onMessage(data);
  worker.onerror = ({ message }) => onEnd(message ?? 'the browser did not start it');
  return {
    post: (message) => worker.postMessage(message),
    hold: () => undefined,
    end: () => {
      worker.terminate();
      URL.revokeObjectURL(url);
    },
  };
}
