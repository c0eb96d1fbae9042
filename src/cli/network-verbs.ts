/** The verbs that measure networks and change them. */
import { Option, type Command } from 'commander';
import type { EvaluateOptions } from './commands/evaluate.js';
import type { GraftCommandOptions } from './commands/graft.js';
import type { SearchOptions } from './commands/search.js';
import type { QuantizeCommandOptions } from './commands/quantize.js';
import type { ReplayCommandOptions } from './commands/replay.js';
import type { TickOptions } from './commands/tick.js';
import type { Measure } from '../frontends/config/index.js';
import type { TrainOptions } from './commands/train.js';
import type { OptimizerName, RuleName, ScheduleName } from './training/training.js';
import { parseBlockSize, parseCount, parsePositive, parsePositiveCount } from './terminal/options.js';
import { DEFAULT_DEVICE, type Opens } from './terminal/quiet.js';

/** Makes a verb with an argument. */
type AddVerb = (name: string, argument: string, about: string, description: string, options: Option[]) => Command; // prettier-ignore

/** What the verbs share with others. */
interface Shared {
  /** How a model is opened. */
  readonly ofModel: Option[];
  readonly device: Option;
  readonly header: Option;
  /** Of verbs that take configs alone. */
  readonly ofConfig: Option[];
  readonly maxWeights: Option;
  readonly json: Option;
}

const option = (flags: string, text: string): Option => new Option(flags, text);

const post = option('--post <url>', 'post them to a server as lines of JSON; where it fails the run goes on');

const resume = option(
  '--resume <file>',
  'go on from the checkpoint that Ctrl-C left: the results are those of a run that was not interrupted',
);

/** Those of the library, which is imported when it is needed. */
const MEASURES: readonly Measure[] = ['mean', 'max', 'min', 'active', 'total'];

/** The names in training.ts, which is imported when it is needed. */
const TRAINING = {
  optimizers: [
    'sgd',
    'sgd_momentum',
    'nesterov',
    'adam',
    'adamw',
    'rmsprop',
    'lion',
    'lamb',
    'tween',
    'tween_legacy',
  ],
  schedules: [
    'constant',
    'linear',
    'cosine',
    'cosine_restarts',
    'exponential',
    'step',
    'polynomial',
    'warmup',
  ],
} as const satisfies {
  readonly optimizers: readonly (OptimizerName | RuleName)[];
  readonly schedules: readonly ScheduleName[];
};

/** Adds train, evaluate, graft, quantize, replay, search and tick. */
export function addNetworkVerbs(
  verb: AddVerb,
  finish: (opens: Opens, body: () => Promise<number>) => Promise<void>,
  models: string,
  { ofModel, ofConfig, maxWeights, device, header, json }: Shared,
): void {
  const labelled = [
    option('--data <file>', 'examples: .npy, or .csv with a row for each').makeOptionMandatory(),
    option('--labels <file>', 'labels: .npy, .csv, or a column of --data').makeOptionMandatory(),
    header,
  ];
  verb(
    'train',
    '<config>',
    'a network config (.json)',
    'train a network config; write its weights and the loss curve',
    [
      option('--data <file>', 'examples: .npy, or .csv with a row for each').makeOptionMandatory(),
      option(
        '--labels <file>',
        'labels: .npy, .csv, or a column of --data by name or number (from 1)',
      ).makeOptionMandatory(),
      header,
      option('--loss <name>', 'default: cross_entropy where labels are classes, else mse').choices([
        'mse',
        'cross_entropy',
      ]),
      option('--optimizer <name>', 'what takes the steps; tween is a rule without a loss')
        .choices(TRAINING.optimizers)
        .default('adam'),
      option('--schedule <name>', 'of the learning rate').choices(TRAINING.schedules).default('constant'),
      option('--rate <x>', 'learning rate, at the start (default: 0.001, of tween 0.1)').argParser(
        parsePositive,
      ),
      option('--epochs <n>', 'times through the examples').argParser(parsePositiveCount).default(10),
      option('--batch <n>', 'examples a step (default: those of the config, or 32)').argParser(
        parsePositiveCount,
      ),
      option('--seed <n>', 'decides the order of the examples').argParser(parseCount).default(0),
      option('--clip <norm>', 'the greatest norm of all gradients together').argParser(parsePositive),
      option('--accumulate <n>', 'batches whose gradients make one step').argParser(parsePositiveCount),
      ...ofConfig,
      device,
      resume,
      option('--record <file>', 'write the statistics of every layer at every step there, line by line'),
      post,
      option('-o, --out <folder>', 'for weights.safetensors and loss.svg').default('out'),
      json,
    ],
  ).action((config: string, options: TrainOptions) =>
    finish(options.device ?? DEFAULT_DEVICE, async () =>
      (await import('./commands/train.js')).train(config, options),
    ),
  );
  verb(
    'quantize',
    '<model>',
    models,
    'give the weights of a model numeric types of few bits; compare the types, write one',
    [
      option('--type <names>', 'int8, float4_e2m1, ...; several with commas, or all').makeOptionMandatory(),
      option('--granularity <name>', 'what has a scale of its own (default: block for types of 4 bits, else channel)').choices(['tensor', 'channel', 'block']), // prettier-ignore
      option('--block-size <n>', 'weights of a block: a power of two from 8 (default: 64)').argParser(
        parseBlockSize,
      ),
      option(
        '--zero-point',
        'of integers: the range of a group is that of its weights, not symmetric around 0',
      ),
      option('--arithmetic <name>', 'of products of weights; integer: int8 by int8, where scales allow it').choices(['f32', 'integer']).default('f32'), // prettier-ignore
      option('--data <source>', 'what outputs are compared on: with --labels a file (.npy, .csv), else a folder or random:SEED'), // prettier-ignore
      option(
        '--labels <file>',
        'labels of the examples, for the accuracy: .npy, .csv, or a column of --data',
      ),
      header,
      device,
      ...ofModel,
      option('-o, --out <file>', 'where to write the weights: NAME.safetensors'),
      json,
    ],
  ).action((model: string, options: QuantizeCommandOptions) =>
    finish(options.data === undefined ? undefined : (options.device ?? DEFAULT_DEVICE), async () =>
      (await import('./commands/quantize.js')).quantize(model, options),
    ),
  );
  verb(
    'graft',
    '<configs...>',
    'network configs (.json) with one input',
    'put networks side by side in one parallel layer, with their weights',
    [
      option('-o, --out <file>', 'where to write the config: NAME.json; the weights go to NAME.safetensors').makeOptionMandatory(), // prettier-ignore
      option('--combine <mode>', 'how outputs become one (default: concat)').choices([
        'concat',
        'add',
        'average',
        'multiply',
        'filter',
        'grid_scatter',
      ]),
      option(
        '--weights <files...>',
        'of each network its weights, in order (default: those that the configs make)',
      ),
      json,
    ],
  ).action((configs: string[], options: GraftCommandOptions) =>
    finish(undefined, async () => (await import('./commands/graft.js')).graftNetworks(configs, options)),
  );
  verb(
    'tick',
    '<config>',
    'a network config (.json)',
    'run a network step by step: every layer once a tick, on what was there a tick before',
    [
      option('--ticks <n>', 'how many').argParser(parsePositiveCount).makeOptionMandatory(),
      option('--data <source>', 'a folder with input.npy: one input for all ticks, or one for each; or random:SEED').makeOptionMandatory(), // prettier-ignore
      option('--chunk <n>', 'ticks of a submit; results do not depend on it')
        .argParser(parsePositiveCount)
        .default(256),
      option('--save <folder>', 'write the output of every layer after the last tick to LAYER.npy there'),
      resume,
      option('--checkpoint <file>', 'where Ctrl-C leaves what there is').default('checkpoint.safetensors'),
      option('--record <file>', 'write the statistics of every layer at every tick there, line by line'),
      post,
      ...ofConfig,
      device,
      json,
    ],
  ).action((config: string, options: TickOptions) =>
    finish(options.device ?? DEFAULT_DEVICE, async () =>
      (await import('./commands/tick.js')).tickModel(config, options),
    ),
  );
  verb('replay', '<recording>', 'a file that --record wrote', 'show what was recorded, step by step', [
    option('--measure <name>', 'what is shown of the layers').choices(MEASURES).default('mean'),
    option('--layers <names...>', 'which layers (default: the last six)'),
    option('--svg <file>', 'write a picture: NAME.svg'),
    post,
    option('--interval <ms>', 'between two steps that are posted').argParser(parseCount).default(0),
    json,
  ]).action((recording: string, options: ReplayCommandOptions) =>
    finish(undefined, async () => (await import('./commands/replay.js')).replayRecording(recording, options)),
  );
  verb(
    'search',
    '<config>',
    'a network config (.json), whose last layer stays',
    'draw networks from a space, train each for a short time, and write the best',
    [
      ...labelled,
      option('--candidates <n>', 'networks that are drawn, beside the config itself').argParser(parsePositiveCount).default(8), // prettier-ignore
      option('--space <file>', 'JSON: cells, width, brains, combine, activations, sizes (docs/config.md)'),
      option('--optimizer <name>', 'what takes the steps').choices(TRAINING.optimizers).default('adam'),
      option('--rate <x>', 'learning rate (default: 0.001, of tween 0.1)').argParser(parsePositive),
      option('--epochs <n>', 'times through the examples').argParser(parsePositiveCount).default(2),
      option('--batch <n>', 'examples a step').argParser(parsePositiveCount).default(32),
      option('--seed <n>', 'decides what is drawn, and the order of the examples').argParser(parseCount).default(0), // prettier-ignore
      maxWeights,
      device,
      resume,
      option('-o, --out <folder>', 'for best.json, best.safetensors, search.svg and search.json').default('out'), // prettier-ignore
      json,
    ],
  ).action((config: string, options: SearchOptions) =>
    finish(options.device ?? DEFAULT_DEVICE, async () =>
      (await import('./commands/search.js')).search(config, options),
    ),
  );
  verb(
    'evaluate',
    '<config>',
    'a network config (.json)',
    'measure a network on labelled examples: accuracy and confusion, or deviation and correlation',
    [
      ...labelled,
      option('--svg <file>', 'write a picture of confusion or deviation: NAME.svg'),
      ...ofConfig,
      device,
      json,
    ],
  ).action((config: string, options: EvaluateOptions) =>
    finish(options.device ?? DEFAULT_DEVICE, async () =>
      (await import('./commands/evaluate.js')).evaluate(config, options),
    ),
  );
}
