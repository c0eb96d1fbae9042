/** What every layer of a network gives, in one run. */
import { checkArguments, instanceOf } from '../../base/arguments.js';
import { contextOf, type CallContext } from '../../learn/nn/context.js';
import { inside } from '../../learn/nn/sequential.js';
import type { Tensor } from '../../tensor/tensors/tensor.js';
import { Chain, checkInput } from './chain.js';
import { runWire, viewed } from './wire.js';

const chain = instanceOf('a network, such as fromConfig(config)', Chain);

/**
 * The outputs of all layers by their names, with the bits of `network.call`, whose output is that of the last layer. What a program does
 * not return of them it does not keep; with `statistics` it returns a few numbers of each, in the same submit.
 *
 * @param x f32 (or i32, for an embedding) [B, ...input]
 * @throws as the network does
 */
export function layerOutputs(
  network: Chain,
  x: Tensor,
  context: CallContext = {},
): Readonly<Record<string, Tensor>> {
  checkArguments('layerOutputs', { network }, { network: chain });
  checkInput(x, network.input);
  const values = [viewed(x, network.input)];
  const outputs = network.names.map((name, i) => {
    const output = inside(`layers.${name}`, () =>
      runWire(network.layers[name], network.wires[i], values, contextOf(context, i)),
    );
    values.push(output);
    return [name, output] as const;
  });
  return Object.fromEntries(outputs);
}
