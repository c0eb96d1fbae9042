/** What a page can do with the model itself, where it has it. A report alone says what became of it. */
import type { RewriteStep } from '../../src/cli/reports/inspection/types.js';
import type { Measuring, StepRequest, TimeResult, VerifyResult } from '../shared/measured.js';
import { useTask, type Begin, type Task } from '../shared/task.js';

export interface Lab {
  readonly verify: Begin<Measuring, VerifyResult>;
  readonly time: Begin<Measuring, TimeResult>;
  /** Runs the passes again, up to a rewrite. */
  readonly step: Begin<StepRequest, RewriteStep>;
}

/** The work of a lab. It is kept where views change. */
export interface LabWork {
  readonly verify: Task<Measuring, VerifyResult>;
  readonly time: Task<Measuring, TimeResult>;
  readonly step: Task<StepRequest, RewriteStep>;
}

/** Undefined without a lab. */
export function useLab(lab: Lab | undefined): LabWork | undefined {
  const verify = useTask(lab?.verify ?? nothing);
  const time = useTask(lab?.time ?? nothing);
  const step = useTask(lab?.step ?? nothing);
  return lab === undefined ? undefined : { verify, time, step };
}

const nothing = (): (() => void) => () => {};
