// `npm run example mnist -- --model cnn`: runs one of the examples.
import { existsSync, readdirSync } from 'node:fs';

const here = new URL('./', import.meta.url);
const [name = '', ...args] = process.argv.slice(2);
const names = readdirSync(here).filter((entry) => existsSync(new URL(`${entry}/main.ts`, here)));
if (names.includes(name)) {
  process.argv.splice(2, process.argv.length, ...args);
  await import(new URL(`${name}/main.ts`, here).href);
} else {
  console.error(`usage: npm run example NAME -- [options], with NAME one of: ${names.join(', ')}`);
  process.exitCode = 2;
}
