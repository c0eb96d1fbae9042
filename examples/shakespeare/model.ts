/** A character-level transformer, after Karpathy's nanoGPT. */
import { nn, random, type Tensor } from 'heddle';

export interface Shape {
  readonly vocabulary: number;
  /** Characters that it sees: T. */
  readonly context: number;
  readonly layers: number;
  readonly heads: number;
  readonly features: number;
}

/** i32 [B, T] -> logits [B, T, vocabulary]. With 4 layers of 128 features 0.8 million parameters. */
export class CharacterModel extends nn.Module {
  readonly tokens: nn.Embedding;
  readonly positions: nn.LearnedPositions;
  readonly blocks: readonly nn.TransformerBlock[];
  readonly norm: nn.LayerNorm;
  readonly head: nn.Linear;

  constructor({ vocabulary, context, layers, heads, features }: Shape, seed: number) {
    super();
    const [forTokens, forPositions, forHead, ...forBlocks] = random.split(seed, layers + 3);
    const init = nn.initializers.normal(0.02);
    this.tokens = new nn.Embedding(vocabulary, features, { key: forTokens, init });
    this.positions = new nn.LearnedPositions(context, features, { key: forPositions });
    this.blocks = forBlocks.map((key) => new nn.TransformerBlock(features, heads, { key, causal: true }));
    this.norm = new nn.LayerNorm(features);
    this.head = new nn.Linear(features, vocabulary, { key: forHead, bias: false, init });
  }

  call(x: Tensor): Tensor {
    const embedded = this.positions.call(this.tokens.call(x));
    return this.head.call(this.norm.call(this.blocks.reduce((h, block) => block.call(h), embedded)));
  }
}
