/** The verbs for language models. */
import { Option, type Command } from 'commander';
import type { ChatCommandOptions } from './commands/chat.js';
import type { FineTuneCommandOptions } from './commands/finetune.js';
import type { GenerateCommandOptions } from './commands/generate.js';
import type { ServeOptions } from './commands/serve.js';
import {
  parseCount,
  parseLimit,
  parsePort,
  parsePositive,
  parseSeed,
  parseTolerance,
} from './terminal/options.js';

/** Makes a verb with an argument. */
type AddVerb = (name: string, argument: string, about: string, description: string, options: Option[]) => Command; // prettier-ignore
/** Runs a verb that opens the device. */
type Finish = (device: string | undefined, body: () => Promise<number>) => Promise<void>;

const LANGUAGE_MODEL = 'a GGUF file, or a folder with config.json, tokenizer.json and safetensors';

const number = (flags: string, text: string): Option => new Option(flags, text).argParser(parseTolerance);
const count = (flags: string, text: string): Option => new Option(flags, text).argParser(parseCount);

/** How tokens are chosen. */
const sampling = (): Option[] => [
  number('--temperature <x>', 'what logits are divided by; 0: always the likeliest token').default(0),
  count('--top-k <n>', 'only so many of the likeliest tokens (default: all)'),
  new Option('--top-p <x>', 'only the likeliest tokens with this probability together').argParser(parsePositive), // prettier-ignore
  number('--min-p <x>', 'only tokens with at least this part of the greatest probability'),
  new Option('--repeat-penalty <x>', 'what logits of repeated tokens are divided by').argParser(parsePositive), // prettier-ignore
  new Option('--seed <n>', 'with a temperature: the same seed gives the same text').argParser(parseSeed).default(0), // prettier-ignore
];
/** What texts are held to. */
const constraint = (): Option[] => [
  new Option('--schema <file>', 'a JSON Schema that the text is held to').conflicts('regex'),
  new Option('--regex <pattern>', 'a regular expression that the whole text is held to'),
];
const context = new Option('--context <n>', 'positions that a text may have (default: what the model says)').argParser(parseLimit); // prettier-ignore
const adapter = new Option(
  '--adapter <file>',
  "a low-rank adapter: PEFT's adapter_model.safetensors, with adapter_config.json beside it",
);
const json = new Option('--json', 'print one JSON object on stdout; everything else goes to stderr');

/** Adds generate, chat, serve and finetune. */
export function addLanguageVerbs(verb: AddVerb, finish: Finish, device: Option): void {
  verb('generate', '<model>', LANGUAGE_MODEL, 'write how a text goes on, and tokens a second', [
    new Option('--prompt <text>', 'the text that goes on').makeOptionMandatory(),
    count('--max-tokens <n>', 'tokens to generate, at most').default(128),
    new Option('--stop <texts...>', 'texts that end the text'),
    new Option('--guess', 'look up what may follow in the text itself, and check it: the same tokens, faster where texts repeat'), // prettier-ignore
    ...sampling(),
    ...constraint(),
    new Option(
      '--cache <file>',
      'what was computed of earlier texts: read where the file is there, written at the end',
    ),
    context,
    adapter,
    device,
    json,
  ]).action((model: string, options: GenerateCommandOptions) =>
    finish(options.device, async () => (await import('./commands/generate.js')).generate(model, options)),
  );
  verb('chat', '<model>', LANGUAGE_MODEL, 'talk to a model; an empty line, or the end of input, ends it', [
    new Option('--system <text>', 'what the model is told before the conversation'),
    count('--max-tokens <n>', 'tokens of an answer, at most').default(512),
    ...sampling(),
    ...constraint(),
    context,
    adapter,
    device,
  ]).action((model: string, options: ChatCommandOptions) =>
    finish(options.device, async () => (await import('./commands/chat.js')).chat(model, options)),
  );
  verb('serve', '<model>', LANGUAGE_MODEL, "answer requests in the form of OpenAI's API", [
    new Option('--port <n>', 'where to listen; 0 for a free port').argParser(parsePort).default(8080),
    new Option('--host <name>', 'on which address').default('127.0.0.1'),
    context,
    adapter,
    device,
    json,
  ]).action((model: string, options: ServeOptions) =>
    finish(options.device, async () => (await import('./commands/serve.js')).serve(model, options)),
  );
  verb('finetune', '<model>', LANGUAGE_MODEL, 'train a low-rank adapter (LoRA) on a text', [
    new Option('--text <file>', 'the text').makeOptionMandatory(),
    new Option(
      '-o, --out <file>',
      'where the adapter goes, in the form of PEFT (.safetensors); adapter_config.json goes beside it',
    ).makeOptionMandatory(),
    count('--steps <n>', 'updates').default(50),
    count('--batch <n>', 'pieces of the text in an update').default(4),
    count('--tokens <n>', 'tokens of a piece').default(64),
    count('--rank <n>', 'rank of what is added to a matrix, up to 128').default(8),
    new Option('--alpha <x>', 'it is added alpha / rank times (default: twice the rank)').argParser(
      parsePositive,
    ),
    new Option('--learning-rate <x>', "AdamW's").argParser(parsePositive).default(1e-3),
    new Option(
      '--matrices <names...>',
      'matrices of the layers, by the names of GGUF (default: attn_q and attn_v)',
    ),
    new Option('--seed <n>', 'of the first values').argParser(parseSeed).default(0),
    new Option('--checkpoint <file>', 'where Ctrl-C leaves what there is').default('checkpoint.safetensors'),
    new Option(
      '--resume <file>',
      'go on from the checkpoint that Ctrl-C left: the adapter is that of a run that was not interrupted',
    ),
    device,
    json,
  ]).action((model: string, options: FineTuneCommandOptions) =>
    finish(options.device, async () => (await import('./commands/finetune.js')).finetune(model, options)),
  );
}
