/** The worker of the site: one request, its news, its result; of a training, orders as well. */
import type { Asked, Kind, News, Order, Requests, Told } from './protocol.js';
import { tryConfig } from './work/config.js';
import { testDevice } from './work/device.js';
import { failureOf } from './work/failure.js';
import { Inbox } from './work/inbox.js';
import { inspectFile } from './work/inspect.js';
import { runModel } from './work/run.js';
import { timeKernels } from './work/time.js';
import { trainDigits } from './work/train.js';
import { verifyModel } from './work/verify.js';

const tell = (told: Told): void => postMessage(told);
const orders = new Inbox<Order>();
const news = (text: News): void => tell({ news: text });

function workFor(asked: Asked): Promise<Requests[Kind]['result']> {
  switch (asked.kind) {
    case 'device':
      return testDevice(news);
    case 'run':
      return runModel(asked, news);
    case 'verify':
      return verifyModel(asked, news);
    case 'time':
      return timeKernels(asked, news);
    case 'inspect':
      return inspectFile(asked, news);
    case 'config':
      return tryConfig(asked, news);
    case 'jit':
      return import('./work/jit.js').then(({ tryFunction }) => tryFunction(asked.text, news));
    case 'train':
      return trainDigits(asked, orders, tell);
  }
}

addEventListener('message', ({ data }: MessageEvent<Asked | Order>) => {
  if ('order' in data) return orders.put(data);
  workFor(data).then(
    (result) => tell({ result }),
    (error: unknown) => tell(failureOf(error, data)),
  );
});
