/** Functions to begin with. */
export const EXAMPLES: Readonly<Record<string, string>> = {
  attention: `import { random, type Tensor } from 'heddle';

// The function that is compiled. Edit it: its IR and WGSL follow.
export default function attend(q: Tensor, k: Tensor, v: Tensor) {
  const scores = q.matmul(k.transpose()).div(Math.sqrt(8));
  return scores.softmax().matmul(v);
}

// What it is compiled for, and run on.
export const inputs = [
  random.normal(1, [4, 8]),
  random.normal(2, [6, 8]),
  random.normal(3, [6, 8]),
];
`,
  gradient: `import { losses, nn, random, valueAndGrad, type Tensor } from 'heddle';

const model = new nn.Linear(8, 3, { key: 1 });

// A loss and its gradient by every weight: one program.
export default function step(x: Tensor, y: Tensor) {
  const loss = (m: nn.Linear) => losses.mse(m.call(x).tanh(), y);
  return valueAndGrad(loss)(model);
}

export const inputs = [random.normal(2, [5, 8]), random.normal(3, [5, 3])];
`,
  loop: `import { foriLoop, random, type Tensor } from 'heddle';

// Newton's way to a square root; the loop is part of the program.
export default function roots(x: Tensor) {
  return foriLoop(0, 6, (_, y: Tensor) => y.add(x.div(y)).mul(0.5), x);
}

export const inputs = [random.uniform(1, [8]).add(1)];
`,
};
