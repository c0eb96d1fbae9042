/** Programs that no file holds as they are: of configs, and of functions that were traced. */
import { buildPreludes } from '../../codegen/wgsl/prelude.js';
import { paramsOf, type Program } from '../../ir/graph.js';
import { ALL_ENGINES, type Model } from './model.js';
import { compiledFor } from './runnable.js';

/** `program`, whose sizes are all known, as a model. `path` is where it came from. */
export function programModel(path: string, kind: Model['kind'], program: Program): Model {
  const { graph } = program;
  return {
    file: path,
    kind,
    producer: '',
    inputs: paramsOf(graph).map(({ node }) => ({ name: node.attrs.name, ...node.type })),
    outputs: graph.outputs.map(({ name, value }) => ({ name, ...graph.nodes[value].type })),
    preludes: buildPreludes(),
    program,
    unbound: [],
    engines: ALL_ENGINES,
    prepare: (target) => compiledFor(program, target),
  };
}
