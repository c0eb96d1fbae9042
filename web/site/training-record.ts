/** What a browser keeps of a training of digits, and whether what it kept is one that this release can go on with. */
import { isList, isNumber, isOneOf, isRecord, type Check } from './checks.js';
import type { Engine } from './protocol.js';

/** Grows where the network, its data or its optimiser become others. */
const VERSION = 1;

export const SETTINGS = { epochs: 100, batchSize: 128, learningRate: 0.004, seed: 1 } as const;

export interface KeptTraining {
  readonly version: typeof VERSION;
  /** What it was made under. */
  readonly settings: typeof SETTINGS;
  readonly engine: Engine;
  /** For how many the learning rate is planned. */
  readonly steps: number;
  /** The loss of each step that is done. */
  readonly losses: readonly number[];
  readonly checkpoint: Uint8Array;
}

export const recordOf = (training: Omit<KeptTraining, 'version' | 'settings'>): KeptTraining => ({
  version: VERSION,
  settings: SETTINGS,
  ...training,
});

const isCount: Check<number> = (value): value is number => isNumber(value) && Number.isSafeInteger(value) && value > 0; // prettier-ignore
const isBytes: Check<Uint8Array> = (value): value is Uint8Array => value instanceof Uint8Array;

const isSettings = isRecord<typeof SETTINGS>({
  epochs: isOneOf(SETTINGS.epochs),
  batchSize: isOneOf(SETTINGS.batchSize),
  learningRate: isOneOf(SETTINGS.learningRate),
  seed: isOneOf(SETTINGS.seed),
});

const hasFields = isRecord<KeptTraining>({
  version: isOneOf(VERSION),
  settings: isSettings,
  engine: isOneOf('webgpu', 'wasm'),
  steps: isCount,
  losses: isList(isNumber),
  checkpoint: isBytes,
});

/** Whether a record of the database is of this release. What its checkpoint holds is not read. */
export const isKeptTraining: Check<KeptTraining> = (value): value is KeptTraining =>
  hasFields(value) && value.losses.length <= value.steps;
