// What the scripts share: their arguments, their --help, the folder with the data, and the package as it is built.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/** Ends the script because it was called wrongly. */
export function refuse(...lines) {
  console.error(lines.join('\n'));
  process.exit(2);
}

/** The options as util.parseArgs gives them. Prints `help` where it is asked for, and what is wrong with the arguments. */
export function readArguments(help, config) {
  let parsed;
  try {
    const options = { ...config.options, help: { type: 'boolean', short: 'h' } };
    parsed = parseArgs({ allowPositionals: false, ...config, options });
  } catch (error) {
    refuse(error.message, '', help);
  }
  if (parsed.values.help) {
    console.log(help);
    process.exit(0);
  }
  return parsed;
}

/** The path of `part` in the data folder: HEDDLE_DATA, or the folder `shared` beside this repository. */
export function dataPath(part) {
  const folder = process.env.HEDDLE_DATA ?? fileURLToPath(new URL('../../shared', import.meta.url));
  const path = join(folder, part);
  if (!existsSync(path)) refuse(`there is no ${path}`, `Set HEDDLE_DATA to the folder that holds ${part}.`);
  return path;
}

/** A module of the package as it is built. */
export async function built(module) {
  const url = new URL(`../dist/${module}`, import.meta.url);
  if (!existsSync(url)) refuse('heddle is not built yet: npm run build');
  return import(url.href);
}
