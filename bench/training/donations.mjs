/**
 * The inputs of a step (model, state, ...) => { model, state, ... } that outputs take over: each goes to the output of its
 * name.
 * @param {import('../../dist/index.js').Graph} graph what `lower` of the compiled step returns
 */
export function donationsOf(graph) {
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  const inputs = graph.nodes.filter(({ op }) => op === 'param').map(({ attrs }) => attrs.name);
  return inputs
    .map((input) => ({ input, output: input.replace(/^arg0\b/, 'model').replace(/^arg1\b/, 'state') }))
    .filter(({ input, output }) => input !== output && outputs.has(output));
}
