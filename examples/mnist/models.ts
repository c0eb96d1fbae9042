/** The networks that learn digits. */
import { nn, random, type Tensor } from 'heddle';

export type ModelName = 'mlp' | 'cnn';

/** 784-128-10: f32 [N, 1, 28, 28] -> logits [N, 10]. 101,770 parameters. */
export function mlp(seed: number): nn.Sequential {
  const [first, second] = random.split(seed);
  return new nn.Sequential(
    (x: Tensor) => x.flatten(1),
    new nn.Linear(784, 128, { key: first }),
    nn.relu,
    new nn.Linear(128, 10, { key: second }),
  );
}

/**
 * Two convolutions and two linear layers, after LeNet-5 (LeCun et al., 1998) with ReLU and max pooling:
 * f32 [N, 1, 28, 28] -> logits [N, 10].
 */
export function cnn(seed: number): nn.Sequential {
  const [first, second, third, fourth] = random.split(seed, 4);
  return new nn.Sequential(
    new nn.Conv2d(1, 16, 5, { key: first }),
    nn.relu,
    new nn.MaxPool(2),
    new nn.Conv2d(16, 32, 5, { key: second }),
    nn.relu,
    new nn.MaxPool(2),
    (x: Tensor) => x.flatten(1),
    new nn.Linear(512, 128, { key: third }),
    nn.relu,
    new nn.Dropout(0.4),
    new nn.Linear(128, 10, { key: fourth }),
  );
}

export const MODELS: Readonly<Record<ModelName, (seed: number) => nn.Sequential>> = { mlp, cnn };
