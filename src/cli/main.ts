#!/usr/bin/env node
/** `heddle`: the command line. What a verb needs is imported when it runs, so that `--help` is instant. */
import { existsSync, readFileSync } from 'node:fs';
import { Command, CommanderError, Option } from 'commander';
import type { CompileCommandOptions } from './commands/compile.js';
import type { DoctorOptions } from './commands/doctor.js';
import { examples } from './terminal/examples.js';
import { endOnBrokenPipe, EXIT, reportError, reportUsage } from './terminal/exit.js';
import type { InspectOptions } from './commands/inspect.js';
import {
  collectDim,
  collectName,
  collectPair,
  parseAdapterName,
  parseCount,
  parseDevice,
  parseKernel,
  parseLimit,
  parsePositive,
  parsePositiveCount,
  parseTolerance,
  parseVerified,
  separated,
  TARGET_CHOICES,
  type TargetChoice,
} from './terminal/options.js';
import { runQuietly } from './terminal/quiet.js';
import type { RunOptions } from './commands/run.js';
import type { EditCommandOptions, ExtractCommandOptions } from './commands/surgery.js';
import type { TrainOptions } from './commands/train.js';
import type { OptimizerName, ScheduleName } from './training/training.js';
import { usageText } from './terminal/usage.js';
import type { VerifyCommandOptions } from './commands/verify.js';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

function limit(flags: string, text: string): Option {
  return new Option(flags, text).argParser(parseLimit);
}

// Options that several verbs share.
const json = new Option('--json', 'print one JSON object on stdout; everything else goes to stderr');
const dims = new Option(
  '--dim <name=value>',
  'bind a symbolic dimension, of a config batch; repeatable',
).argParser(collectDim);
const seeded = new Option('--seeded-weights <file>', 'fill weights of an ONNX model by a recipe in JSON');
const weights = new Option('--weights <file>', 'safetensors, in place of the weights of a network config');
const maxWeights = limit('--max-weights <n>', 'weights that a network config may have (default: 2^24)');
const maxSteps = limit(
  '--max-steps <n>',
  'steps that the recurrent layers of a config may have together (default: 2^20 each)',
);
const data = new Option(
  '--data <source>',
  'a folder with input_N.pb, input_N.npy or NAME.npy, or random:SEED',
).makeOptionMandatory();
const out = new Option(
  '-o, --out <file>',
  'where to write it: NAME.onnx, or NAME.heddle for a bundle',
).makeOptionMandatory();
const pair = (flags: string, text: string, form: string): Option =>
  new Option(flags, `${text}: ${form}; repeatable`).argParser(collectPair(form));
const target = (initial: TargetChoice): Option =>
  new Option(
    '--target <kind>',
    `what kernels are shaped for; results do not depend on it (default: ${initial === 'auto' ? 'auto' : `${initial}, with --device auto`})`,
  ).choices(TARGET_CHOICES);
const adapter = (what = 'webgpu, or webgpu:NAME with a part of the name of an adapter'): Option =>
  new Option('--device <name>', what).argParser(parseAdapterName);
/** Of verbs that need no device. */
const shapedFor = adapter('what --target auto looks at: webgpu, or webgpu:NAME');
const device = new Option('--device <name>', 'reference (the interpreter), webgpu, or webgpu:NAME')
  .argParser(parseDevice)
  .default('webgpu');
const repeat = new Option(
  '--repeat <n>',
  'runs after the first, for the median (default: 1, of the interpreter 0)',
).argParser(parseCount);
const tolerance = (name: string, value: number): Option =>
  new Option(`--${name} <number>`, `tolerance against outputs in the data`)
    .argParser(parseTolerance)
    .default(value);

const count = (flags: string, text: string): Option => new Option(flags, text).argParser(parsePositiveCount);
const positive = (flags: string, text: string): Option => new Option(flags, text).argParser(parsePositive);

/** The names in training.ts, which is imported when it is needed. */
const TRAINING = {
  optimizers: ['sgd', 'sgd_momentum', 'nesterov', 'adam', 'adamw', 'rmsprop', 'lion', 'lamb'],
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
  readonly optimizers: readonly OptimizerName[];
  readonly schedules: readonly ScheduleName[];
};

const MODELS = 'an ONNX model, a network config (.json), or a bundle that `heddle compile` wrote';

function build(): Command {
  const program = new Command('heddle')
    .description(
      'A graph compiler for WebGPU: ONNX or a JSON config in, fused WGSL out, the same bits on CPU and GPU.',
    )
    .version(version, '-v, --version')
    .helpCommand(false)
    .showHelpAfterError('(see --help)')
    .configureOutput({ outputError: (text, write) => write(`${usageText(text, process.argv[2])}\n`) })
    .addHelpText('after', examples.heddle)
    .exitOverride();

  /** A verb that takes a model. */
  const verb = (name: string, description: string, models = MODELS): Command =>
    program
      .command(name)
      .description(description)
      .argument('<model>', models)
      .addHelpText('after', examples[name]);

  verb('run', 'run a model; print outputs, times, kernels, submits and peak memory')
    .addOption(data)
    .addOption(device)
    .addOption(dims)
    .addOption(seeded)
    .addOption(weights)
    .addOption(maxWeights)
    .addOption(maxSteps)
    .addOption(repeat)
    .option(
      '--save <folder>',
      'write every output to NAME.npy there; what file names do not take, as in URLs',
    )
    .addOption(json)
    .action((model: string, options: RunOptions) =>
      finish(options.device, async () => (await import('./commands/run.js')).run(model, options)),
    );
  verb('verify', 'compare a device with the interpreter, bit for bit, and with outputs in the data')
    .addOption(data)
    .addOption(adapter().argParser(parseVerified).default('webgpu'))
    .addOption(dims)
    .addOption(seeded)
    .addOption(weights)
    .addOption(maxWeights)
    .addOption(maxSteps)
    .addOption(tolerance('rtol', 1e-3))
    .addOption(tolerance('atol', 1e-7))
    .addOption(json)
    .action((model: string, options: VerifyCommandOptions) =>
      finish(options.device, async () => (await import('./commands/verify.js')).verify(model, options)),
    );
  verb(
    'compile',
    'write a bundle: one file to ship, which heddle/runtime runs without the compiler',
    'an ONNX model, or a network config (.json)',
  )
    .requiredOption('-o, --output <file>', 'where to write it, such as model.heddle')
    .addOption(dims)
    .addOption(seeded)
    .addOption(weights)
    .addOption(maxWeights)
    .addOption(maxSteps)
    .addOption(target('gpu'))
    .addOption(shapedFor)
    .addOption(json)
    .action((model: string, options: CompileCommandOptions) =>
      finish(looksAt(options.target ?? 'gpu', options.device), async () =>
        (await import('./commands/compile.js')).compile(model, options, version),
      ),
    );
  verb('inspect', 'show the IR, the kernels with the reasons behind them, their WGSL, and the memory plan')
    .option('--ir', 'the whole IR as text')
    .option('--values', 'every value of the file, by the names that extract and edit take')
    .option('--groups', 'every kernel with its nodes and reasons')
    .option('--explain', 'why each value is fused or stored')
    .option(
      '--wgsl [kernel]',
      'the WGSL of a kernel, by its number or a part of its name, or of all',
      parseKernel,
    )
    .option('--prelude', 'the WGSL that stands before every kernel')
    .option('--diff <model>', 'what is another here than in that model, or bundle, and nothing else')
    .option('--memory', 'peak, lower bound, what lives at the peak, the arena over time')
    .addOption(dims)
    .addOption(seeded)
    .addOption(weights)
    .addOption(maxWeights)
    .addOption(maxSteps)
    .addOption(target('auto'))
    .addOption(shapedFor)
    .addOption(json)
    .action((model: string, options: InspectOptions) =>
      finish(looksAt(options.target ?? 'auto', options.device), async () =>
        options.diff === undefined
          ? (await import('./commands/inspect.js')).inspect(model, options)
          : (await import('./commands/diff.js')).inspectDiff(options.diff, model, options),
      ),
    );
  verb('extract', 'write the part of a model that computes some of its values, as ONNX or as a bundle')
    .requiredOption('--to <values...>', 'the values that become outputs, by name or by id, such as %12')
    .option('--from <values...>', 'the values that become inputs')
    .addOption(out)
    .addOption(dims)
    .addOption(seeded)
    .addOption(weights)
    .addOption(maxWeights)
    .addOption(maxSteps)
    .addOption(json)
    .action((model: string, options: ExtractCommandOptions) =>
      finish(undefined, async () =>
        (await import('./commands/surgery.js')).extractPart(model, options, version),
      ),
    );
  verb('edit', 'write a model with changes, as ONNX or as a bundle')
    .addOption(
      pair('--rename <old=new>', 'another name for an input, an output or a value within', 'OLD=NEW'),
    )
    .addOption(pair('--shape <input=shape>', 'the shape of an input', 'INPUT=1x3x224x224'))
    .addOption(
      new Option('--output <value>', 'a value to have as an output, too; repeatable').argParser(collectName),
    )
    .addOption(pair('--weight <name=file>', 'a tensor in place of a weight', 'NAME=file.npy'))
    .option('--prune', 'leave out what no output needs')
    .addOption(out)
    .addOption(dims)
    .addOption(seeded)
    .addOption(weights)
    .addOption(maxWeights)
    .addOption(maxSteps)
    .addOption(json)
    .action((model: string, options: EditCommandOptions) =>
      finish(undefined, async () =>
        (await import('./commands/surgery.js')).editModel(model, options, version),
      ),
    );
  program
    .command('train')
    .description('train a network config; write its weights and the loss curve')
    .argument('<config>', 'a network config (.json)')
    .addHelpText('after', examples.train)
    .requiredOption('--data <file>', 'examples: .npy, or .csv with a row for each')
    .requiredOption('--labels <file>', 'labels: .npy, .csv, or a column of --data by name or number (from 1)')
    .addOption(
      new Option(
        '--header <choice>',
        'whether the first line of a .csv names the columns (default: by its looks)',
      ).choices(['yes', 'no']),
    ) // prettier-ignore
    .addOption(
      new Option('--loss <name>', 'default: cross_entropy where labels are classes, else mse').choices([
        'mse',
        'cross_entropy',
      ]),
    ) // prettier-ignore
    .addOption(
      new Option('--optimizer <name>', 'what takes the steps').choices(TRAINING.optimizers).default('adam'),
    ) // prettier-ignore
    .addOption(
      new Option('--schedule <name>', 'of the learning rate').choices(TRAINING.schedules).default('constant'),
    ) // prettier-ignore
    .addOption(positive('--rate <x>', 'learning rate, at the start').default(1e-3))
    .addOption(count('--epochs <n>', 'times through the examples').default(10))
    .addOption(count('--batch <n>', 'examples a step (default: those of the config, or 32)'))
    .addOption(new Option('--seed <n>', 'decides the order of the examples').argParser(parseCount).default(0))
    .addOption(positive('--clip <norm>', 'the greatest norm of all gradients together'))
    .addOption(count('--accumulate <n>', 'batches whose gradients make one step'))
    .addOption(weights)
    .addOption(maxWeights)
    .addOption(maxSteps)
    .addOption(device)
    .option('--out <folder>', 'for weights.safetensors and loss.svg', 'out')
    .addOption(json)
    .action((config: string, options: TrainOptions) =>
      finish(options.device, async () => (await import('./commands/train.js')).train(config, options)),
    );
  program
    .command('doctor')
    .description('show the adapters, the limits of one, and how it computes, pattern by pattern')
    .addHelpText('after', examples.doctor)
    .addOption(adapter().default('webgpu'))
    .option('--all', 'list every pattern and kernel template, not only those that fail')
    .addOption(json)
    .action((options: DoctorOptions) =>
      finish(options.device, async () => (await import('./commands/doctor.js')).doctor(options)),
    );
  program
    .command('help')
    .description('the help of a verb')
    .argument('[verb]')
    .action(async (name: string | undefined) => {
      const found = program.commands.find((command) => command.name() === name);
      if (name === undefined) program.outputHelp();
      else if (found !== undefined) found.outputHelp();
      // No such verb: the error is that of a program that was called with it.
      else await program.parseAsync([name], { from: 'user' });
    });
  return program;
}

/** The device that a verb looks at, without opening it. */
const looksAt = (kind: TargetChoice, name: string | undefined): string | undefined =>
  kind === 'auto' || name !== undefined ? (name ?? 'webgpu') : undefined;

/** Runs a verb that opens the device, without what Dawn has to say about it. */
async function finish(deviceName: string | undefined, body: () => Promise<number>): Promise<void> {
  process.exitCode = (await runQuietly(deviceName)) ?? (await body());
}

endOnBrokenPipe();
const wantsJson = process.argv.includes('--json');
try {
  await build().parseAsync(separated(process.argv.slice(2), existsSync), { from: 'user' });
} catch (error) {
  if (!(error instanceof CommanderError)) process.exitCode = reportError(error, wantsJson);
  else if (error.exitCode === 0) process.exitCode = EXIT.ok;
  else process.exitCode = reportUsage(usageText(error.message, process.argv[2]), wantsJson);
}
