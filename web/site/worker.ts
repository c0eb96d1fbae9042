/** The worker of the site: one request, its news, its result; of a training, orders as well. */
import { programOf, rewriteStep } from 'heddle/inspection';
import type { Measuring } from '../shared/measured.js';
import type { Measured } from '../shared/work/compiled.js';
import { timeProgram } from '../shared/work/time.js';
import { verifyProgram } from '../shared/work/verify.js';
import type { Asked, Kind, NamedFile, News, Order, Requests, Told, TrainRequest } from './protocol.js';
import { tryConfig } from './work/config.js';
import { testDevice } from './work/device.js';
import { failureOf } from './work/failure.js';
import { Inbox } from './work/inbox.js';
import { inspectFile } from './work/inspect.js';
import { runModel } from './work/run.js';
import { trainDigits } from './work/train.js';

const tell = (told: Told): void => postMessage(told);
const orders = new Inbox<Order>();
const news = (text: News): void => tell({ news: text });

/** The program in a file, to be measured. */
const measured = async ({ name, bytes, ...measuring }: NamedFile & Measuring): Promise<Measured> => ({
  ...measuring,
  program: await programOf(name, bytes),
  news,
});

function workFor(asked: Exclude<Asked, TrainRequest>): Promise<Requests[Kind]['result']> {
  switch (asked.kind) {
    case 'device':
      return testDevice(news);
    case 'run':
      return runModel(asked, news);
    case 'verify':
      return measured(asked).then(verifyProgram);
    case 'time':
      return measured(asked).then(timeProgram);
    case 'step':
      return programOf(asked.name, asked.bytes).then((program) => rewriteStep(program, asked.target, asked.rewrite)); // prettier-ignore
    case 'inspect':
      return inspectFile(asked, news);
    case 'config':
      return tryConfig(asked, news);
    case 'jit':
      return import('./work/jit.js').then(({ tryFunction }) => tryFunction(asked.text, news));
  }
}

addEventListener('message', ({ data }: MessageEvent<Asked | Order>) => {
  if ('order' in data) return orders.put(data);
  const done =
    data.kind === 'train'
      ? trainDigits(data, orders, tell)
      : workFor(data).then((result) => tell({ result }));
  done.catch((error: unknown) => tell(failureOf(error, data)));
});
