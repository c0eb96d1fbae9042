// How pages find the package.
import { fileURLToPath } from 'node:url';

const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));

/** The package by its name is its source, as in the tests; `heddle/inspection` is for pages of this repository only. */
export const alias = [
  ['heddle/config', 'src/frontends/config/index.ts'],
  ['heddle/data', 'src/data/index.ts'],
  ['heddle/inspection', 'src/cli/reports/inspection/index.ts'],
  ['heddle/onnx', 'src/frontends/onnx/index.ts'],
  ['heddle', 'src/index.ts'],
].map(([name, file]) => ({ find: new RegExp(`^${name}$`), replacement: path(file) }));
