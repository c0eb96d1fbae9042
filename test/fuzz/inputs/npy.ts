/** NumPy arrays. */
import { readArray } from '../../../src/cli/files/npy.js';
import { writeNpy } from '../../../src/data/npy.js';
import type { InputFamily } from './family.js';
import { mutateBytes, mutateText } from './mutate.js';
import type { Random } from './random.js';

const good = writeNpy({ dtype: 'f32', shape: [2, 3], data: new Float32Array(6) });
const HEADER = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3,), }";

/** A file of version 2, whose headers may be long. */
function withHeader(header: string): Uint8Array {
  const text = new TextEncoder().encode(header);
  const out = new Uint8Array(12 + text.length + 24);
  out.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 2, 0]);
  new DataView(out.buffer).setUint32(8, text.length, true);
  out.set(text, 12);
  return out;
}

/** Headers that are long: what is read in more than linear time shows. */
function longHeader(random: Random): string {
  const times = random.pick([10_000, 500_000]);
  const part = random.pick([
    "'shape'",
    "'descr':",
    '(',
    "'",
    ' ',
    '1,',
    "'shape':(",
    '\n',
    'x',
    "'descr': '",
  ]);
  return random.pick([part.repeat(times), HEADER.replace('2,', `${part.repeat(times)}2,`), part.repeat(times) + HEADER]); // prettier-ignore
}

export const npy: InputFamily = {
  name: 'npy',
  make(random) {
    if (random.chance(0.01)) {
      const bytes = withHeader(longHeader(random));
      return { describe: `a header of ${bytes.length} bytes`, run: () => void readArray(bytes, 'x.npy') };
    }
    if (random.chance(0.02)) {
      const shape = `1` + ',1'.repeat(random.pick([100, 300_000]));
      const bytes = withHeader(HEADER.replace('2, 3,', shape));
      return { describe: 'many axes', run: () => void readArray(bytes, 'x.npy') };
    }
    if (random.chance(0.5)) {
      const { bytes, how } = mutateBytes(good, random);
      return { describe: how, run: () => void readArray(bytes, 'x.npy') };
    }
    const { text, how } = mutateText(HEADER, random);
    return { describe: how, run: () => void readArray(withHeader(text), 'x.npy') };
  },
};
