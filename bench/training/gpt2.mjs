/** A training step of the shape of GPT-2 (Radford et al., 2019): what the compiler is timed on. It is never run. */
import { jit, losses, nn, optim, random, valueAndGrad, zeros } from '../../dist/index.js';
import { modelOfShapes } from './shapes.mjs';

/** The smallest of GPT-2's sizes: 124 million parameters. */
export const SIZE = {
  batch: 1,
  length: 128,
  vocabulary: 50257,
  positions: 1024,
  features: 768,
  heads: 12,
  layers: 12,
};

class Gpt2 extends nn.Module {
  constructor(key) {
    super();
    const { vocabulary, positions, features, heads, layers } = SIZE;
    const [forTokens, forPositions, ...forBlocks] = random.split(key, 2 + layers);
    this.tokens = new nn.Embedding(vocabulary, features, { key: forTokens });
    this.positions = new nn.LearnedPositions(positions, features, { key: forPositions });
    const options = { causal: true, feedForward: nn.geluTanh };
    this.blocks = forBlocks.map((own) => new nn.TransformerBlock(features, heads, { key: own, ...options }));
    this.norm = new nn.LayerNorm(features);
  }

  call(x) {
    const embedded = this.positions.call(this.tokens.call(x));
    const last = this.blocks.reduce((value, block) => block.call(value), embedded);
    return this.tokens.logits(this.norm.call(last));
  }
}

/** The step, AdamW on the mean cross entropy, and arguments of its shapes, which take no memory. */
export function gpt2Step() {
  const model = modelOfShapes((key) => new Gpt2(key));
  const optimizer = optim.adamw({ learningRate: 3e-4, decays: (_, { rank }) => rank > 1 });
  const step = jit(
    (model, state, x, y) => {
      const [loss, gradients] = valueAndGrad((m) => losses.crossEntropy(m.call(x), y))(model);
      const [next, nextState] = optimizer.update(model, gradients, state);
      return { model: next, state: nextState, loss };
    },
    { donate: [0, 1], name: 'gpt2' },
  );
  const tokens = () => zeros([SIZE.batch, SIZE.length], { dtype: 'i32' });
  return { step, parameters: model.parameterCount, args: [model, optimizer.init(model), tokens(), tokens()] };
}
