/**
 * Runs a model step by step: weights lie on the device once, programs are compiled for classes of sizes when they are first needed,
 * caches are written in place and grow by classes.
 */
import { HeddleError } from '../../base/errors.js';
import { Lease } from '../../base/lease.js';
import { tensorData } from '../../base/tensor.js';
import type { Graph, Program } from '../../ir/graph.js';
import type { Donation } from '../../passes/memory/donations.js';
import type { Backend, Computation, ProgramFamily, Storage } from '../../tensor/backends/backend.js';
import { forContext, type Hyperparameters } from '../model/hyper.js';
import { cacheKindAt, cacheShape, cachesOf } from '../model/cache.js';
import { stepGraph, type StepShape } from '../model/transformer.js';
import { uploadWeights } from '../model/upload.js';
import type { WeightSpec } from '../model/weights.js';
import { batchClass, capacityClass, chunksOf, otherCapacity, tokenClass } from './classes.js';
import { growGraph } from './grow.js';
import { withLength, type SavedSequence } from './saved.js';
import { EMPTY, type SequenceState } from './sequence.js';

export interface EngineOptions {
  /** Positions that a sequence may have. Default: those that the model was made for, with LongRoPE those of its factors for short texts. */
  readonly context?: number | undefined;
}

/** A token's logits, f32 [vocabulary]. */
export type Logits = Float32Array;

/** Tokens that follow in a sequence. */
export interface Advance {
  readonly sequence: Sequence;
  readonly tokens: readonly number[];
}

/** A text under way. `engine.sequence()` makes one; `dispose` gives its memory back. */
export class Sequence {
  state: SequenceState = EMPTY;
  /** Chunks that were asked for, and those that have run: later single tokens wait for them. Only the engine counts them. */
  readonly chunks = { asked: 0, done: 0 };

  constructor(private readonly engine: Engine) {}

  /** The tokens so far. */
  get tokens(): readonly number[] {
    return this.state.tokens;
  }

  get length(): number {
    return this.state.tokens.length;
  }

  /** Forgets all but the first `length` tokens. Nothing moves on the device: later positions are written over. */
  rollback(length: number): void {
    if (length < this.length) this.state = { ...this.state, tokens: this.state.tokens.slice(0, length) };
  }

  dispose(): void {
    this.engine.release(this);
  }
}

/** A token that waits for its step. */
interface Waiting {
  readonly advance: Advance;
  /** Chunks of its sequence that come before it. */
  readonly after: number;
  readonly resolve: (logits: Logits) => void;
  readonly reject: (error: unknown) => void;
}

export class Engine {
  readonly context: number;
  private readonly programs = new Map<string, Computation>();
  /** All programs run in one arena. */
  private readonly family: ProgramFamily | undefined;
  private readonly lease = new Lease();
  private readonly waiting: Waiting[] = [];
  /** Steps run one after the other: each takes caches that the one before may have given. */
  private queue: Promise<unknown> = Promise.resolve();

  private constructor(
    readonly hyper: Hyperparameters,
    private readonly specs: readonly WeightSpec[],
    readonly backend: Backend,
    private readonly weights: readonly Storage[],
  ) {
    this.context = hyper.context;
    this.family = backend.family?.();
    for (const weight of weights) this.lease.acquire(weight);
  }

  /** Brings the weights to the device. Throws LLM_CONTEXT for positions that were never learned. */
  static async create(
    hyper: Hyperparameters,
    specs: readonly WeightSpec[],
    backend: Backend,
    options: EngineOptions = {},
  ): Promise<Engine> {
    const fitted = forContext(hyper, options.context);
    return new Engine(fitted, specs, backend, await uploadWeights(specs, backend));
  }

  sequence(): Sequence {
    return new Sequence(this);
  }

  /**
   * Appends tokens to sequences and gives the logits after the last token of each. Single tokens, of this call and of others that
   * wait, go in one batch. Calls for one sequence run one after the other. Throws LLM_CONTEXT where a sequence would become too long,
   * USAGE for tokens that are none.
   */
  async advance(advances: readonly Advance[]): Promise<readonly Logits[]> {
    for (const each of advances) this.checkRoom(each);
    return Promise.all(advances.map((each) => this.advanceOne(each)));
  }

  /** Single tokens wait for each other: what has come when the device is free goes as one batch. */
  private advanceOne(advance: Advance): Promise<Logits> {
    if (advance.tokens.length !== 1) return this.inOrder(advance, () => this.chunks(advance));
    const after = advance.sequence.chunks.asked;
    const result = new Promise<Logits>((resolve, reject) =>
      this.waiting.push({ advance, after, resolve, reject }),
    );
    void this.enqueue(() => this.batch());
    return result;
  }

  /** Chunks of a sequence, after all that it was asked for before. Throws LLM_CONTEXT where that left no room. */
  private inOrder<T>({ sequence, tokens }: Advance, body: () => Promise<T>): Promise<T> {
    const { chunks } = sequence;
    chunks.asked++;
    return this.enqueue(async () => {
      try {
        this.checkRoom({ sequence, tokens });
        return await body();
      } finally {
        chunks.done++;
      }
    });
  }

  /** One step with as many of the sequences that wait as a class takes. */
  private async batch(): Promise<void> {
    const taken = this.nextBatch();
    if (taken.length === 0) return;
    try {
      const rows = await this.step(
        taken.map(({ advance }) => advance),
        false,
      );
      taken.forEach(({ resolve }, i) => resolve(rows[i]));
    } catch (error) {
      for (const { reject } of taken) reject(error);
    }
  }

  /** Takes as many of those that wait as a class has, of each sequence the first; who has no room is told so. */
  private nextBatch(): readonly Waiting[] {
    const ready = new Map<Sequence, Waiting>();
    for (const each of [...this.waiting]) {
      const { advance, after, reject } = each;
      if (ready.has(advance.sequence) || advance.sequence.chunks.done < after) continue;
      try {
        this.checkRoom(advance);
        ready.set(advance.sequence, each);
      } catch (error) {
        this.waiting.splice(this.waiting.indexOf(each), 1);
        reject(error);
      }
    }
    const taken = [...ready.values()].slice(0, batchClass(ready.size));
    for (const each of taken) this.waiting.splice(this.waiting.indexOf(each), 1);
    return taken;
  }

  /** Appends tokens to a sequence and gives the logits after each of them. Throws as {@link advance} does. */
  async evaluate(sequence: Sequence, tokens: readonly number[]): Promise<readonly Logits[]> {
    this.checkRoom({ sequence, tokens });
    return this.inOrder({ sequence, tokens }, async () => {
      const results: Logits[] = [];
      for (const part of cut(tokens)) for (const row of await this.step([{ sequence, tokens: part }], true)) results.push(row); // prettier-ignore
      return results;
    });
  }

  /** What a sequence holds, to be {@link restore restored} later: its tokens, and its caches on the host. */
  async save(sequence: Sequence): Promise<SavedSequence> {
    return this.enqueue(async () => {
      const { tokens, caches = [] } = sequence.state;
      const read = await this.backend.read(caches);
      return { tokens, caches: read.map((cache, i) => withLength(cache, cacheKindAt(i), tokens.length)) };
    });
  }

  /** A sequence that was {@link save saved}. Throws LLM_CONTEXT where it is too long. */
  restore({ tokens, caches }: SavedSequence): Sequence {
    this.checkLength(tokens.length);
    const sequence = this.sequence();
    if (tokens.length === 0) return sequence;
    const capacity = capacityClass(tokens.length, this.context);
    const stored = caches.map((cache, i) => this.backend.upload(withLength(cache, cacheKindAt(i), capacity)));
    for (const cache of stored) cache.acquire(sequence);
    sequence.state = { tokens: [...tokens], capacity, caches: stored };
    return sequence;
  }

  /** Bytes of device memory that weights, caches and programs hold. */
  get memory(): Backend['memory'] {
    return this.backend.memory;
  }

  release(sequence: Sequence): void {
    const { caches } = sequence.state;
    sequence.state = EMPTY;
    void this.enqueue(() => {
      for (const cache of caches ?? []) cache.release();
      return Promise.resolve();
    });
  }

  /** Gives the weights and the programs back; sequences of this engine cannot go on. */
  dispose(): void {
    for (const program of this.programs.values()) program.dispose();
    this.programs.clear();
    this.family?.dispose();
    this.lease.release();
  }

  private enqueue<T>(body: () => Promise<T>): Promise<T> {
    const result = this.queue.then(body);
    this.queue = result.catch(() => undefined);
    return result;
  }

  /** Throws LLM_CONTEXT where a sequence of so many tokens does not fit. */
  checkLength(length: number): void {
    if (length > this.context)
      throw new HeddleError('LLM_CONTEXT', 'the text is longer than the context', {
        found: `${length} tokens`,
        expected: `at most ${this.context}`,
      });
  }

  private checkRoom({ sequence, tokens }: Advance): void {
    this.checkLength(sequence.length + tokens.length);
    const wrong = tokens.find((token) => !Number.isInteger(token) || token < 0 || token >= this.hyper.vocabulary); // prettier-ignore
    if (wrong !== undefined)
      throw new HeddleError('USAGE', 'a token is not in the vocabulary', {
        found: String(wrong),
        expected: `an integer below ${this.hyper.vocabulary}`,
      });
  }

  /** Chunk by chunk; the logits after the last token. */
  private async chunks({ sequence, tokens }: Advance): Promise<Logits> {
    let logits: Logits | undefined;
    for (const part of cut(tokens)) [logits] = await this.step([{ sequence, tokens: part }], false);
    if (logits === undefined) throw new HeddleError('USAGE', 'there are no tokens to append');
    return logits;
  }

  /** One program: as many tokens of each sequence, at most as many as the largest class has. */
  private async step(advances: readonly Advance[], all: boolean): Promise<readonly Logits[]> {
    const most = (of: (each: Advance) => number): number =>
      advances.reduce((top, each) => Math.max(top, of(each)), 0);
    const count = most(({ tokens }) => tokens.length);
    const tokens = tokenClass(count);
    const length = most(({ sequence }) => sequence.length) + count;
    const held = most(({ sequence }) => sequence.state.capacity);
    const capacity = Math.max(held, capacityClass(length, this.context));
    for (const { sequence } of advances) this.reserve(sequence, capacity);
    const shape: StepShape = { batch: advances.length, tokens, capacity, all };
    const ids = new Int32Array(shape.batch * tokens);
    advances.forEach(({ tokens: own }, i) => ids.set(own, i * tokens));
    const small = [
      tensorData('i32', [shape.batch, tokens], ids),
      tensorData(
        'i32',
        [shape.batch],
        Int32Array.from(advances, ({ sequence }) => sequence.length),
      ),
    ];
    if (!all) small.push(tensorData('i32', [shape.batch], Int32Array.from(advances, (each) => each.tokens.length - 1))); // prettier-ignore
    const [before, after] = [new Lease(), new Lease()];
    const uploads = small.map((data) => before.acquire(this.backend.upload(data)));
    const caches = advances.flatMap(({ sequence }) => sequence.state.caches ?? []);
    const program = this.stepProgram(shape);
    for (const cache of caches) cache.donate();
    const inputs = [...uploads, ...caches, ...this.weights];
    const { results, data: read } = program.runAndRead?.(inputs, [0]) ?? {
      results: program.run(inputs),
      data: undefined,
    };
    const [logits, ...grown] = results;
    before.release();
    const own = 2 * this.hyper.layers;
    advances.forEach(({ sequence, tokens: added }, i) => {
      const mine = grown.slice(i * own, (i + 1) * own);
      for (const cache of mine) cache.acquire(sequence);
      sequence.state = { tokens: [...sequence.tokens, ...added], capacity, caches: mine };
    });
    after.acquire(logits);
    const [{ data }] = await (read ?? this.backend.read([logits]));
    after.release();
    const rows = all ? count : shape.batch;
    const { vocabulary } = this.hyper;
    return Array.from({ length: rows }, (_, i) => (data as Float32Array).slice(i * vocabulary, (i + 1) * vocabulary)); // prettier-ignore
  }

  /** Room for `capacity` positions. */
  private reserve(sequence: Sequence, capacity: number): void {
    const { hyper, backend } = this;
    const { state } = sequence;
    if (state.capacity === capacity) return;
    if (state.caches === undefined) {
      const zeros = new Float32Array(hyper.kvHeads * capacity * hyper.headSize);
      const caches = cachesOf(hyper.layers, 1).map(({ kind }) =>
        backend.upload(tensorData('f32', cacheShape(kind, hyper, capacity), zeros)),
      );
      for (const cache of caches) cache.acquire(sequence);
      sequence.state = { ...state, capacity, caches };
      return;
    }
    const program = this.program(`grow ${state.capacity} ${capacity}`, () => ({
      graph: growGraph(hyper, state.capacity, capacity),
      other: () => growGraph(hyper, 2 * state.capacity, 2 * capacity),
      donations: [],
    }));
    const caches = program.run(state.caches);
    for (const cache of caches) cache.acquire(sequence);
    for (const cache of state.caches) cache.release();
    sequence.state = { ...state, capacity, caches };
  }

  private stepProgram(shape: StepShape): Computation {
    const { batch, tokens, capacity, all } = shape;
    return this.program(`step ${batch} ${tokens} ${capacity} ${all}`, () => {
      const count = cachesOf(this.hyper.layers, batch).length;
      const before = all ? 2 : 3;
      const donations = Array.from({ length: count }, (_, i) => ({ input: before + i, output: 1 + i }));
      const graphOf = (capacity: number): Graph => stepGraph(this.hyper, this.specs, { ...shape, capacity });
      return { graph: graphOf(capacity), other: () => graphOf(otherCapacity(capacity)), donations };
    });
  }

  /** `other` is the same for another capacity: it shows which numbers of kernels depend on that. */
  private program(
    key: string,
    make: () => {
      readonly graph: Graph;
      readonly other: () => Graph;
      readonly donations: readonly Donation[];
    },
  ): Computation {
    const known = this.programs.get(key);
    if (known !== undefined) return known;
    const { graph, other, donations } = make();
    const programOf = (of: Graph): Program => ({ graph: of, weights: new Map() });
    const made =
      this.family?.compile(programOf(graph), donations, () => [programOf(other())]) ??
      this.backend.compile(programOf(graph), donations);
    this.programs.set(key, made);
    return made;
  }
}

/** The tokens in chunks. */
function* cut(tokens: readonly number[]): Generator<readonly number[]> {
  let start = 0;
  for (const size of chunksOf(tokens.length)) {
    yield tokens.slice(start, start + size);
    start += size;
  }
}
