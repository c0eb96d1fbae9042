import { describe, expect, test } from 'vitest';
import { findHardware } from '../../src/node/find.js';
import { openDefaultDevice } from '../../src/node/index.js';

const isWithoutGpu = (await findHardware()) === undefined;

describe('without a name', () => {
  test.runIf(isWithoutGpu)('it is the CPU where there is no hardware GPU, and a line says so', async () => {
    const lines: string[] = [];
    const device = await openDefaultDevice({ threads: 1, onChoice: (line) => lines.push(line) });
    expect(device).toMatchObject({ name: 'WebAssembly', threads: 1 });
    expect(lines).toEqual([
      expect.stringMatching(/^The device is WebAssembly on the CPU: .* no hardware GPU\.$/),
    ]);
    if ('dispose' in device) device.dispose();
  });

  test.each([{ threads: 0 }, { onChoice: 'x' }, { probe: 'ful' }, { thread: 1 }])(
    'options that are none are refused before anything is opened: %j',
    async (options) => {
      await expect(openDefaultDevice(options as never)).rejects.toThrow(/USAGE.*openDefaultDevice/s);
    },
  );
});
