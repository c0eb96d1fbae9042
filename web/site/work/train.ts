/** Trains digits as it is told: orders are heard between a few steps and the next. */
import type { News, Order, Outcome, Told, TrainRequest } from '../protocol.js';
import { keepTraining } from '../kept-training.js';
import { recordOf, type KeptTraining } from '../training-record.js';
import type { Inbox } from './inbox.js';
import { openLasting, type LastingTraining } from './lasting.js';
import { whyRefused } from './training.js';

/** Steps from one hearing to the next; the first step, which compiles, is alone. */
const STRIDE = 10;
/** Milliseconds from one keeping to the next, at least; it is kept before each rest as well. */
const PAUSE = 500;

/** Resolves where what was kept is refused; else it rests until the worker ends. Rejects where training fails. */
export async function trainDigits(
  { steps, engine, kept }: TrainRequest,
  orders: Inbox<Order>,
  tell: (told: Told) => void,
): Promise<void> {
  const refused = kept && whyRefused(kept);
  if (refused !== undefined) return tell({ refused });
  const news = (text: News): void => tell({ news: text });
  news({ stage: 'drawing digits', done: 0, total: steps });
  const training = await openLasting(engine, steps, news, kept?.checkpoint);
  const losses = [...(kept?.losses ?? [])];
  const keep = keeper((unkept) => tell({ unkept }));
  const keepNow = (isLast: boolean): Promise<void> =>
    keep(recordOf({ engine, steps, losses, checkpoint: training.saved }), isLast);
  let [isRunning, drawing] = [kept === undefined, undefined as Float32Array | undefined];
  if (kept !== undefined) tell({ rest: await outcomeOf(training) });
  for (;;) {
    for (const order of await (isRunning ? orders.now() : orders.next())) {
      if (order.order === 'go') isRunning = training.step < steps;
      if (order.order === 'stop' && isRunning) {
        isRunning = false;
        await keepNow(true);
        tell({ rest: await outcomeOf(training) });
      }
      if (order.order === 'export') tell({ onnx: await training.on((own) => own.onnx()) });
      if (order.order === 'classify') drawing = order.pixels;
    }
    if (isRunning) {
      const count = training.step === 0 ? 1 : Math.min(STRIDE, steps - training.step);
      const latest = await training.advance(count);
      losses.push(...latest);
      await keepNow(training.step === steps);
      news({ stage: 'training', done: training.step, total: steps, losses: latest });
    }
    if (drawing !== undefined) {
      const pixels = drawing;
      tell({ scores: await training.on((own) => own.classify(pixels)) });
    }
    if (isRunning && training.step === steps) {
      isRunning = false;
      tell({ rest: await outcomeOf(training) });
    }
  }
}

/** Keeps a training now and then, and says so once where the browser keeps nothing. */
function keeper(refused: (why: string) => void): (training: KeptTraining, isLast: boolean) => Promise<void> {
  let [last, isPossible] = [-Infinity, true];
  return async (training, isLast) => {
    if (!isPossible || (!isLast && performance.now() - last < PAUSE)) return;
    try {
      await keepTraining(training);
      last = performance.now();
    } catch (error) {
      isPossible = false;
      refused(String(error));
    }
  };
}

const outcomeOf = (training: LastingTraining): Promise<Outcome> =>
  training.on(async (own) => ({ accuracy: await own.accuracy(), imagesPerSecond: own.imagesPerSecond }));
