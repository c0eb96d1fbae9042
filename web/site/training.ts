/** A training in a worker, as a hook: it stops, goes on, names drawings and gives its network at any time. One that a tab had before rests. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { save } from './parts.js';
import { CANNOT_BE_READ, CANNOT_START } from '../shared/hear-worker.js';
import { forgetTraining, keptRecord } from './kept-training.js';
import type { Engine, News, Order, Outcome, Told } from './protocol.js';
import { isKeptTraining, type KeptTraining } from './training-record.js';

/** How a training stands. */
export interface TrainingState {
  readonly news?: News;
  readonly losses: readonly number[];
  /** Why the browser does not keep it. */
  readonly unkept?: string;
  /** Why one that was kept cannot go on. */
  readonly refused?: string;
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
  if ('unkept' in told) return { ...state, unkept: told.unkept };
  if ('refused' in told) return { ...NO_TRAINING, refused: told.refused };
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
  useEffect(() => {
    let isShown = true;
    void keptRecord().then((kept) => {
      if (kept === undefined || !isShown || worker.current !== undefined) return;
      if (isKeptTraining(kept)) open(kept.steps, kept.engine, kept);
      else refuse('another release of this page, or other settings, made it');
    });
    // A training that nobody looks at any more ends, with its device.
    return () => {
      isShown = false;
      end();
    };
  }, []);
  const fail = (error: string): void => {
    end();
    setState((old) => heard(old, { error }));
  };
  /** It would be refused at each visit: it is deleted. */
  const refuse = (refused: string): void => {
    end();
    void forgetTraining().catch(() => {});
    setState((old) => heard(old, { refused }));
  };
  const open = (steps: number, engine: Engine, kept?: KeptTraining): void => {
    end();
    const own = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
    worker.current = own;
    setState({ ...NO_TRAINING, isRunning: true, losses: kept?.losses ?? [] });
    own.addEventListener('message', ({ data }: MessageEvent<Told>) => {
      if ('error' in data) return fail(data.error);
      if ('refused' in data) return refuse(data.refused);
      if ('onnx' in data) return save('digits.onnx', data.onnx, 'application/octet-stream');
      setState((old) => heard(old, data));
    });
    own.addEventListener('error', ({ message }) => fail(message || CANNOT_START));
    own.addEventListener('messageerror', () => fail(CANNOT_BE_READ));
    own.postMessage({ kind: 'train', steps, engine, ...(kept && { kept }) });
  };
  const give = (order: Order): void => {
    if (order.order === 'go') setState((old) => ({ ...old, isRunning: true }));
    worker.current?.postMessage(order);
  };
  return { state, isOpen: worker.current !== undefined, begin: (steps, engine) => open(steps, engine), give };
}
