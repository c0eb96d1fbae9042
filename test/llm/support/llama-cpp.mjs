/** The probabilities of all tokens after each of some, as llama.cpp has them: PATH TOKENS CONTEXT, as JSON. */
import { importLlama } from '../../../bench/llm/peers.mjs';

const [path, tokens, context] = process.argv.slice(2);
const { getLlama } = await importLlama();
const llama = await getLlama({ gpu: false, build: 'never', maxThreads: 1, logLevel: 'error' });
const model = await llama.loadModel({ modelPath: path });
const session = await model.createContext({
  contextSize: Number(context),
  threads: 1,
  flashAttention: false,
  experimentalKvCacheKeyType: 'F32',
  experimentalKvCacheValueType: 'F32',
  swaFullCache: true,
});
const asked = JSON.parse(tokens).map((token) => [token, { generateNext: { probabilities: true } }]);
const rows = await session.getSequence().controlledEvaluate(asked);
process.stdout.write(JSON.stringify(rows.map(({ next }) => [...next.probabilities])), () => process.exit(0));
