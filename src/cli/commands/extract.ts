/** `heddle extract`: a part of a model as a file. Needs no GPU. */
import { extract } from '../../surgery/index.js';
import { writeBytes } from '../files/files.js';
import { inWordsOfEdits } from '../models/edit-errors.js';
import { openModel } from '../models/open.js';
import {
  checkOut,
  describePorts,
  fileOf,
  noteTypes,
  programOf,
  summary,
  type WritingOptions,
} from '../models/write.js';
import { EXIT, type ExitCode } from '../terminal/exit.js';
import { bytes, facts, heading } from '../terminal/format.js';
import { Output } from '../terminal/output.js';

export interface ExtractCommandOptions extends WritingOptions {
  readonly to: readonly string[];
  readonly from?: readonly string[];
}

export async function extractPart(
  path: string,
  options: ExtractCommandOptions,
  version: string,
): Promise<ExitCode> {
  checkOut(path, options);
  const model = await openModel(path, options);
  const whole = programOf(model);
  const part = inWordsOfEdits(path, {}, () => extract(whole, { to: options.to, from: options.from ?? [] }));
  const output = new Output(options.json === true);
  const file = await fileOf(part, options.out, version);
  writeBytes(options.out, file);
  if (options.out.endsWith('.onnx')) noteTypes(model, part, output);
  output.result({ ...summary(path, options.out, part), bytes: file.length });
  output.print(heading(`${path} -> ${options.out}`));
  output.print(
    facts([
      ['size', bytes(file.length)],
      ['values', `${part.graph.nodes.length} of ${whole.graph.nodes.length}`],
      ...describePorts(part),
    ]),
  );
  return EXIT.ok;
}
