/** Trains digits as it is told: orders are heard between a few steps and the next. */
import type { News, Order, Outcome, Told, TrainRequest } from '../protocol.js';
import type { Inbox } from './inbox.js';
import { openLasting, type LastingTraining } from './lasting.js';

/** Steps from one hearing to the next; the first step, which compiles, is alone. */
const STRIDE = 10;

/** Does not resolve: it rests until the worker ends. Rejects where training fails. */
export async function trainDigits(
  { steps, engine }: TrainRequest,
  orders: Inbox<Order>,
  tell: (told: Told) => void,
): Promise<never> {
  const news = (text: News): void => tell({ news: text });
  news({ stage: 'drawing digits', done: 0, total: steps });
  const training = await openLasting(engine, steps, news);
  let [isRunning, drawing] = [true, undefined as Float32Array | undefined];
  for (;;) {
    for (const order of await (isRunning ? orders.now() : orders.next())) {
      if (order.order === 'go') isRunning = training.step < steps;
      if (order.order === 'stop' && isRunning) {
        isRunning = false;
        tell({ rest: await outcomeOf(training) });
      }
      if (order.order === 'export') tell({ onnx: await training.on((own) => own.onnx()) });
      if (order.order === 'classify') drawing = order.pixels;
    }
    if (isRunning) {
      const count = training.step === 0 ? 1 : Math.min(STRIDE, steps - training.step);
      const losses = await training.advance(count);
      news({ stage: 'training', done: training.step, total: steps, losses });
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

const outcomeOf = (training: LastingTraining): Promise<Outcome> =>
  training.on(async (own) => ({ accuracy: await own.accuracy(), imagesPerSecond: own.imagesPerSecond }));
