/** The idx files of MNIST, packed and not, and sets of images made of them. */
import { gzipSync } from 'node:zlib';
import { unpackIdx } from '../../../src/data/idx.js';
import { readMnist } from '../../../src/data/mnist.js';
import type { InputFamily } from './family.js';
import { mutateBytes } from './mutate.js';

const header = (...extents: readonly number[]): number[] => [
  0, 0, 8, extents.length, ...extents.flatMap((extent) => [0, 0, 0, extent]),
]; // prettier-ignore
const images = Uint8Array.from([...header(3, 2, 2), ...new Array<number>(12).fill(7)]);
const labels = Uint8Array.from([...header(3), 0, 1, 2]);
const packed = new Uint8Array(gzipSync(images));
const bomb = new Uint8Array(gzipSync(new Uint8Array(50_000_000)));

export const idx: InputFamily = {
  name: 'idx',
  make(random) {
    if (random.chance(0.002)) return { describe: 'zeros', run: async () => void (await unpackIdx(bomb)) };
    if (random.chance(0.5)) {
      const { bytes, how } = mutateBytes(random.pick([images, packed]), random);
      return { describe: how, run: async () => void (await unpackIdx(bytes)) };
    }
    const [first, second] = [mutateBytes(images, random), random.chance(0.5) ? mutateBytes(labels, random).bytes : labels]; // prettier-ignore
    return {
      describe: first.how,
      run: async () => void (await readMnist({ images: first.bytes, labels: second })),
    };
  },
};
