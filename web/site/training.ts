/** A training in a worker, as a hook: it stops, goes on, names drawings and gives its network at any time. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { save } from './parts.js';
import type { Engine, News, Order, Outcome, Told } from './protocol.js';

/** How a training stands. */
export interface TrainingState {
  readonly news?: News;
  readonly losses: readonly number[];
  readonly scores?: readonly number[];
  /** Of the last rest. */
  readonly outcome?: Outcome;
  readonly error?: string;
  readonly isRunning: boolean;
}

export const NO_TRAINING: TrainingState = { losses: [], isRunning: false };

/** The state after a word of the worker. */
export function heard(state: TrainingState, told: Told): TrainingState {
  if ('news' in told)
    return { ...state, news: told.news, losses: [...state.losses, ...(told.news.losses ?? [])] };
  if ('scores' in told) return { ...state, scores: told.scores };
  if ('rest' in told) return { ...state, outcome: told.rest, isRunning: false };
  if ('error' in told) return { ...state, error: told.error, isRunning: false };
  return state;
}

export interface Training {
  readonly state: TrainingState;
  /** Whether there is a worker to give orders to. */
  readonly isOpen: boolean;
  /** Ends what there was. */
  begin(steps: number, engine: Engine): void;
  give(order: Order): void;
}

export function useTraining(): Training {
  const [state, setState] = useState(NO_TRAINING);
  const worker = useRef<Worker | undefined>(undefined);
  const end = (): void => {
    worker.current?.terminate();
    worker.current = undefined;
  };
  // A training that nobody looks at any more ends, with its device.
  useEffect(() => end, []);
  const fail = (error: string): void => {
    end();
    setState((old) => heard(old, { error }));
  };
  const begin = (steps: number, engine: Engine): void => {
    end();
    const own = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
    worker.current = own;
    setState({ ...NO_TRAINING, isRunning: true });
    own.addEventListener('message', ({ data }: MessageEvent<Told>) => {
      if ('error' in data) return fail(data.error);
      if ('onnx' in data) return save('digits.onnx', data.onnx, 'application/octet-stream');
      setState((old) => heard(old, data));
    });
    own.addEventListener('error', ({ message }) => fail(message || 'the worker cannot start'));
    own.postMessage({ kind: 'train', steps, engine });
  };
  const give = (order: Order): void => {
    if (order.order === 'go') setState((old) => ({ ...old, isRunning: true }));
    worker.current?.postMessage(order);
  };
  return { state, isOpen: worker.current !== undefined, begin, give };
}
