/** `heddle inspect --diff`: what differs between two models, and the patches that make the one of the other. Needs no GPU. */
import { HeddleError } from '../../base/errors.js';
import type { Program } from '../../ir/graph.js';
import { patchesAsJson } from '../../surgery/encode.js';
import { describeDiff, describePatches, diff, patchesBetween } from '../../surgery/index.js';
import { EXIT, type ExitCode } from '../terminal/exit.js';
import { heading, indented } from '../terminal/format.js';
import type { InspectOptions } from './inspect.js';
import type { Model } from '../models/model.js';
import { openModel } from '../models/open.js';
import { Output } from '../terminal/output.js';

const SECTIONS = ['ir', 'groups', 'explain', 'wgsl', 'prelude', 'memory', 'values'] as const;

/** Compares the model `after` with `before`. */
export async function inspectDiff(before: string, after: string, options: InspectOptions): Promise<ExitCode> {
  const section = SECTIONS.find((name) => options[name] !== undefined);
  if (section !== undefined)
    throw new HeddleError('USAGE', `--diff goes without --${section}`, {
      hint: 'it compares the programs of two models; the other options show one of them',
    });
  const models = [await openModel(before, options), await openModel(after, options)] as const;
  const output = new Output(options.json === true);
  const programs = programsOf(models, output);
  const difference = diff(...programs);
  const { patches, inversePatches } = patchesBetween(...programs);
  output.result({
    before,
    after,
    ...difference,
    patches: patchesAsJson(patches),
    inversePatches: patchesAsJson(inversePatches),
  });
  output.print(heading(`${before} -> ${after}`));
  output.print(indented(describeDiff(difference)));
  if (patches.length > 0) output.print(`\n${heading('Patches')}\n${indented(describePatches(patches))}`);
  return EXIT.ok;
}

/** A bundle holds its program as it is compiled: the other one is compared in that form. */
function programsOf([before, after]: readonly [Model, Model], output: Output): readonly [Program, Program] {
  const mixed = (before.kind === 'bundle') !== (after.kind === 'bundle');
  if (mixed) output.note('One of the two is a bundle: both are compared as they are after the compiler.');
  const target = before.kind === 'bundle' ? before : after;
  const programOf = (model: Model): Program => {
    const compiled = mixed && model.kind !== 'bundle';
    const program = compiled
      ? model.prepare(target.prepare('gpu').target ?? 'gpu').prepared?.program
      : model.program;
    if (program !== undefined) return program;
    throw new HeddleError('USAGE', 'the bundle does not carry its graph', { where: model.file });
  };
  return [programOf(before), programOf(after)];
}
