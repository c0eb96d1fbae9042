/**
 * `heddle/surgery`: models taken apart, mended and put together.
 *
 *     const { program, patches, inversePatches } = edit(importOnnx(bytes), (draft) => {
 *       cut(draft, 'features');
 *       rename(draft, 'data', 'image');
 *       prune(draft);
 *     });
 */
export { apply, edit, type Edited, type Patch } from './edit.js';
export { Weight, type DraftOutput, type DraftValue, type ModelDraft } from './form.js';
export { addOutput, cut, rename, setShape } from './ports.js';
export { replace, setWeight, type Site } from './replace.js';
export type { DraftBuilder, DraftRef } from './builder.js';
export { prune, type PruneOptions } from './prune.js';
export { extract, type ExtractOptions } from './extract.js';
export { merge, type MergeOptions } from './merge.js';
export { patchesBetween } from './between.js';
export { diff, type Change, type Changes, type ProgramDiff, type WeightChange } from './diff.js';
export { describeDiff, describePatches, describeValues } from './describe.js';
export { readPatches, undo, writePatches, type PatchesToSave, type SavedPatches } from './patch-file.js';
