/** Families that do what none may, to try the fuzzer with. */
import { HeddleError } from '../../../src/base/errors.js';
import type { InputFamily } from './family.js';

const family = (name: string, run: () => void | Promise<void>): InputFamily => ({
  name,
  make: () => ({ describe: name, run }),
});

const accident = new TypeError('cannot read what is not there');

export const FAMILIES: readonly InputFamily[] = [
  family('fine', () => {
    throw new HeddleError('USAGE', 'that is refused');
  }),
  family('untyped', () => {
    throw accident;
  }),
  family('wrapped', () => {
    throw new HeddleError('USAGE', 'that is refused', { cause: accident });
  }),
  family('rejected', () => Promise.reject(accident)),
  family('unheard', () => void Promise.reject(accident)),
  family('endless', () => {
    while (true);
  }),
  family('full', () => {
    const parts: Uint8Array[] = [];
    while (true) parts.push(new Uint8Array(50_000_000).fill(1));
  }),
  family('ended', () => process.exit(3)),
];
