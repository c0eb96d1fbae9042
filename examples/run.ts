// `npm run example mnist -- --model cnn`: runs one of the examples.
import { DEFAULT_DEVICE, runQuietly } from '../src/cli/terminal/quiet.js';
import { refuse, report } from './arguments.js';

const EXAMPLES: Readonly<Record<string, string>> = {
  mnist: 'trains a classifier of digits, and writes its loss curve, its weights and an ONNX model',
  shakespeare: 'trains a character-level transformer on a text, and lets it write',
  characters: 'trains an LSTM on the characters of a text, by truncated back-propagation',
  'config-mnist': 'trains a conv net out of a JSON config, saves it and loads it with difference 0',
  experts: 'a mixture of experts by a grid softmax, as a JSON config',
  stitched: 'experts of different widths and kinds, stitched to one width, as a JSON config',
  adaptation: 'a task that changes every second: tweening against SGD, Adam and step-wise back-propagation',
  ensemble:
    'experts that see parts of pictures; the pair that complements each other best is grafted into one network',
  dtypes: 'digits with weights in every numeric type: bytes, accuracy, deviation, time',
  formats: 'a network saved in every format and loaded again, with difference 0',
  game: 'a network that plays a small grid game while it learns it',
  taxonomy: 'k-means in k-means, as a JSON config',
};

const [name, ...args] = process.argv.slice(2);
if (name === undefined || name === '--help' || name === '-h') {
  const width = Math.max(...Object.keys(EXAMPLES).map(({ length }) => length));
  const lines = Object.entries(EXAMPLES).map(([example, text]) => `  ${example.padEnd(width)}  ${text}`);
  console.log(`npm run example NAME -- [options], such as --help\n\n${lines.join('\n')}`);
} else if (!Object.hasOwn(EXAMPLES, name)) {
  refuse(`unknown example "${name}"; expected one of ${Object.keys(EXAMPLES).join(', ')}`);
} else {
  const code = await runQuietly(args.includes('--help') ? undefined : DEFAULT_DEVICE);
  if (code === undefined) {
    process.argv.splice(2, process.argv.length, ...args);
    try {
      await import(new URL(`${name}/main.ts`, import.meta.url).href);
    } catch (error) {
      process.exitCode = report(error);
    }
  } else process.exitCode = code;
}
