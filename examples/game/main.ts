/**
 * `npm run example game`: a network plays a small grid game while it learns it, by Q-learning (Watkins, 1989). It plays several boards at
 * once; a step of the program chooses the moves and learns from the moves before, in one submit.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jit, optim, random, readAll, tensor, valueAndGrad, type Tensor } from 'heddle';
import { fromConfig, type Chain } from 'heddle/config';
import { lossCurve } from 'heddle/plot';
import { command, count, makeFolder, readOptions, seed as seedOf } from '../arguments.js';
import { openBackend } from '../device.js';
import { dice, drawn, MOVES, moved, newBoard, seen, SEEN } from './board.js';

const options = readOptions<{
  readonly device: string;
  readonly steps: number;
  readonly seed: number;
  readonly out: string;
}>(
  command('game', 'Plays a grid game while it learns it.', 'best')
    .option('--steps <n>', 'moves on each board', count, 1500)
    .option('--seed <n>', 'decides boards, weights and chances', seedOf, 1)
    .option('--out <folder>', 'for game.svg', 'out/game'),
);
const BOARDS = 32;
/** How much the next moves count, the part of the moves that chance makes (from, to), and steps between reports. */
const [FUTURE, CHANCE_FIRST, CHANCE_LAST, REPORT] = [0.9, 0.5, 0.02, 50];

makeFolder(options.out);
const { backend, close } = await openBackend(options.device);
const optimizer = optim.adam({ learningRate: 0.003 });
let network = fromConfig({
  input: [SEEN],
  seed: options.seed,
  layers: [
    { type: 'dense', output_size: 64, activation: 'relu' },
    { type: 'dense', output_size: 64, activation: 'relu' },
    { type: 'dense', output_size: MOVES.length },
  ],
}).to(backend);
let state = optimizer.init(network);

interface Played {
  /** What was seen before the last moves, which moves these were, and what they brought. */
  readonly before: Tensor;
  readonly moves: Tensor;
  readonly rewards: Tensor;
  readonly now: Tensor;
}

const step = jit(
  (net: Chain, own: typeof state, { before, moves, rewards, now }: Played, chance: Tensor, key: Tensor) => {
    const worth = net.call(now);
    const wanted = rewards.add(worth.max({ axis: 1 }).mul(FUTURE));
    const loss = (each: Chain): Tensor => {
      const taken = each.call(before).mul(moves.oneHot(MOVES.length)).sum({ axis: 1 });
      return taken.sub(wanted).square().mean();
    };
    const [, gradients] = valueAndGrad(loss)(net);
    const [model, next] = optimizer.update(net, gradients, own);
    const [first, second] = random.split(key);
    const anyMove = random.randint(first, [BOARDS], 0, MOVES.length);
    const chosen = random
      .uniform(second, [BOARDS])
      .less(chance)
      .where(anyMove, worth.argmax({ axis: 1 }));
    return { model, next, chosen };
  },
  { donate: [0, 1] },
);

const roll = dice(options.seed);
let boards = Array.from({ length: BOARDS }, () => newBoard(roll));
const picture = (): Tensor =>
  tensor(Float32Array.from(boards.flatMap((board) => seen(board))), { shape: [BOARDS, SEEN] });
let before = picture();
let [moves, rewards] = [new Int32Array(BOARDS), new Float32Array(BOARDS)];
const curve: (readonly [number, number])[] = [];
let sum = 0;
for (let i = 0; i < options.steps; i++) {
  const now = picture();
  const part = Math.min(1, i / (options.steps / 2));
  const chance = tensor(CHANCE_FIRST + (CHANCE_LAST - CHANCE_FIRST) * part);
  const played = { before, now, moves: tensor(moves, { shape: [BOARDS], dtype: 'i32' }), rewards: tensor(rewards, { shape: [BOARDS] }) }; // prettier-ignore
  const result = step(network, state, played, chance, random.foldIn(random.key(options.seed), i));
  [network, state, before] = [result.model, result.next, now];
  const [chosen] = await readAll([result.chosen]);
  moves = Int32Array.from(chosen.data);
  const results = boards.map((board, b) => moved(board, moves[b], roll));
  boards = results.map(({ next }) => next);
  rewards = Float32Array.from(results, ({ reward }) => reward);
  sum += rewards.reduce((total, reward) => total + reward, 0) / BOARDS;
  if ((i + 1) % REPORT !== 0) continue;
  curve.push([i + 1, sum / REPORT]);
  if ((i + 1) % (REPORT * 5) === 0) console.log(`after ${i + 1} moves: ${(sum / REPORT).toFixed(3)} a move`);
  sum = 0;
}

console.log(`\nfour moves of the trained network (@ itself, * food, O pit):\n`);
let board = newBoard(roll);
const best = jit((net: Chain, x: Tensor) => net.call(x).argmax());
for (let i = 0; i < 4; i++) {
  const [{ data }] = await readAll([
    best(network, tensor(Float32Array.from(seen(board)), { shape: [1, SEEN] })),
  ]);
  console.log(`${drawn(board)}\n${MOVES[data[0]]}\n`);
  board = moved(board, data[0], roll).next;
}
const file = join(options.out, 'game.svg');
const series = [{ name: 'reward of a move', points: curve }];
writeFileSync(file, lossCurve({ title: 'A grid game, learned while it is played', series, xLabel: 'moves on each of 32 boards', yLabel: 'mean reward' })); // prettier-ignore
console.log(`wrote ${file}`);
await close();
