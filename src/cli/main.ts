#!/usr/bin/env node
/** `heddle`: the command line. What a verb needs is imported when it runs, so that `--help` is instant. */
import { existsSync, readFileSync } from 'node:fs';
import { CommanderError, Option, type Command } from 'commander';
import type { CompileCommandOptions } from './commands/compile.js';
import type { DoctorOptions } from './commands/doctor.js';
import { addLanguageVerbs } from './language-verbs.js';
import { addNetworkVerbs } from './network-verbs.js';
import { addSurgeryVerbs } from './surgery-verbs.js';
import { examples } from './terminal/examples.js';
import { endOnBrokenPipe, EXIT, reportError, reportUsage } from './terminal/exit.js';
import type { InspectOptions } from './commands/inspect.js';
import {
  collectDim,
  parseAdapterName,
  parseCount,
  parseDevice,
  parseKernel,
  parseKernelDevice,
  parseLimit,
  parsePort,
  parseBundleTarget,
  parseTolerance,
  parseVerified,
  separated,
  TARGET_CHOICES,
  type CommonOptions,
  type TargetChoice,
} from './terminal/options.js';
import { DEFAULT_DEVICE, runQuietly, type Opens } from './terminal/quiet.js';
import type { RunOptions } from './commands/run.js';
import { usageText, withPresentNames } from './terminal/usage.js';
import { Verb } from './terminal/verb.js';
import type { ReferenceName } from '../verify/reference.js';
import type { VerifyCommandOptions } from './commands/verify.js';
import type { ViewOptions } from './commands/view.js';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** The page of the inspector, which a build puts beside the command line. */
const INSPECTOR = new URL('../inspector/index.html', import.meta.url);

/** The description of the interface, which a build puts there as well. */
const API = new URL('../api.json', import.meta.url);

const option = (flags: string, text: string): Option => new Option(flags, text);
const limit = (flags: string, text: string): Option => option(flags, text).argParser(parseLimit);

// Options that several verbs share.
const json = option('--json', 'print one JSON object on stdout; everything else goes to stderr');
const dims = option(
  '--dim <name=value>',
  'bind a symbolic dimension, of a config batch, or give its range: batch=1..64, width=32..320:32; of a bundle for several sizes, choose one; repeatable',
).argParser(collectDim);
const seeded = option('--seeded-weights <file>', 'fill weights of an ONNX model by a recipe in JSON');
const weights = option(
  '--weights <file>',
  'safetensors, in place of the weights of a network config or of an ONNX model; those that `heddle quantize` wrote stay small',
);
const maxWeights = limit('--max-weights <n>', 'weights that a network config may have (default: 2^24)');
const maxSteps = limit(
  '--max-steps <n>',
  'steps that the recurrent layers of a config may have together (default: 2^20 each)',
);
/** How a model is opened. */
const ofConfig = [weights, maxWeights, maxSteps];
const ofModel = [dims, seeded, ...ofConfig];
const data = option(
  '--data <source>',
  'a folder with input_N.pb, input_N.npy or NAME.npy, or random:SEED',
).makeOptionMandatory();
const out = (what: string): Option => option('-o, --out <file>', what).makeOptionMandatory();
const target = option(
  '--target <kind>',
  'what kernels are made for; results do not depend on it (default: auto, which is what --device is)',
).choices(TARGET_CHOICES);
const bundleTarget = option(
  '--target <kinds>',
  'what kernels are for: webgpu (the same as gpu), software or auto (what --device is), and with ",wasm" WebAssembly as well: ' +
    'a second plan and its code, some 2 KB for each kernel (a third of that with gzip), and weights where it wants them in another order. ' +
    'Results do not depend on it (default: webgpu, with --device auto)',
).argParser(parseBundleTarget);
const deviceOption = (what: string): Option => option('--device <name>', what);
/** Of verbs that open no device. */
const shapedFor = deviceOption(
  'what --target auto looks at: webgpu, webgpu:NAME, or wasm (default: webgpu)',
).argParser(parseKernelDevice);
const CHOICE = '(default: a hardware GPU, or else wasm)';
const device = deviceOption(
  `reference (the interpreter), wasm (the CPU; wasm:2 for two threads), webgpu, or webgpu:NAME ${CHOICE}`,
).argParser(parseDevice);
const repeat = option(
  '--repeat <n>',
  'runs after the first, for the median (default: 1, of the interpreter 0)',
).argParser(parseCount);
const header = option(
  '--header <choice>',
  'whether the first line of a .csv names the columns (default: by its looks)',
).choices(['yes', 'no']);
const tolerance = (name: string, value: number): Option =>
  option(`--${name} <number>`, `tolerance against outputs in the data`)
    .argParser(parseTolerance)
    .default(value);

const REFERENCES = ['interpreter', 'wasm'] as const satisfies readonly ReferenceName[];

const MODELS = 'an ONNX model, a network config (.json), or a bundle that `heddle compile` wrote';

function build(): Command {
  const program = new Verb('heddle')
    .description(
      'A graph compiler for WebGPU: ONNX or a JSON config in, fused WGSL out, the same bits on CPU and GPU.',
    )
    .version(version, '-v, --version')
    .helpCommand(false)
    .showHelpAfterError('(see --help)')
    .configureOutput({ outputError: (text, write) => write(`${usageText(text, process.argv[2])}\n`) })
    .addHelpText('after', examples.heddle)
    .exitOverride();

  const verb = (
    name: string,
    argument: string,
    about: string,
    description: string,
    options: Option[],
  ): Command =>
    options.reduce(
      (command, option) => command.addOption(option),
      program
        .command(name)
        .description(description)
        .argument(argument, about)
        .addHelpText('after', examples[name]),
    );

  verb('run', '<model>', MODELS, 'run a model; print outputs, times, kernels, submits and peak memory', [
    data,
    device,
    ...ofModel,
    repeat,
    option(
      '--save <folder>',
      'write every output to NAME.npy there; what file names do not take, as in URLs',
    ),
    json,
  ]).action((model: string, options: RunOptions) =>
    finish(options.device ?? DEFAULT_DEVICE, async () =>
      (await import('./commands/run.js')).run(model, options),
    ),
  );
  verb(
    'verify',
    '<model>',
    MODELS,
    'compare a device with the interpreter, bit for bit, and with outputs in the data',
    [
      data,
      deviceOption(
        `wasm, wasm:THREADS, webgpu, or webgpu:NAME with a part of the name of an adapter ${CHOICE}`,
      ).argParser(parseVerified),
      option(
        '--reference <name>',
        'what the device is held against (default: interpreter, or wasm where that would take long)',
      ).choices(REFERENCES),
      ...ofModel,
      tolerance('rtol', 1e-3),
      tolerance('atol', 1e-7),
      json,
    ],
  ).action((model: string, options: VerifyCommandOptions) =>
    finish(options.device ?? DEFAULT_DEVICE, async () =>
      (await import('./commands/verify.js')).verify(model, options),
    ),
  );
  verb(
    'compile',
    '<model>',
    'an ONNX model, or a network config (.json)',
    'write a bundle: one file to ship, which heddle/runtime runs without the compiler',
    [out('where to write it: NAME.heddle'), ...ofModel, bundleTarget, shapedFor, json],
  ).action((model: string, options: CompileCommandOptions) =>
    finish(looksAt(options.target?.webgpu ?? 'gpu', options.device), async () =>
      (await import('./commands/compile.js')).compile(model, options, version),
    ),
  );
  verb(
    'inspect',
    '<model>',
    MODELS,
    'show the IR, the kernels with the reasons behind them, their WGSL, and the memory plan',
    [
      option('--ir', 'the whole IR as text'),
      option('--values', 'every value of the file, by the names that extract and edit take'),
      option('--groups', 'every kernel with its nodes and reasons'),
      option('--explain', 'why each value is fused or stored'),
      option(
        '--wgsl [kernel]',
        'the WGSL of a kernel, by its number or a part of its name, or of all',
      ).argParser(parseKernel),
      option('--wat [kernel]', 'the same of the kernels for the CPU, as WebAssembly text').argParser(
        parseKernel,
      ),
      option('--prelude', 'the WGSL that stands before every kernel'),
      option('--diff <model>', 'only what differs from that model or bundle'),
      option('--memory', 'peak, lower bound, what lives at the peak, the arena over time'),
      option('--html <file>', 'write all of it as a page to look at, which needs no network'),
      ...ofModel,
      target,
      shapedFor,
      json,
    ],
  ).action((model: string, options: InspectOptions) =>
    finish(looksAt(options.target ?? 'auto', options.device), async () =>
      options.html !== undefined
        ? (await import('./commands/view.js')).inspectHtml(model, options.html, options, INSPECTOR)
        : options.diff === undefined
          ? (await import('./commands/inspect.js')).inspect(model, options)
          : (await import('./commands/diff.js')).inspectDiff(options.diff, model, options),
    ),
  );
  verb('view', '<model>', MODELS, 'look at a model in the browser: graph, passes, kernels, memory', [
    option('--port <n>', 'where to listen; 0 for a free port').argParser(parsePort).default(0),
    option('--host <name>', 'on which address').default('127.0.0.1'),
    option('--no-open', 'do not open the browser'),
    ...ofModel,
    target,
    shapedFor,
    json,
  ]).action((model: string, options: ViewOptions) =>
    finish(looksAt(options.target ?? 'auto', options.device), async () =>
      (await import('./commands/view.js')).view(model, options, INSPECTOR),
    ),
  );
  addSurgeryVerbs(verb, (body) => finish(undefined, body), MODELS, version, [...ofModel, json]);
  addNetworkVerbs(verb, finish, MODELS, {
    ofModel,
    ofConfig,
    maxWeights,
    device,
    header,
    json,
  });
  addLanguageVerbs(verb, (name, body) => finish(name ?? DEFAULT_DEVICE, body), device);
  program
    .command('doctor')
    .description('show the adapters, the limits of one, and how it computes, pattern by pattern')
    .addHelpText('after', examples.doctor)
    .addOption(
      deviceOption('webgpu, or webgpu:NAME with a part of the name of an adapter')
        .argParser(parseAdapterName)
        .default('webgpu'),
    )
    .option('--all', 'list every pattern and kernel template, not only those that fail')
    .addOption(json)
    .action((options: DoctorOptions) =>
      finish(options.device, async () => (await import('./commands/doctor.js')).doctor(options)),
    );
  program
    .command('api')
    .description('show what the package exports, by its types')
    .argument('[name]', 'one export, such as compile, heddle/config.ticks or Tensor')
    .addHelpText('after', examples.api)
    .addOption(json)
    .action((name: string | undefined, options: CommonOptions) =>
      finish(undefined, async () =>
        (await import('./commands/api.js')).describeInterface(name, options, API),
      ),
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
async function finish(opens: Opens, body: () => Promise<number>): Promise<void> {
  process.exitCode = (await runQuietly(opens)) ?? (await body());
}

endOnBrokenPipe();
const wantsJson = process.argv.includes('--json');
try {
  await build().parseAsync(separated(withPresentNames(process.argv.slice(2)), existsSync), { from: 'user' });
} catch (error) {
  if (!(error instanceof CommanderError)) process.exitCode = reportError(error, wantsJson);
  else if (error.exitCode === 0) process.exitCode = EXIT.ok;
  else process.exitCode = reportUsage(usageText(error.message, process.argv[2]), wantsJson);
}
