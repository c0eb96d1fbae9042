/** Devices as users give them. The loader does without: it opens what it is given. */
import { describeValue } from '../base/describe.js';
import { HeddleError } from '../base/errors.js';
import type { Device } from './device.js';
import { isWasmDevice, type WasmDevice } from './wasm/device.js';

/** What programs run on: a GPU, or the engine on the CPU. */
export type AnyDevice = Device | WasmDevice;

export const isAnyDevice = (value: unknown): value is AnyDevice => isDevice(value) || isWasmDevice(value);

export const isDevice = (value: unknown): value is Device =>
  typeof value === 'object' && value !== null && 'gpu' in value && 'profile' in value;

/** Throws USAGE unless `value` is a device that was opened. */
export function checkDevice(value: unknown): void {
  if (isAnyDevice(value)) return;
  throw new HeddleError('USAGE', 'the value is not an open device', {
    found: describeValue(value),
    expected:
      'a device: await openNodeDevice() of heddle/node, await openDevice(navigator.gpu), or await openWasmDevice()',
    hint: hintFor(value),
  });
}

/** What is near to a device, by what gives it away. */
const NEAR: readonly (readonly [property: string, hint: string])[] = [
  ['then', 'the device is opened later: await it'],
  ['requestAdapter', 'that is WebGPU itself: await openDevice(gpu)'],
  ['createBuffer', 'Heddle has to open and probe the device itself: await openDevice(navigator.gpu)'],
  ['device', 'pass its device'],
];

const hintFor = (value: unknown): string | undefined =>
  typeof value === 'string'
    ? 'open it first: await openNodeDevice(name)'
    : typeof value === 'object' && value !== null
      ? NEAR.find(([property]) => property in value)?.[1]
      : undefined;
