/** Pipelines that the plans of one program have in common: each is kept for as long as a plan uses it. */
import type { PipelineCache } from '../pipelines.js';

interface Entry {
  readonly pipeline: GPUComputePipeline;
  users: number;
}

/** What a plan uses of them. */
export interface PipelineLease {
  readonly pipelines: PipelineCache;
  /** How many it was the first to make. */
  made(): number;
  /** Lets go of those that no other plan uses. */
  release(): void;
}

export class SharedPipelines {
  /** By their code. */
  private readonly entries = new Map<string, Entry>();

  /** How many there are. */
  get size(): number {
    return this.entries.size;
  }

  lease(): PipelineLease {
    const used = new Map<string, Entry>();
    let made = 0;
    const use = (code: string, entry: Entry): Entry => {
      if (!used.has(code)) entry.users++;
      used.set(code, entry);
      return entry;
    };
    return {
      pipelines: {
        get: (code) => {
          const known = this.entries.get(code);
          return known && use(code, known).pipeline;
        },
        set: (code, pipeline) => {
          if (this.entries.has(code)) return;
          made++;
          this.entries.set(code, use(code, { pipeline, users: 0 }));
        },
      },
      made: () => made,
      release: () => {
        for (const [code, entry] of used) if (--entry.users === 0) this.entries.delete(code);
        used.clear();
      },
    };
  }
}
