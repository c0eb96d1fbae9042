/** ONNX programs as models. */
import { HeddleError } from '../../base/errors.js';
import { buildPreludes } from '../../codegen/wgsl/prelude.js';
import type { OnnxProgram } from '../../frontends/onnx/index.js';
import { ALL_ENGINES, requireBound, type Model, type ModelPort } from './model.js';
import { compiledFor } from './runnable.js';

/** What the model breaks, and what of it the commands do not run. */
function warningOf(path: string, { notes, text }: OnnxProgram, hostRuns: boolean): string | undefined {
  const count = text === undefined || hostRuns ? 0 : text.before.length + text.after.length;
  const all = count === 0 ? notes : [...notes, `nodes on the host (${count}) are left out: heddle/ort and \`run\` with a folder of data run them`]; // prettier-ignore
  return all.length === 0 ? undefined : `${path}: ${all.join('; ')}.`;
}

/** Whether an operator needs sizes, so that there is no graph before dimensions have values. */
function isUnresolved(program: OnnxProgram): boolean {
  if (program.free === undefined) return false;
  try {
    void program.graph;
    return false;
  } catch (error) {
    if (error instanceof HeddleError) return true;
    throw error;
  }
}

/** `program` as a model, `path` being the file that it came from; `hostRuns`: its nodes on the host run, too. */
export function onnxModel(path: string, program: OnnxProgram, hostRuns = false): Model {
  const ports = (list: OnnxProgram['inputs']): ModelPort[] =>
    list.map(({ name, dtype, type, ...words }) => ({ name, declared: dtype, ...type, ...words }));
  const model: Model = {
    file: path,
    kind: 'onnx',
    onHost: program.text,
    producer: program.producer,
    warning: warningOf(path, program, hostRuns),
    inputs: ports(program.inputs),
    get outputs() {
      if (model.needsSizes === true) requireBound(model);
      return ports(program.outputs);
    },
    preludes: buildPreludes(),
    program,
    unbound: Object.values(program.symbols),
    needsSizes: isUnresolved(program),
    engines: ALL_ENGINES,
    prepare: (target) => {
      requireBound(model);
      return compiledFor(program, target);
    },
  };
  return model;
}
