/** What a page can do with the model itself, where it has it. A report alone says what became of it. */
import type { Measuring, TimeResult, VerifyResult } from '../shared/measured.js';
import { useTask, type Begin, type Task } from '../shared/task.js';

export interface Lab {
  readonly verify: Begin<Measuring, VerifyResult>;
  readonly time: Begin<Measuring, TimeResult>;
}

/** The work of a lab. It is kept where views change. */
export interface LabWork {
  readonly verify: Task<Measuring, VerifyResult>;
  readonly time: Task<Measuring, TimeResult>;
}

/** Undefined without a lab. */
export function useLab(lab: Lab | undefined): LabWork | undefined {
  const verify = useTask(lab?.verify ?? nothing);
  const time = useTask(lab?.time ?? nothing);
  return lab === undefined ? undefined : { verify, time };
}

const nothing = (): (() => void) => () => {};
