/**
 * `npm run example shakespeare -- --text FILE`: trains a small transformer on the characters of a text, and lets it write.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SingleBar } from 'cli-progress';
import { saveCheckpoint } from 'heddle';
import { characterDataset } from 'heddle/data';
import { lossCurve } from 'heddle/plot';
import { command, count, makeFolder, positive, readOptions, readText, seed as seedOf } from '../arguments.js';
import { openBackend } from '../device.js';
import { CharacterModel } from './model.js';
import { train, validate, write } from './train.js';

interface Options {
  readonly text: string;
  readonly device: string;
  readonly steps: number;
  readonly batch: number;
  readonly rate: number;
  readonly seed: number;
  readonly out: string;
  readonly json?: boolean;
}

const CONTEXT = 64;
const PROMPT = 'ROMEO:';

const options = readOptions<Options>(
  command('shakespeare', 'Trains a character-level transformer, and lets it write.', 'best')
    .requiredOption('--text <file>', 'what to learn from, such as tiny Shakespeare')
    .option('--steps <n>', 'training steps', count, 1500)
    .option('--batch <n>', 'windows a step', count, 16)
    .option('--rate <x>', 'greatest learning rate', positive, 0.002)
    .option('--seed <n>', 'decides the weights and the windows', seedOf, 1)
    .option('--out <folder>', 'for loss.svg and model.safetensors', 'out/shakespeare')
    .option('--json', 'one last line with the results'),
);

const log = options.json === true ? () => {} : console.log;
const { seed, steps } = options;
const text = readText(options.text);
const data = characterDataset(text, { context: CONTEXT, batchSize: options.batch, seed });
const shape = { vocabulary: data.vocabulary.size, context: CONTEXT, layers: 4, heads: 4, features: 128 };
// What it begins to write with must be in the text: better to know that now.
data.vocabulary.encode(`\n${PROMPT}`);
const { backend, close } = await openBackend(options.device);
makeFolder(options.out);
const model = new CharacterModel(shape, seed);
log(`${model.parameterCount.toLocaleString('en')} parameters, on ${backend.name}`);

const bar = new SingleBar({
  format: '{bar} {percentage}% | loss {loss} | {eta_formatted} left',
  hideCursor: true,
  clearOnComplete: true,
});
if (process.stdout.isTTY && options.json !== true) bar.start(steps, 0, { loss: '-' });
const started = performance.now();
const trained = await train(model, data, backend, { steps, learningRate: options.rate }, (progress) => {
  const loss = progress.losses.reduce((sum, value) => sum + value, 0) / progress.losses.length;
  bar.update(progress.step, { loss: loss.toFixed(3) });
});
bar.stop();
const seconds = (performance.now() - started) / 1000;
const validationLoss = await validate(trained.model, data, backend, 20);
log(
  `${steps} steps in ${seconds.toFixed(0)} s; validation loss ${validationLoss.toFixed(3)} nats a character\n`,
);

let written = '';
for await (const character of write(trained.model, data, CONTEXT, PROMPT, {
  length: 300,
  temperature: 0.8,
  seed,
})) {
  written += character;
  if (options.json !== true) process.stdout.write(character);
}
log('\n');

const points = trained.losses.map((loss, i) => [i + 1, loss] as const);
await writeFile(
  join(options.out, 'loss.svg'),
  lossCurve({
    title: `characters of ${options.text.split('/').at(-1)}`,
    series: [{ name: 'training loss', points }],
    xLabel: 'step',
    yLabel: 'nats a character',
  }),
);
await writeFile(join(options.out, 'model.safetensors'), await saveCheckpoint({ model: trained.model }));
if (options.json === true)
  console.log(JSON.stringify({ validationLoss, seconds, losses: trained.losses, written }));
await close();
