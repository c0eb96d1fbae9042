import { describe, expect, test, vi } from 'vitest';
import { canonicalJson, METADATA, type TensorEntry } from '../../src/base/safetensors/format.js';
import { headerHash, metadataKey } from '../../src/plan/container.js';
import { type ERROR_CODES, HeddleError } from '../../src/base/errors.js';
import { writeBundle } from '../../src/codegen/bundle.js';
import type { Plan, PlanCommand, Region } from '../../src/plan/plan.js';
import { readBundle } from '../../src/plan/read-bundle.js';
import { loadBundle } from '../../src/loader/load.js';
import { readBundleContainer } from '../../src/plan/read-container.js';
import { Executable } from '../../src/runtime/executable.js';
import { randomWords } from '../../src/numerics/probe-words.js';
import { availableGpus, openGpu } from '../support/gpu.js';
import { mockDevice } from '../runtime/mock-gpu.js';
import {
  build,
  expectEqual,
  openProbed,
  prepareSmall,
  preludes,
  smallInputs,
  weightsOf,
} from '../runtime/support.js';

const prepared = prepareSmall();
const { plan } = prepared.planned;
const write = (): Promise<Uint8Array> =>
  writeBundle(plan, preludes, weightsOf(prepared), { producer: 'a test' });
const bundle = await write();

describe('a bundle', () => {
  test('has the same bytes every time', async () => {
    expect(await write()).toEqual(bundle);
    const again = prepareSmall();
    expect(await writeBundle(again.planned.plan, preludes, weightsOf(again), { producer: 'a test' })).toEqual(
      bundle,
    );
  });

  test('holds what was put in', async () => {
    const read = await readBundle(bundle);
    expect(read.plan).toEqual(plan);
    expect(read.preludes).toEqual(preludes);
    expect(read).toMatchObject({ producer: 'a test', numerics: 'exact' });
    for (const { id } of plan.weights) {
      expect(read.weights(id).data).toEqual(weightsOf(prepared)(id).data);
      expect(read.weights(id).data.buffer, 'weights are not copied').toBe(bundle.buffer);
    }
    expect(() => read.weights('nonsense')).toThrow(HeddleError);
  });

  test('needs SHA-256, which browsers keep from pages of plain HTTP: the error says so', async () => {
    vi.stubGlobal('crypto', { getRandomValues: () => {} });
    try {
      await expect(readBundle(bundle)).rejects.toMatchObject({
        code: 'USAGE',
        message: expect.stringMatching(/HTTPS or localhost/) as string,
      });
    } finally {
      vi.unstubAllGlobals();
    }
  });

  test('binds weights in windows', async () => {
    const prepared = prepareSmall({ bindingBytes: 256 });
    const { plan } = prepared.planned;
    const starts = new Set(plan.weights.map(({ offset }) => offset));
    const inside = plan.commands
      .flatMap(({ regions }) => regions)
      .filter(({ space, offset }) => space === 'weights' && !starts.has(offset));
    expect(inside.length).toBeGreaterThan(0);
    const written = await writeBundle(plan, preludes, weightsOf(prepared), { producer: 'a test' });
    expect((await readBundle(written)).plan).toEqual(plan);
  });

  test('is a safetensors file that other tools can read', () => {
    const length = Number(new DataView(bundle.buffer).getBigUint64(0, true));
    expect(length % 8).toBe(0);
    const header = JSON.parse(new TextDecoder().decode(bundle.subarray(8, 8 + length))) as Record<
      string,
      TensorEntry
    >;
    expect(Object.keys(header).sort()).toEqual(['__metadata__', 'layer/b', 'layer/w', 'mask', 'scale']);
    expect(header['layer/w']).toMatchObject({ dtype: 'F32', shape: [20, 9] });
    expect(header.scale).toMatchObject({ dtype: 'F16', shape: [9] });
    expect(header.mask).toMatchObject({ dtype: 'BOOL', shape: [9] });
    expect(Object.values(header[METADATA]).every((value) => typeof value === 'string')).toBe(true);
    expect(header[METADATA]).toMatchObject({
      [metadataKey('inputs')]: 'x: f32[6,20]',
      [metadataKey('outputs')]: 'probabilities: f32[6,9], sums: f32[6]',
    });
  });

  test('can lie anywhere in a buffer', async () => {
    const moved = new Uint8Array(bundle.length + 3);
    moved.set(bundle, 3);
    const read = await readBundle(moved.subarray(3));
    for (const { id } of plan.weights) expect(read.weights(id).data).toEqual(weightsOf(prepared)(id).data);
  });

  test('refuses what is not bytes, not a device or not an option, and says so', async () => {
    const device = mockDevice();
    const load = (...args: readonly unknown[]): Promise<unknown> =>
      Reflect.apply(loadBundle, undefined, args) as Promise<unknown>;
    const refuse = (args: readonly unknown[], facts: object): Promise<void> =>
      expect(load(...args)).rejects.toMatchObject({ code: 'USAGE', ...facts });
    const { buffer } = bundle.slice();
    for (const [bytes, found] of [
      [buffer, 'ArrayBuffer'],
      [new DataView(buffer), 'DataView'],
      [Promise.resolve(bundle), 'Promise'],
      [null, 'null'],
    ])
      await refuse([bytes, { device }], { found, expected: 'a Uint8Array' });
    for (const [wrong, found] of [
      [null, 'null'],
      [{}, 'Object'],
      [{ gpu: null }, 'Object'],
      [Promise.resolve(device), 'Promise'],
      ['webgpu', 'String'],
      [device.gpu, 'Object'],
    ])
      await refuse([bundle, { device: wrong }], { found, summary: 'the value is not a device' });
    for (const [options, found] of [
      [undefined, 'no options'],
      [null, 'no options'],
      [{}, 'no options'],
      [{ device, onprogress: 1 }, 'device, onprogress'],
      [{ devise: device }, 'devise'],
    ])
      await refuse([bundle, options], { found });
    await expect(load(bundle, { device: undefined })).rejects.toMatchObject({ code: 'DEVICE_NOT_FOUND' });
    expect(await load(Buffer.from(bundle), { device })).toBeInstanceOf(Executable);
  });

  test('refuses weights that are not those of the plan', async () => {
    const wrong = writeBundle(plan, preludes, () => weightsOf(prepared)('mask'));
    await expect(wrong).rejects.toMatchObject({ code: 'WEIGHT_INVALID', found: 'bool[9]' });
  });
});

describe.each(availableGpus)('on %s', (name) => {
  test('a bundle runs as the program it was made from', async () => {
    const device = await openProbed(name);
    const compiled = await build(prepared, device);
    const loaded = await loadBundle(bundle, { device });
    expect(loaded.device).toBe(device);
    for (const phase of [1, 2]) {
      expectEqual(await loaded.run(smallInputs(phase)), await compiled.run(smallInputs(phase)));
    }
    device.gpu.destroy();
  });

  test('a bundle opens WebGPU by itself, and proves devices with its own preludes', async () => {
    const { gpu, device: plain } = await openGpu(name);
    const loaded = await loadBundle(bundle, { device: gpu });
    const { profile } = loaded.device;
    const other = await loadBundle(bundle, {
      device: { gpu: plain, name, profile: { ...profile, mac: 'opaque' } },
    });
    expect(other.device).toMatchObject({ profile, preludes });
    expectEqual(await other.run(smallInputs(1)), await loaded.run(smallInputs(1)));
    loaded.device.gpu.destroy();
    plain.destroy();
  });
});

/** A bundle of this metadata and these tensors, with the hashes that belong to them. */
async function forge(
  edit: (parts: { metadata: Record<string, string>; tensors: Map<string, TensorEntry> }) => void,
  data = readBundleContainer(bundle).data,
): Promise<Uint8Array> {
  const { metadata: original, tensors: entries } = readBundleContainer(bundle);
  const parts = { metadata: { ...original }, tensors: new Map(entries) };
  edit(parts);
  parts.metadata[metadataKey('headerSha256')] = await headerHash(parts);
  const header = new TextEncoder().encode(
    canonicalJson(Object.fromEntries([[METADATA, parts.metadata], ...parts.tensors])),
  );
  const bytes = new Uint8Array(8 + header.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
  bytes.set(header, 8);
  bytes.set(data, 8 + header.length);
  return bytes;
}

const forgePlan = (changes: Partial<Record<keyof Plan, unknown>>): Promise<Uint8Array> =>
  forge(({ metadata }) => (metadata[metadataKey('plan')] = JSON.stringify({ ...plan, ...changes })));

const forgeCommand = (changes: Partial<Record<keyof PlanCommand, unknown>>): Promise<Uint8Array> =>
  forgePlan({ commands: [{ ...plan.commands[0], ...changes }, ...plan.commands.slice(1)] });

/** A plan whose first command has a second arena region that starts `offset` bytes into the first one. */
function forgeOverlap(offset: number): Promise<Uint8Array> {
  const [command] = plan.commands;
  const inArena = (at: number): boolean => command.regions[at].space === 'arena';
  const [first, second] = command.regions.map((_, at) => at).filter(inArena);
  const at = command.regions[first].offset + offset;
  const regions = command.regions.map((region, i) => (i === second ? { ...region, offset: at } : region));
  return forgePlan({
    arenaBytes: plan.arenaBytes + 4096,
    commands: [{ ...command, regions }, ...plan.commands.slice(1)],
  });
}

/** A region that is the same in every turn. */
const turn = (level: number, region: Region): Region => ({ space: 'turn', level, even: region, odd: region, offset: 0, size: region.size }); // prettier-ignore

const whileOf = (flag: Region): object => ({ first: 0, end: 1, trips: 2, going: { flag, mustEnd: true } });

/** A plan whose first command has one param, and its pipeline says so. */
function forgeParam(param: number): Promise<Uint8Array> {
  const [command] = plan.commands;
  const pipeline = { ...plan.pipelines[command.pipeline], params: 1 };
  return forgePlan({
    pipelines: [pipeline],
    commands: [{ ...command, pipeline: 0, params: [param] }],
  });
}

const forgeTensor = (changes: Partial<Record<keyof TensorEntry, unknown>>): Promise<Uint8Array> =>
  forge(({ tensors }) => {
    const entry = tensors.get('layer/w');
    if (entry !== undefined) tensors.set('layer/w', { ...entry, ...changes } as TensorEntry);
  });

const withLength = (length: bigint): Uint8Array => {
  const bytes = bundle.slice();
  new DataView(bytes.buffer).setBigUint64(0, length, true);
  return bytes;
};

test('an ONNX model is refused with the name of what imports it', async () => {
  const model = Uint8Array.of(8, 10, 0x12, 7, ...new TextEncoder().encode('pytorch'));
  await expect(readBundle(model)).rejects.toMatchObject({
    code: 'FILE_FORMAT',
    hint: 'importOnnx imports ONNX models',
  });
  await expect(readBundle(model.fill(9, 0, 1))).rejects.toMatchObject({ hint: undefined });
});

describe('a file that is not right is refused', () => {
  test('unless it is only written differently', async () => {
    expect((await readBundle(await forge(() => {}))).plan).toEqual(plan);
    expect((await readBundle(await forgeParam(2 ** 32 - 1))).plan.commands[0].params).toEqual([2 ** 32 - 1]);
  });

  const [region] = plan.commands[0].regions;
  const HUGE = 2 ** 53 - 1;
  const cases: Readonly<
    Record<string, readonly [code: keyof typeof ERROR_CODES, () => Uint8Array | Promise<Uint8Array>]>
  > = {
    'an empty file': ['FILE_TRUNCATED', () => new Uint8Array(0)],
    'a file of seven bytes': ['FILE_TRUNCATED', () => bundle.slice(0, 7)],
    'a file that ends in its header': ['FILE_TRUNCATED', () => bundle.slice(0, 100)],
    'a file that ends in its weights': ['FILE_TRUNCATED', () => bundle.slice(0, bundle.length - 1)],
    'a byte too many': ['FILE_CORRUPT', () => Uint8Array.of(...bundle, 0)],
    'an image': [
      'FILE_FORMAT',
      () => Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d),
    ],
    'a header of 2^63 bytes': ['FILE_FORMAT', () => withLength(2n ** 63n)],
    'a header of 90 MB in a small file': ['FILE_TRUNCATED', () => withLength(90_000_000n)],
    'a header that ends too early': ['FILE_CORRUPT', () => withLength(40n)],
    'a header that is not UTF-8': ['FILE_CORRUPT', () => bundle.map((byte, i) => (i === 30 ? 0xff : byte))],
    'safetensors of someone else': [
      'FILE_FORMAT',
      () => forge(({ metadata }) => delete metadata[metadataKey('version')]),
    ],
    'a later version': [
      'FILE_VERSION',
      () => forge(({ metadata }) => (metadata[metadataKey('version')] = '6')),
    ],
    'an earlier version': [
      'FILE_VERSION',
      () => forge(({ metadata }) => (metadata[metadataKey('version')] = '4')),
    ],
    'other numerics': [
      'FILE_VERSION',
      () => forge(({ metadata }) => (metadata[metadataKey('numerics')] = 'fast')),
    ],
    'no plan': ['FILE_CORRUPT', () => forge(({ metadata }) => delete metadata[metadataKey('plan')])],
    'a plan that is not JSON': [
      'FILE_CORRUPT',
      () => forge(({ metadata }) => (metadata[metadataKey('plan')] = '{')),
    ],
    'a plan that is a list': [
      'FILE_CORRUPT',
      () => forge(({ metadata }) => (metadata[metadataKey('plan')] = '[]')),
    ],
    'preludes without division': [
      'FILE_CORRUPT',
      () => forge(({ metadata }) => (metadata[metadataKey('preludes')] = '{"base":""}')),
    ],
    'a weight that changed': [
      'FILE_CORRUPT',
      () => bundle.map((byte, i) => (i === bundle.length - 1 ? byte ^ 1 : byte)),
    ],
    'a missing weight': [
      'FILE_CORRUPT',
      () =>
        forgePlan({
          weights: [...plan.weights, { id: 'more', dtype: 'f32', shape: [], offset: 1 << 20 }],
          weightBytes: (1 << 20) + 256,
        }),
    ],
    'a tensor of an unknown dtype': ['FILE_CORRUPT', () => forgeTensor({ dtype: 'F64' })],
    'a tensor of another shape': ['FILE_CORRUPT', () => forgeTensor({ shape: [9, 21] })],
    'a tensor whose shape overflows': ['FILE_CORRUPT', () => forgeTensor({ shape: [HUGE, HUGE] })],
    'a tensor of negative size': ['FILE_CORRUPT', () => forgeTensor({ data_offsets: [36, 0] })],
    'tensors that overlap': ['FILE_CORRUPT', () => forgeTensor({ data_offsets: [0, 720] })],
    'a tensor behind the end': ['FILE_CORRUPT', () => forgeTensor({ data_offsets: [HUGE - 720, HUGE] })],
    'offsets that are no numbers': ['FILE_CORRUPT', () => forgeTensor({ data_offsets: ['0', null] })],
    'a pipeline that is not there': ['FILE_CORRUPT', () => forgeCommand({ pipeline: 99 })],
    'half a workgroup': ['FILE_CORRUPT', () => forgeCommand({ workgroups: [0.5, 1, 1] })],
    'workgroups in two dimensions': ['FILE_CORRUPT', () => forgeCommand({ workgroups: [1, 1] })],
    'too few bindings': ['FILE_CORRUPT', () => forgeCommand({ regions: [] })],
    'a region behind the arena': [
      'FILE_CORRUPT',
      () =>
        forgeCommand({ regions: plan.commands[0].regions.map((each) => ({ ...each, offset: HUGE - 255 })) }),
    ],
    'a region that is not aligned': [
      'FILE_CORRUPT',
      () =>
        forgeCommand({
          regions: plan.commands[0].regions.map((each) => ({ ...each, offset: each.offset + 4, size: 4 })),
        }),
    ],
    'a region of no known space': [
      'FILE_CORRUPT',
      () => forgeCommand({ regions: [{ ...region, space: 'host' }] }),
    ],
    'overlapping weights': [
      'FILE_CORRUPT',
      () => forgePlan({ weights: plan.weights.map((weight) => ({ ...weight, offset: 0 })) }),
    ],
    'an arena that is too small': ['FILE_CORRUPT', () => forgePlan({ arenaBytes: 4 })],
    'weights that need more memory': ['FILE_CORRUPT', () => forgePlan({ weightBytes: 4 })],
    'an output larger than its region': [
      'FILE_CORRUPT',
      () => forgePlan({ outputs: plan.outputs.map((port) => ({ ...port, shape: [HUGE] })) }),
    ],
    'two inputs of one name': ['FILE_CORRUPT', () => forgePlan({ inputs: [...plan.inputs, ...plan.inputs] })],
    'an input among the weights': [
      'FILE_CORRUPT',
      () =>
        forgePlan({
          inputs: plan.inputs.map((port) => ({ ...port, region: { ...port.region, space: 'weights' } })),
        }),
    ],
    'an input that takes turns': [
      'FILE_CORRUPT',
      () => forgePlan({ inputs: plan.inputs.map((port) => ({ ...port, region: turn(0, port.region) })) }),
    ],
    'an input among the numbers of workgroups': [
      'FILE_CORRUPT',
      () =>
        forgePlan({
          gridBytes: 2 ** 20,
          inputs: plan.inputs.map((port) => ({ ...port, region: { ...port.region, space: 'grids' } })),
        }),
    ],
    'a negative offset': [
      'FILE_CORRUPT',
      () =>
        forgePlan({
          inputs: plan.inputs.map((port) => ({ ...port, region: { ...port.region, offset: -4 } })),
        }),
    ],
  };
  test.each([
    ['too many workgroups', () => forgeCommand({ workgroups: [1, 65_536, 1] })],
    ['a command would overwrite what it reads', () => forgeOverlap(0)],
    ['a command would overwrite what it reads', () => forgeOverlap(256)],
    [
      'takes turns by no loop',
      () => forgeCommand({ regions: plan.commands[0].regions.map((each) => turn(29, each)) }),
    ],
    ['a flag is not one word', () => forgePlan({ loops: [whileOf({ ...region, space: 'arena', size: 0 })] })],
    ['a field has a wrong value', () => forgeParam(2 ** 32)],
    ['a field has a wrong value', () => forgeParam(-1)],
    ['the weights need another amount', () => forgePlan({ weightBytes: plan.weightBytes + 256 })],
    ['the weights need another amount', () => forgePlan({ weightBytes: HUGE })],
  ])('%s', async (message, make) => {
    await expect(readBundle(await make())).rejects.toMatchObject({
      code: 'FILE_CORRUPT',
      message: expect.stringContaining(message) as string,
    });
  });

  test.each(Object.entries(cases))('%s', async (_, [code, make]) => {
    await expect(readBundle(await make())).rejects.toMatchObject({ name: 'HeddleError', code });
  });

  test('with an arena beyond the device, before anything is allocated', async () => {
    const device = await openProbed(availableGpus[0]);
    const forged = await forgePlan({ arenaBytes: HUGE });
    await expect(loadBundle(forged, { device })).rejects.toMatchObject({ code: 'DEVICE_LIMIT' });
    device.gpu.destroy();
  });
});

test('500 mutations end in an error with a code, or change nothing', async () => {
  const expected = canonicalJson(plan);
  const words = randomWords(2026, 4000);
  for (let i = 0; i < 500; i++) {
    const [kind, where, value, more] = words.subarray(4 * i);
    const result = await readBundle(mutate(kind % 6, where, value, more)).catch((error: unknown) => error);
    if (result instanceof Error) {
      expect(result).toBeInstanceOf(HeddleError);
      expect(result).toMatchObject({ code: expect.stringMatching(/^FILE_/) as string });
    } else {
      // The hashes hold, so it is what was written.
      expect(canonicalJson((result as { plan: Plan }).plan)).toBe(expected);
    }
  }
});

/** One of: a flipped bit, a changed byte, a cut, an insertion, a deletion, a swap; in the header twice as often. */
function mutate(kind: number, where: number, value: number, more: number): Uint8Array {
  const header = Number(new DataView(bundle.buffer).getBigUint64(0, true)) + 8;
  const at = where % (value % 2 === 0 ? header : bundle.length);
  const bytes = bundle.slice();
  const length = 1 + (more % 16);
  switch (kind) {
    case 0:
      bytes[at] ^= 1 << (more % 8);
      return bytes;
    case 1:
      bytes[at] = more;
      return bytes;
    case 2:
      return bytes.slice(0, at);
    case 3:
      return Uint8Array.of(
        ...bytes.subarray(0, at),
        ...bytes.subarray(at, at + length),
        ...bytes.subarray(at),
      );
    case 4:
      return Uint8Array.of(...bytes.subarray(0, at), ...bytes.subarray(at + length));
    default:
      return bytes.copyWithin(at, more % header, (more % header) + length);
  }
}
