/** The tokens of texts, as llama.cpp has them: PATH FILE-OF-TEXTS, as JSON. */
import { readFileSync } from 'node:fs';
import { importLlama } from '../../../bench/llm/peers.mjs';

const [path, file] = process.argv.slice(2);
const { getLlama } = await importLlama();
const llama = await getLlama({ gpu: false, build: 'never', maxThreads: 1, logLevel: 'error' });
const model = await llama.loadModel({ modelPath: path, vocabOnly: true });
const rows = JSON.parse(readFileSync(file, 'utf8')).map((text) => model.tokenize(text, true));
process.stdout.write(JSON.stringify(rows), () => process.exit(0));
