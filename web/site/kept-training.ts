/**
 * The training of digits as it was saved last, in the database of the browser: a tab that is reloaded, closed or lost goes on from there.
 * Both the page and its worker see it. One is kept; what two tabs train, the last to save keeps.
 */
import type { Engine } from './protocol.js';

export interface KeptTraining {
  readonly engine: Engine;
  /** For how many the learning rate is planned. */
  readonly steps: number;
  /** The loss of each step that is done. */
  readonly losses: readonly number[];
  readonly checkpoint: Uint8Array;
}

const [DATABASE, STORE, KEY] = ['heddle', 'trainings', 'digits'];

/** Rejects where the browser keeps nothing, as some do in private windows. */
export const keepTraining = async (kept: KeptTraining): Promise<void> =>
  void (await inStore('readwrite', (store) => store.put(kept, KEY)));

/** Undefined where there is none, and where the browser keeps nothing. */
export const keptTraining = (): Promise<KeptTraining | undefined> =>
  inStore('readonly', (store) => store.get(KEY) as IDBRequest<KeptTraining | undefined>).catch(() => undefined); // prettier-ignore

async function inStore<T>(
  mode: IDBTransactionMode,
  use: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  const opening = indexedDB.open(DATABASE, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
  const database = await done(opening);
  try {
    return await done(use(database.transaction(STORE, mode).objectStore(STORE)));
  } finally {
    database.close();
  }
}

const done = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('the database of the browser failed'));
  });
