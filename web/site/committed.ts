/** The end of a transaction of IndexedDB. */
interface Transaction {
  readonly error: Error | null;
  addEventListener(type: 'complete' | 'abort' | 'error', listener: () => void): void;
}

/**
 * Resolves once all of it is committed, and rejects where it is not: a request that succeeded may still fail with its transaction, since some
 * browsers learn at the commit whether there is room.
 */
export const committed = (
  transaction: Transaction,
  request: { readonly error: Error | null },
): Promise<void> =>
  new Promise((resolve, reject) => {
    const fail = (error: Error | null): void =>
      reject(error ?? new Error('the database of the browser failed'));
    transaction.addEventListener('complete', () => resolve());
    transaction.addEventListener('abort', () => fail(transaction.error));
    transaction.addEventListener('error', () => fail(request.error));
  });
