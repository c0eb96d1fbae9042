/** Devices as users give them. The loader does without: it opens what it is given. */
import { describeValue } from '../base/describe.js';
import { HeddleError } from '../base/errors.js';
import type { Device } from './device.js';

export const isDevice = (value: unknown): value is Device =>
  typeof value === 'object' && value !== null && 'gpu' in value && 'profile' in value;

/** Throws USAGE unless `value` is a device that was opened. */
export function checkDevice(value: unknown): void {
  if (isDevice(value)) return;
  throw new HeddleError('USAGE', 'the value is not an open device', {
    found: describeValue(value),
    expected: 'a device: await openNodeDevice() of heddle/node, or await openDevice(navigator.gpu)',
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
