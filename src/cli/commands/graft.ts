/** `heddle graft`: several networks as one. */
import { writeSafetensors } from '../../data/safetensors/write.js';
import { graft } from '../../frontends/config/index.js';
import type { CombineMode } from '../../frontends/config/vocabulary.js';
import { HeddleError } from '../../base/errors.js';
import { readAll } from '../../tensor/index.js';
import { writeBytes } from '../files/files.js';
import { readConfig } from '../models/config.js';
import { EXIT, type ExitCode } from '../terminal/exit.js';
import { facts, heading } from '../terminal/format.js';
import type { CommonOptions } from '../terminal/options.js';
import { Output } from '../terminal/output.js';

export interface GraftCommandOptions extends CommonOptions {
  readonly out: string;
  readonly combine?: CombineMode;
  /** Of each network its file of weights, in order. */
  readonly weights?: readonly string[];
}

export async function graftNetworks(
  paths: readonly string[],
  options: GraftCommandOptions,
): Promise<ExitCode> {
  const { out, combine, weights = [] } = options;
  const output = new Output(options.json === true);
  if (weights.length !== 0 && weights.length !== paths.length)
    throw new HeddleError('USAGE', 'each network has one file of weights, or none has', {
      where: '--weights',
      found: `${weights.length} files`,
      expected: `${paths.length}`,
    });
  if (!out.endsWith('.json') || paths.includes(out))
    throw new HeddleError('USAGE', 'the graft is written to a config of its own', {
      where: '--out',
      found: out,
      expected: 'NAME.json, which is none of the networks',
    });
  const scions = paths.map((path, i) => {
    const { config, network } = readConfig(path, weights.length === 0 ? {} : { weights: weights[i] });
    return { config, weights: network.state() };
  });
  const grafted = graft(scions, combine === undefined ? {} : { combine });
  const names = Object.keys(grafted.weights);
  const data = await readAll(Object.values(grafted.weights));
  const file = out.replace(/\.json$/, '.safetensors');
  writeBytes(out, new TextEncoder().encode(`${JSON.stringify(grafted.config, undefined, 2)}\n`));
  writeBytes(file, writeSafetensors(new Map(names.map((name, i) => [name, data[i]]))));
  output.print(heading(`${paths.length} networks, side by side`));
  output.print(facts([['config', out], ['weights', `${file}: ${names.length} tensors`]])); // prettier-ignore
  output.result({
    config: out,
    weights: file,
    networks: paths,
    tensors: names.length,
    patches: grafted.patches,
  });
  return EXIT.ok;
}
