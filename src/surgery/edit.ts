/**
 * Programs edited in place, by a function of a draft, on immer (https://immerjs.github.io/immer): what it changes is kept as
 * patches, the program that was given stays as it is.
 */
import { enablePatches, Immer, type Patch } from 'immer';
import { checkArguments } from '../base/arguments.js';
import { describeValue } from '../base/describe.js';
import { HeddleError } from '../base/errors.js';
import { func, list, required } from '../base/kinds.js';
import { givenProgram } from '../given-program.js';
import { checkGraph } from '../ir/check-program.js';
import type { Program } from '../ir/graph.js';
import { formOf, unnamedWeights, type ModelDraft, type ProgramForm } from './form.js';
import { programOf } from './program.js';
import { settle } from './settle.js';

export type { Patch };

/** An edited program, and what the edit changed. */
export interface Edited {
  readonly program: Program;
  /** What {@link apply} does to the program that was given, to come to this one. */
  readonly patches: readonly Patch[];
  /** What undoes it. */
  readonly inversePatches: readonly Patch[];
}

/** An immer of our own. Nothing is frozen: forms share attributes and tensors with programs. */
function immer(): Immer {
  enablePatches();
  return new Immer({ autoFreeze: false });
}

/**
 * Runs `recipe` on a draft of `program`, and gives the program that the draft then says: types are inferred again, and every
 * invariant of the IR is checked.
 *
 *     const { program, inversePatches } = edit(model, (draft) => {
 *       rename(draft, 'data', 'image');
 *       addOutput(draft, 'relu1');
 *       draft.values.relu2.op = 'tanh';
 *     });
 *
 * @throws HeddleError: VALUE_UNKNOWN for a name that nothing has, VALUE_FOLDED for one of a value that importing computed;
 *   IR_INVALID for a cycle and for an op that does not exist; NAME_COLLISION for two inputs, outputs or values of one name;
 *   SHAPE_MISMATCH, DTYPE_MISMATCH and ATTRIBUTE_INVALID at the first value that does not fit its operands; USAGE for an op
 *   without its attributes and for what is not a program; WEIGHT_MISSING and WEIGHT_INVALID.
 */
export function edit(program: Program, recipe: (draft: ModelDraft) => void): Edited {
  givenProgram('edit', program);
  checkGraph('edit', program.graph);
  checkArguments('edit', { recipe }, { recipe: required(func) });
  const form = formOf(program);
  const [edited, patches, inversePatches] = immer().produceWithPatches(form, (given) => {
    const draft = given as unknown as ModelDraft;
    const result: unknown = recipe(draft);
    if (result instanceof Promise)
      throw new HeddleError('USAGE', 'the function that edits has to end before it returns', {
        where: 'edit',
        found: 'a promise',
        hint: 'await what it needs before',
      });
    settle(draft, form);
  });
  return { program: programOf(edited, unnamedWeights(program)), patches, inversePatches };
}

/**
 * `program` after `patches` of {@link edit}: of the program that was edited, or, with the inverse ones, of the edited one.
 *
 * @throws HeddleError: USAGE where the patches are of another program, or leave what is none; else as `edit`.
 */
export function apply(program: Program, patches: readonly Patch[]): Program {
  givenProgram('apply', program);
  checkGraph('apply', program.graph);
  checkArguments('apply', { patches }, { patches: required(list) });
  const form = formOf(program);
  // A patch may put anything in the place of anything: it is checked, and settled, as what a recipe leaves.
  const edited = immer().produce({ ...patched(form, patches) }, (given) =>
    settle(given as unknown as ModelDraft, form),
  );
  return programOf(edited, unnamedWeights(program));
}

function patched(form: ProgramForm, patches: readonly Patch[]): ProgramForm {
  try {
    return immer().applyPatches(form, patches);
  } catch (error) {
    throw new HeddleError('USAGE', 'the patches do not fit the program', {
      where: 'apply',
      found: error instanceof Error ? error.message : describeValue(error),
      expected: 'patches of edit(program, ...), or the inverse ones for what it made',
      cause: error,
    });
  }
}
