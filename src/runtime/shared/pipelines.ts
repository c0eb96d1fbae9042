/** Pipelines that the plans of one program have in common: each is kept for as long as a plan uses it. */
import { Shared, type Lease } from '../../base/lease.js';
import type { LaidOut, PipelineCache } from '../pipelines.js';

/** The pipelines as one plan sees them. */
export interface PlanPipelines extends PipelineCache {
  /** How many it was the first to make. */
  made(): number;
}

export class SharedPipelines {
  /** By their code. */
  private readonly entries = new Map<string, Shared<LaidOut>>();

  /** How many there are. */
  get size(): number {
    return this.entries.size;
  }

  /** For a plan, which holds those that it uses by each of `leases`. */
  usedBy(...leases: readonly Lease[]): PlanPipelines {
    let made = 0;
    const held = (entry: Shared<LaidOut>): Shared<LaidOut> => {
      for (const lease of leases) lease.acquire(entry);
      return entry;
    };
    return {
      get: (code) => {
        const known = this.entries.get(code);
        return known && held(known).value;
      },
      set: (code, pipeline) => {
        if (this.entries.has(code)) return;
        made++;
        this.entries.set(code, held(new Shared(pipeline, () => this.entries.delete(code))));
      },
      made: () => made,
    };
  }
}
