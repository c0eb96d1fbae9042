/** A training that outlives its device: where that is lost, another one is opened, and it goes on from where it was saved last. */
import { HeddleError } from 'heddle';
import type { Engine, News } from '../protocol.js';
import { open } from '../../shared/work/open.js';
import { openTraining, type Training } from './training.js';

/** Losses in a row, without a step between them, after which it gives up. */
const MOST = 3;

export interface LastingTraining {
  /** Steps done. */
  readonly step: number;
  /** What it goes on from. */
  readonly saved: Uint8Array;
  /** What `body` gives, on a device that is there: it is called again where one was lost meanwhile. */
  on<T>(body: (training: Training) => Promise<T>): Promise<T>;
  /** Goes `count` steps on, and saves what there is then. Resolves to their losses. */
  advance(count: number): Promise<readonly number[]>;
}

/** Begins one, or goes on from what another saved. Throws what opening a device does. */
export async function openLasting(
  engine: Engine,
  steps: number,
  news: (text: News) => void,
  from?: Uint8Array,
): Promise<LastingTraining> {
  let training = openTraining((await open(engine, news)).device, steps, from);
  let saved = await training.save();
  let lost = 0;
  const on = async <T>(body: (training: Training) => Promise<T>): Promise<T> => {
    for (;;)
      try {
        return await body(training);
      } catch (error) {
        if (!(error instanceof HeddleError) || error.code !== 'DEVICE_LOST' || ++lost > MOST) throw error;
        news({ stage: 'the device was lost: opening it again', done: training.step, total: steps });
        training = openTraining((await open(engine, news)).device, steps, saved);
      }
  };
  return {
    get step() {
      return training.step;
    },
    get saved() {
      return saved;
    },
    on,
    advance: async (count) => {
      const done = await on(async (own) => {
        const losses = await own.advance(count);
        return { losses, saved: await own.save() };
      });
      saved = done.saved;
      lost = 0;
      return done.losses;
    },
  };
}
