/** What the browser keeps is what its database committed. */
import { expect, test } from 'vitest';
import { committed } from '../../web/site/committed.js';

/** An end of a transaction whose request has succeeded. */
class Ending extends EventTarget {
  constructor(readonly error: Error | null) {
    super();
  }
}

const SUCCEEDED = { error: null };

test('a transaction is committed when it is complete, not before', async () => {
  const transaction = new Ending(null);
  let isDone = false;
  const done = committed(transaction, SUCCEEDED).then(() => (isDone = true));
  await new Promise((resolve) => setTimeout(resolve));
  expect(isDone).toBe(false);
  transaction.dispatchEvent(new Event('complete'));
  await done;
});

test('a request that succeeds is not kept where its transaction aborts', async () => {
  const transaction = new Ending(new Error('QuotaExceededError'));
  const done = committed(transaction, SUCCEEDED);
  transaction.dispatchEvent(new Event('abort'));
  await expect(done).rejects.toThrow('QuotaExceededError');
});

test('a request that fails fails its transaction', async () => {
  const transaction = new Ending(null);
  const done = committed(transaction, { error: new Error('DataError') });
  transaction.dispatchEvent(new Event('error'));
  await expect(done).rejects.toThrow('DataError');
});
