import { expect, test } from 'vitest';
import { openNodeDevice } from '../../src/node/index.js';

test('the reference is not a device, and the error says what it is', async () => {
  await expect(openNodeDevice('reference')).rejects.toThrow(
    /USAGE[^]*interpret\(program, inputs\)[^]*REFERENCE/,
  );
  await expect(openNodeDevice(3 as never)).rejects.toThrow(/USAGE[^]*device: 3[^]*text/);
});
