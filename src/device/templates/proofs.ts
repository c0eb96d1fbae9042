/** Proofs that are kept, so that a device which is opened again is not probed again. */
import { checksum } from '../../base/checksum.js';
import type { Preludes } from '../../plan/preludes.js';
import type { NumericProfile } from '../../runtime/device.js';
import type { ProbeReport } from '../probe/probe.js';
import type { ProbeProgram } from '../probe/program.js';
import type { Proof } from '../open.js';

/**
 * Keeps proofs over page loads: `localStorage`, or two functions like its own. Of a device that was exact, it gets the report
 * under a key of the adapter's description, the browser's version and all kernels of the probe. Reports are believed for a
 * week: a driver that is updated keeps its name.
 */
export interface ProofStore {
  getItem(key: string): string | null;
  setItem(key: string, text: string): void;
}

export const isProofStore = (value: unknown): boolean =>
  (['getItem', 'setItem'] as const).every(
    (name) => typeof (Object(value) as Partial<ProofStore>)[name] === 'function',
  );

/** In a process or page, a GPU stays as it is: one list of proofs for all devices that say who they are. */
const named = new Map<string, Proof>();
/** Those of devices that do not say who they are: one list for each WebGPU that offers them. */
const anonymous = new WeakMap<object, Map<string, Proof>>();

/** Where a proof is kept in this process. */
export interface ProofPlace {
  readonly proofs: Map<string, Proof>;
  readonly key: string;
}

/**
 * The place for the proof of `gpu`, an adapter that `source` offered; `facts` say how it was asked for and proved.
 */
export function placeOfProof(source: object, gpu: GPUDevice, facts: readonly unknown[]): ProofPlace {
  // Older browsers do not have it.
  const info = (gpu as { readonly adapterInfo?: GPUAdapterInfo }).adapterInfo;
  const texts = info === undefined ? [] : [info.vendor, info.architecture, info.device, info.description];
  const key = JSON.stringify([...texts, ...facts]);
  if (texts.some((text) => text !== '')) return { proofs: named, key };
  const proofs = anonymous.get(source) ?? new Map<string, Proof>();
  anonymous.set(source, proofs);
  return { proofs, key };
}

/** The key of a proof in a {@link ProofStore}: another one for another adapter, browser or version of any kernel. */
export function storeKey({ key }: ProofPlace, preludes: Preludes, programs: readonly ProbeProgram[]): string {
  const { navigator } = globalThis as { readonly navigator?: { readonly userAgent?: string } };
  const plans = programs.map(({ plan }) => plan);
  const text = JSON.stringify([key, navigator?.userAgent, preludes, plans]);
  return `heddle.proof.${checksum(new TextEncoder().encode(text))}`;
}

/** Where a proof is kept over page loads. */
export interface StorePlace {
  readonly store: ProofStore;
  readonly key: string;
}

const WEEK = 7 * 24 * 3600 * 1000;

interface Stored {
  readonly time: number;
  readonly profile: NumericProfile;
  readonly report: ProbeReport;
}

/** What the store has, unless it is old or no proof of exactness. */
export function storedProof({ store, key }: StorePlace, preludes: Preludes, now: number): Proof | undefined {
  try {
    const text = store.getItem(key);
    const found = Object(JSON.parse(text ?? 'null')) as Partial<Stored>;
    const { time = 0, profile, report } = found;
    if (profile === undefined || report?.exact !== true || Math.abs(now - time) > WEEK) return undefined;
    return { profile, preludes, report };
  } catch {
    return undefined;
  }
}

/** Puts a proof of exactness there. A store that is full or closed changes nothing. */
export function storeProof({ store, key }: StorePlace, { profile, report }: Proof, now: number): void {
  if (!report.exact) return;
  const stored: Stored = { time: now, profile, report };
  try {
    store.setItem(key, JSON.stringify(stored));
  } catch {
    // It is probed again next time.
  }
}
