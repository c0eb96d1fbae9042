/** The data of the examples: MNIST where it is, digits drawn by a program where not. */
import type { Dataset } from 'heddle/data';
import { loadMnist } from 'heddle/data/node';
import { drawnDigits } from './drawn-digits/index.js';

export async function digits(folder: string | undefined): Promise<{ train: Dataset; test: Dataset }> {
  if (folder !== undefined) return loadMnist(folder);
  return { train: drawnDigits({ count: 20_000, seed: 1 }), test: drawnDigits({ count: 4_000, seed: 2 }) };
}
