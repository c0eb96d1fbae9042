/** Saved patches: damaged files, and ones whose patches say something else. */
import { writeSafetensors } from '../../../src/data/safetensors/write.js';
import { readSafetensors } from '../../../src/data/safetensors/read.js';
import { parseGraph } from '../../../src/ir/parse.js';
import { edit, prune, readPatches, undo, writePatches } from '../../../src/surgery/index.js';
import type { InputFamily } from './family.js';
import { mutateBytes, mutateJson } from './mutate.js';
import { jsonOf } from './safetensors.js';

const before = {
  graph: parseGraph(`graph "patched" {
    %0 = param {name="x"} : f32[N,3]
    %1 = weight {id="w"} : f32[3]
    %2 = constant {values=[NaN]} : f32[3]
    %3 = add %1 %2 : f32[3]
    %4 = loop %3 {body=graph "step" {
      %0 = param {name="trip"} : i32[]
      %1 = param {name="h"} : f32[3]
      %2 = exp %1 : f32[3]
      return "h"=%2
    } carries=1 trips=4 conditional=false} : (f32[3])
    %5 = result %4 {index=0} : f32[3]
    return "x"=%0 "y"=%5
  }`),
  weights: new Map([['w', { dtype: 'f32' as const, shape: [3], data: new Float32Array(3) }]]),
};
const edited = edit(before, (draft) => {
  draft.outputs.pop();
  prune(draft);
});
const good = writePatches({ before, edited });
const { tensors, metadata } = readSafetensors(good);
const INVERSE = 'heddle.patches.inverse';

export const patches: InputFamily = {
  name: 'patches',
  make(random) {
    const run = (bytes: Uint8Array) => (): void => void undo(edited.program, readPatches(bytes, 'x.patches'));
    if (random.chance(0.3)) {
      const { bytes, how } = mutateBytes(good, random);
      return { describe: how, run: run(bytes) };
    }
    const { value, how } = mutateJson(JSON.parse(metadata[INVERSE]) as unknown, random);
    return {
      describe: how,
      run: run(writeSafetensors(tensors, { ...metadata, [INVERSE]: jsonOf(value) })),
    };
  },
};
