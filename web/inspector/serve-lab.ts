/** The worker of the page of `heddle view`: it fetches the program from the server, and measures it. */
import { HeddleError } from 'heddle';
import { readProgram, rewriteStep } from 'heddle/inspection';
import type { RewriteStep } from '../../src/cli/reports/inspection/types.js';
import type { News, TimeResult, Told, VerifyResult } from '../shared/measured.js';
import { timeProgram } from '../shared/work/time.js';
import { verifyProgram } from '../shared/work/verify.js';
import type { LabRequest } from './lab-protocol.js';

type Result = VerifyResult | TimeResult | RewriteStep;

/** Answers requests from now on. `gpu`: what WebGPU is taken from. Default: the browser. */
export function serveLab(gpu?: GPU): void {
  const tell = (told: Told<Result>): void => postMessage(told);
  const news = (text: News): void => tell({ news: text });
  const answer = async (asked: LabRequest): Promise<Result> => {
    news({ stage: 'loading the model', done: 0, total: 1 });
    const program = await fetchProgram(asked.model);
    if (asked.kind === 'step') return rewriteStep(program, asked.request.target, asked.request.rewrite);
    const measured = { ...asked.request, program, news, ...(gpu === undefined ? {} : { gpu }) };
    return asked.kind === 'verify' ? verifyProgram(measured) : timeProgram(measured);
  };
  addEventListener('message', ({ data }: MessageEvent<LabRequest>) => {
    answer(data).then(
      (result) => tell({ result }),
      (error: unknown) => tell({ error: error instanceof HeddleError ? error.message : String(error) }),
    );
  });
}

async function fetchProgram(address: string): Promise<ReturnType<typeof readProgram>> {
  const response = await fetch(address).catch(() => undefined);
  if (response === undefined) throw new Error('the model cannot be fetched: has `heddle view` ended?');
  if (!response.ok) throw new Error((await response.text()).trim());
  return readProgram(new Uint8Array(await response.arrayBuffer()));
}
