/** A character-level LSTM. */
import { nn, random, type Tensor } from 'heddle';

/** i32 [B, T] -> logits [B, T, vocabulary], with a state that goes from one stretch of a text to the next. */
export class CharacterLstm extends nn.Module {
  readonly tokens: nn.Embedding;
  readonly lstm: nn.LSTM;
  readonly head: nn.Linear;

  constructor(vocabulary: number, units: number, seed: number) {
    super();
    const [forTokens, forLstm, forHead] = random.split(seed, 3);
    this.tokens = new nn.Embedding(vocabulary, 64, { key: forTokens });
    this.lstm = new nn.LSTM(64, units, { key: forLstm });
    this.head = new nn.Linear(units, vocabulary, { key: forHead });
  }

  read(x: Tensor, state: readonly nn.LSTMState[]): readonly [logits: Tensor, state: nn.LSTMState[]] {
    const [hidden, next] = this.lstm.unroll(this.tokens.call(x), state);
    return [this.head.call(hidden), next];
  }

  call(x: Tensor): Tensor {
    return this.head.call(this.lstm.call(this.tokens.call(x)));
  }

  /** The state before a text, of `count` texts. */
  start(count: number): readonly nn.LSTMState[] {
    return this.lstm.cells.map((cell) => cell.initialState(count));
  }
}
