/** ONNX programs as models. */
import { buildPreludes } from '../../codegen/wgsl/prelude.js';
import type { OnnxProgram } from '../../frontends/onnx/index.js';
import { ALL_ENGINES, requireBound, type Model, type ModelPort } from './model.js';
import { compiledFor } from './runnable.js';

/** What the model breaks, and what of it the commands do not run. */
function warningOf(path: string, { notes, text }: OnnxProgram): string | undefined {
  const count = text === undefined ? 0 : text.before.length + text.after.length;
  const all = count === 0 ? notes : [...notes, `nodes on the host (${count}) are left out: heddle/ort runs them`]; // prettier-ignore
  return all.length === 0 ? undefined : `${path}: ${all.join('; ')}.`;
}

/** `program` as a model, `path` being the file that it came from. */
export function onnxModel(path: string, program: OnnxProgram): Model {
  const ports = (list: OnnxProgram['inputs']): ModelPort[] =>
    list.map(({ name, dtype, type, ...words }) => ({ name, declared: dtype, ...type, ...words }));
  const model: Model = {
    file: path,
    kind: 'onnx',
    onHost: program.text,
    producer: program.producer,
    warning: warningOf(path, program),
    inputs: ports(program.inputs),
    outputs: ports(program.outputs),
    preludes: buildPreludes(),
    program,
    unbound: Object.values(program.symbols),
    engines: ALL_ENGINES,
    prepare: (target) => {
      requireBound(model);
      return compiledFor(program, target);
    },
  };
  return model;
}
