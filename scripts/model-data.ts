// The example of the repository's own model: an image that it has not seen, and what the interpreter makes of it. Part of
// `npm run make-model`; `npx tsx scripts/model-data.ts` writes it anew for the model that is there.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { interpret, type TensorData } from 'heddle';
import { importOnnx } from 'heddle/onnx';
import { drawnDigits } from '../examples/drawn-digits/index.js';
import { encodeTensor, tensor } from './onnx-proto.mjs';

/** Which of the unseen digits it is: a seven. */
const EXAMPLE = 7;

const models = new URL('../models/', import.meta.url);
const program = importOnnx(readFileSync(new URL('digits.onnx', models)));
const { x: image } = drawnDigits({ count: 4_000, seed: 2 }).examples(Uint32Array.of(EXAMPLE));
const { probabilities } = interpret(program, { image }).outputs;

const file = (name: string, { shape, data }: TensorData): Uint8Array =>
  encodeTensor(tensor(name, 'float', shape, [...data]));
mkdirSync(new URL('digits-data/', models), { recursive: true });
writeFileSync(new URL('digits-data/input_0.pb', models), file('image', image));
writeFileSync(new URL('digits-data/output_0.pb', models), file('probabilities', probabilities));
