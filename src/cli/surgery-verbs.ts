/** The verbs that take models apart and mend them. */
import { Option, type Command } from 'commander';
import type { EditCommandOptions } from './commands/edit.js';
import type { ExtractCommandOptions } from './commands/extract.js';
import { collectName, collectPair } from './terminal/options.js';

/** Makes a verb with an argument. */
type AddVerb = (name: string, argument: string, about: string, description: string, options: Option[]) => Command; // prettier-ignore

const option = (flags: string, text: string): Option => new Option(flags, text);
const pair = (flags: string, text: string, form: string): Option =>
  option(flags, `${text}: ${form}; repeatable`).argParser(collectPair(form));
const out = option(
  '-o, --out <file>',
  'where to write it: NAME.onnx, or NAME.heddle for a bundle',
).makeOptionMandatory();

/** Adds extract and edit. `shared`: options of all verbs that take models. */
export function addSurgeryVerbs(
  verb: AddVerb,
  finish: (body: () => Promise<number>) => Promise<void>,
  models: string,
  version: string,
  shared: readonly Option[],
): void {
  verb(
    'extract',
    '<model>',
    models,
    'write the part of a model that computes some of its values, as ONNX or as a bundle',
    [
      option(
        '--to <values...>',
        'the values that become outputs, by name or by id, such as %12',
      ).makeOptionMandatory(),
      option('--from <values...>', 'the values that become inputs'),
      out,
      ...shared,
    ],
  ).action((model: string, options: ExtractCommandOptions) =>
    finish(async () => (await import('./commands/extract.js')).extractPart(model, options, version)),
  );
  verb('edit', '<model>', models, 'write a model with changes, as ONNX or as a bundle', [
    pair('--rename <old=new>', 'another name for an input, an output or a value within', 'OLD=NEW'),
    pair('--shape <input=shape>', 'the shape of an input', 'INPUT=1x3x224x224'),
    option('--add-output <value>', 'a value to have as an output, too; repeatable').argParser(collectName),
    pair('--weight <name=file>', 'a tensor in place of a weight', 'NAME=file.npy, or file.pb'),
    option('--prune', 'leave out what no output needs'),
    option('--patches <file>', 'save what changes as patches, with their inverse: NAME.patches'),
    option('--undo <file>', 'undo the edit whose patches are in that file, of the model that it wrote'),
    out,
    ...shared,
  ]).action((model: string, options: EditCommandOptions) =>
    finish(async () => (await import('./commands/edit.js')).editModel(model, options, version)),
  );
}
