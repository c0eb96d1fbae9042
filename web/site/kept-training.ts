/**
 * The training of digits as it was saved last, in the database of the browser: a tab that is reloaded, closed or lost goes on from there.
 * The page reads it, once, and its worker writes it. One is kept; what two tabs train, the last to save keeps.
 */
import { committed } from './committed.js';
import type { KeptTraining } from './training-record.js';

const [DATABASE, STORE, KEY] = ['heddle', 'trainings', 'digits'];

/** Resolves once it is committed. Rejects where the browser keeps nothing, as in some private windows, and where it has no room. */
export const keepTraining = async (kept: KeptTraining): Promise<void> =>
  void (await inStore('readwrite', (store) => store.put(kept, KEY)));

/** What is there, of whatever release. Undefined where there is none, and where the browser keeps nothing. */
export const keptRecord = (): Promise<unknown> =>
  inStore<unknown>('readonly', (store) => store.get(KEY)).catch(() => undefined);

/** Rejects where the browser keeps nothing. */
export const forgetTraining = (): Promise<void> => inStore('readwrite', (store) => store.delete(KEY));

async function inStore<T>(
  mode: IDBTransactionMode,
  use: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  const database = await opened();
  try {
    const transaction = database.transaction(STORE, mode);
    const request = use(transaction.objectStore(STORE));
    await committed(transaction, request);
    return request.result;
  } finally {
    database.close();
  }
}

const opened = (): Promise<IDBDatabase> =>
  new Promise((resolve, reject) => {
    const opening = indexedDB.open(DATABASE, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () =>
      reject(opening.error ?? new Error('the database of the browser cannot be opened'));
  });
