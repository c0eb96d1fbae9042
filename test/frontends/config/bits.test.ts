/** Interpreter and devices, bit for bit: forward, backward and update of every layer, for several sizes of batches. */
import { describe, test } from 'vitest';
import { jit, optim, valueAndGrad, type Tensor } from '../../../src/index.js';
import type { Chain } from '../../../src/frontends/config/index.js';
import { expectSameTrees, onDevices } from '../../tensor/support.js';
import { CASES, OTHERS, type Case } from './cases.js';
import { inputsFor, shaken } from './support.js';

/** Drivers compile a few hundred kernels for each group. */
const TIMEOUT = 300_000;

const BATCHES = [1, 2, 7] as const;

const optimizer = optim.adamw({ learningRate: 0.05 });

/** All of a step: output, loss, gradients by weights and input, and the network after it. */
function step(network: Chain, x: Tensor): unknown {
  const loss = (own: { readonly network: Chain; readonly x: Tensor }): [Tensor, Tensor] => {
    const output = own.network.call(own.x);
    return [output.mul(output.add(0.5)).sum(), output];
  };
  const [[value, output], gradients] = valueAndGrad(loss, { aux: true })({ network, x });
  const [next] = optimizer.update(network, gradients.network, optimizer.init(network));
  return { output, value, gradients, next };
}

/** Layers whose programs are compiled as one: pipelines that are alike are compiled once. */
const GROUP = 9;
const ALL = [...CASES, ...OTHERS];
const groups = Array.from({ length: Math.ceil(ALL.length / GROUP) }, (_, i) =>
  ALL.slice(i * GROUP, (i + 1) * GROUP),
);

const networksOf = (cases: readonly Omit<Case, 'loops'>[]): Record<string, Chain> =>
  Object.fromEntries(cases.map(({ name, config }) => [name, shaken(config)]));

onDevices((pair) => {
  describe.each(groups.map((cases) => [cases.map(({ name }) => name).join('; '), cases] as const))(
    '%s',
    (_, cases) => {
      test(
        'have the bits of the interpreter',
        async () => {
          const { device, reference } = pair();
          const networks = networksOf(cases);
          const inputs = BATCHES.map((batch) => cases.map((one) => inputsFor(one, batch)));
          const all = (nets: Record<string, Chain>, xs: readonly (readonly Tensor[])[]): unknown =>
            xs.map((own) => cases.map(({ name }, i) => step(nets[name], own[i])));
          const expected = jit(all, { backend: reference })(networks, inputs);
          const run = jit(all, { backend: device });
          await expectSameTrees(run(networks, inputs), expected);
          run.dispose();
        },
        TIMEOUT,
      );
    },
  );
});
