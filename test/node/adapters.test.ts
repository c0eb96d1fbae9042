import { describe, expect, test } from 'vitest';
import { chooseAdapter, parseAdapters, wantedName } from '../../src/node/adapters.js';
import { listAdapters, openNodeDevice } from '../../src/node/index.js';
import { availableGpus } from '../support/gpu.js';

const MESSAGE = `no suitable backends found
Available adapters:
 * backend: 'vulkan', name: 'SwiftShader Device (Subzero)'
 * backend: 'vulkan', name: 'llvmpipe (LLVM 15.0.6, 256 bits)'
 * backend: 'vulkan', name: 'Some Vendor's GPU 9000'
`;
const adapters = parseAdapters(MESSAGE);
const chosen = (device: string): string | undefined => chooseAdapter(device, adapters)?.name;

describe('adapters', () => {
  test('are read out of what Dawn answers', () => {
    expect(adapters).toEqual([
      { backend: 'vulkan', name: 'SwiftShader Device (Subzero)', software: true },
      { backend: 'vulkan', name: 'llvmpipe (LLVM 15.0.6, 256 bits)', software: true },
      { backend: 'vulkan', name: "Some Vendor's GPU 9000", software: false },
    ]);
    expect(parseAdapters('no suitable backends found')).toEqual([]);
  });

  test('are chosen by a part of their name, in either case; hardware first', () => {
    expect(chosen('webgpu')).toBe("Some Vendor's GPU 9000");
    expect(chosen('webgpu:swiftshader')).toBe('SwiftShader Device (Subzero)');
    expect(chosen('webgpu:LLVMpipe')).toBe('llvmpipe (LLVM 15.0.6, 256 bits)');
    expect(chosen('webgpu:lavapipe')).toBe('llvmpipe (LLVM 15.0.6, 256 bits)');
    expect(chosen('webgpu:nonsense')).toBeUndefined();
    // Of the software GPUs, SwiftShader is the slower one.
    expect(chooseAdapter('webgpu', adapters.slice(0, 2))?.name).toContain('llvmpipe');
    expect(chooseAdapter('webgpu', adapters.slice(0, 1))?.software).toBe(true);
  });

  test('have names that begin with webgpu', () => {
    for (const device of ['', 'gpu', 'webgpu:', 'webgpux'])
      expect(() => wantedName(device), device).toThrow(expect.objectContaining({ code: 'USAGE' }) as Error);
  });

  test('of this machine are listed', async () => {
    const names = (await listAdapters()).map(({ name }) => name.toLowerCase());
    expect(names.some((name) => name.includes('swiftshader'))).toBe(true);
  });
});

describe.each(availableGpus)('webgpu:%s', (name) => {
  test('opens, probed', async () => {
    const device = await openNodeDevice(`webgpu:${name.toUpperCase()}`.replace('WEBGPU', 'webgpu'));
    expect(device.report.exact).toBe(true);
    expect(device.adapter.software).toBe(true);
    expect(device.name.toLowerCase()).toContain(name === 'lavapipe' ? 'llvmpipe' : name);
    device.gpu.destroy();
  });
});

test.each([
  [{ probe: 'ful' }, /USAGE[^]*probe: "ful"[^]*"quick" or "full"/],
  [{ prob: 'full' }, /USAGE[^]*prob\n[^]*did you mean probe/],
  [{ preludes: 'x' }, /USAGE[^]*preludes: "x"/],
  [{ adapter: {} }, /USAGE[^]*adapter/],
  ['full', /USAGE[^]*probe: "full"/],
  [null, /USAGE/],
])('options that there are not are refused: %j', async (options, message) => {
  const opening: unknown = Reflect.apply(openNodeDevice, undefined, ['webgpu:nonsense', options]);
  await expect(opening).rejects.toThrow(message);
});

test('an adapter that is not there is an error that lists the others', async () => {
  const refusal = openNodeDevice('webgpu:nonsense');
  await expect(refusal).rejects.toMatchObject({ code: 'DEVICE_NOT_FOUND' });
  await expect(refusal).rejects.toThrow(/SwiftShader Device/);
});
