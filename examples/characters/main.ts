/** `npm run example characters -- --text FILE`: trains an LSTM on the characters of a text, stretch after stretch. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { saveCheckpoint } from 'heddle';
import { characterDataset } from 'heddle/data';
import { command, count, makeFolder, positive, readOptions, readText, seed as seedOf } from '../arguments.js';
import { openBackend } from '../device.js';
import { CharacterLstm } from './model.js';
import { train, validate } from './train.js';

interface Options {
  readonly text: string;
  readonly device: string;
  readonly units: number;
  readonly steps: number;
  readonly batch: number;
  readonly rate: number;
  readonly seed: number;
  readonly out: string;
  readonly json?: boolean;
}

/** Characters of a stretch: gradients go back so far. */
const STRETCH = 64;

const options = readOptions<Options>(
  command('characters', 'Trains a character-level LSTM by truncated back-propagation.', 'best')
    .requiredOption('--text <file>', 'what to learn from, such as tiny Shakespeare')
    .option('--units <n>', 'units of the LSTM', count, 256)
    .option('--steps <n>', 'updates', count, 1000)
    .option('--batch <n>', 'places of the text that are read at once', count, 32)
    .option('--rate <x>', 'greatest learning rate', positive, 0.006)
    .option('--seed <n>', 'decides the weights', seedOf, 1)
    .option('--out <folder>', 'for model.safetensors', 'out/characters')
    .option('--json', 'one last line with the results'),
);

const log = options.json === true ? () => {} : console.log;
const data = characterDataset(readText(options.text), { context: STRETCH, batchSize: options.batch });
const { backend, close } = await openBackend(options.device);
makeFolder(options.out);
const model = new CharacterLstm(data.vocabulary.size, options.units, options.seed);
log(`${model.parameterCount.toLocaleString('en')} parameters, on ${backend.name}`);
const shape = { rows: options.batch, steps: STRETCH };
const started = performance.now();
const settings = { ...shape, updates: options.steps, learningRate: options.rate };
const trained = await train(model, data.train.tokens, backend, settings, (update, loss) => {
  if (update % 50 === 0 || update === 1) log(`update ${update}: ${loss.toFixed(3)}`);
});
const seconds = (performance.now() - started) / 1000;
const validationLoss = await validate(trained.model, data.validation.tokens, backend, shape, 20);
log(
  `${options.steps} updates in ${seconds.toFixed(0)} s; validation loss ${validationLoss.toFixed(3)} nats a character`,
);
await writeFile(join(options.out, 'model.safetensors'), await saveCheckpoint({ model: trained.model }));
if (options.json === true) console.log(JSON.stringify({ validationLoss, seconds, losses: trained.losses }));
await close();
