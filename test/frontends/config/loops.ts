/** Layers as straightforward loops in f64, from their formulas: what the tests hold the compiler against. */

export type Vector = readonly number[];

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const sumOf = (n: number, term: (i: number) => number): number =>
  range(n).reduce((sum, i) => sum + term(i), 0);

export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
export const softplus = (x: number): number => Math.log(1 + Math.exp(x));
export const silu = (x: number): number => x * sigmoid(x);

/** The error function by its power series, which serves for the small numbers of the tests. */
function erf(x: number): number {
  let [term, sum] = [x, x];
  for (let n = 1; n < 80; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

const SELU = { scale: 1.0507009873554805, alpha: 1.6732632423543772 };

export const ACTIVATIONS: Readonly<Record<string, (x: number) => number>> = {
  relu: (x) => (x > 0 ? x : 0),
  sigmoid,
  tanh: Math.tanh,
  gelu: (x) => 0.5 * x * (1 + erf(x / Math.SQRT2)),
  swish: silu,
  mish: (x) => x * Math.tanh(softplus(x)),
  leaky_relu: (x) => (x < 0 ? 0.01 * x : x),
  elu: (x) => (x < 0 ? Math.exp(x) - 1 : x),
  selu: (x) => SELU.scale * (x < 0 ? SELU.alpha * (Math.exp(x) - 1) : x),
  softplus,
  linear: (x) => x,
};

/** w [outputs, inputs] */
export const dense = (x: Vector, w: Vector, b: Vector, outputs: number): number[] =>
  range(outputs).map((o) => (b[o] ?? 0) + sumOf(x.length, (i) => w[o * x.length + i] * x[i]));

/** Rows of `size`, each for itself. */
export const rows = (x: Vector, size: number, f: (row: Vector) => Vector): number[] =>
  range(x.length / size).flatMap((i) => [...f(x.slice(i * size, (i + 1) * size))]);

export interface Conv {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly filters: number;
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly stride: number;
  readonly padHeight: number;
  readonly padWidth: number;
}

export function conv(x: Vector, w: Vector, b: Vector, c: Conv): number[] {
  const outHeight = Math.floor((c.height + 2 * c.padHeight - c.kernelHeight) / c.stride) + 1;
  const outWidth = Math.floor((c.width + 2 * c.padWidth - c.kernelWidth) / c.stride) + 1;
  const out: number[] = [];
  for (let f = 0; f < c.filters; f++)
    for (let i = 0; i < outHeight; i++)
      for (let k = 0; k < outWidth; k++) {
        let sum = b[f];
        for (let channel = 0; channel < c.channels; channel++)
          for (let di = 0; di < c.kernelHeight; di++)
            for (let dk = 0; dk < c.kernelWidth; dk++) {
              const [row, column] = [i * c.stride + di - c.padHeight, k * c.stride + dk - c.padWidth];
              if (row < 0 || row >= c.height || column < 0 || column >= c.width) continue;
              const weight = w[((f * c.channels + channel) * c.kernelHeight + di) * c.kernelWidth + dk];
              sum += weight * x[(channel * c.height + row) * c.width + column];
            }
        out.push(sum);
      }
  return out;
}

export interface CellWeights {
  readonly input: Vector;
  readonly hidden: Vector;
  readonly inputBias: Vector;
  readonly hiddenBias: Vector;
}

/** All hidden states of a cell whose gates lie one after the other in its weights. */
function recurrent(
  x: Vector,
  features: number,
  size: number,
  step: (
    gate: (k: number, unit: number) => readonly [fromInput: number, fromHidden: number],
    unit: number,
  ) => number,
  weights: CellWeights,
): number[] {
  let hidden = new Array<number>(size).fill(0);
  const out: number[] = [];
  for (let t = 0; t < x.length / features; t++) {
    const now = hidden;
    const gate = (k: number, unit: number): readonly [number, number] => {
      const row = k * size + unit;
      return [
        weights.inputBias[row] +
          sumOf(features, (i) => weights.input[row * features + i] * x[t * features + i]),
        weights.hiddenBias[row] + sumOf(size, (i) => weights.hidden[row * size + i] * now[i]),
      ];
    };
    hidden = range(size).map((unit) => step(gate, unit));
    out.push(...hidden);
  }
  return out;
}

export const rnn = (x: Vector, features: number, size: number, weights: CellWeights): number[] =>
  recurrent(x, features, size, (gate, unit) => Math.tanh(gate(0, unit)[0] + gate(0, unit)[1]), weights);

export function lstm(x: Vector, features: number, size: number, weights: CellWeights): number[] {
  const cell = new Array<number>(size).fill(0);
  const step = (gate: (k: number, unit: number) => readonly [number, number], unit: number): number => {
    const [i, f, g, o] = [0, 1, 2, 3].map((k) => gate(k, unit)[0] + gate(k, unit)[1]);
    cell[unit] = sigmoid(f) * cell[unit] + sigmoid(i) * Math.tanh(g);
    return sigmoid(o) * Math.tanh(cell[unit]);
  };
  return recurrent(x, features, size, step, weights);
}

export function gru(x: Vector, features: number, size: number, weights: CellWeights): number[] {
  const before = new Array<number>(size).fill(0);
  const step = (gate: (k: number, unit: number) => readonly [number, number], unit: number): number => {
    const [reset, update, candidate] = [0, 1, 2].map((k) => gate(k, unit));
    const z = sigmoid(update[0] + update[1]);
    const n = Math.tanh(candidate[0] + sigmoid(reset[0] + reset[1]) * candidate[1]);
    before[unit] = (1 - z) * n + z * before[unit];
    return before[unit];
  };
  return recurrent(x, features, size, step, weights);
}

export interface Attention {
  readonly features: number;
  readonly heads: number;
  readonly keyHeads: number;
  readonly causal: boolean;
  /** Of the rotary embedding; 0: none. */
  readonly base: number;
}

/** Projections are [outputs, inputs] with their biases. */
export type Projections = Readonly<Record<'query' | 'key' | 'value' | 'output', readonly [Vector, Vector]>>;

export function attention(x: Vector, p: Projections, a: Attention): number[] {
  const size = a.features / a.heads;
  const steps = x.length / a.features;
  const project = ([w, b]: readonly [Vector, Vector], heads: number): number[][] =>
    range(steps).map((t) => dense(x.slice(t * a.features, (t + 1) * a.features), w, b, heads * size));
  const turned = (all: number[][], heads: number): number[][] =>
    a.base === 0 ? all : all.map((row, t) => range(heads).flatMap((h) => rope(row.slice(h * size, (h + 1) * size), t, a.base))); // prettier-ignore
  const q = turned(project(p.query, a.heads), a.heads);
  const k = turned(project(p.key, a.keyHeads), a.keyHeads);
  const v = project(p.value, a.keyHeads);
  return range(steps).flatMap((t) => {
    const seen = a.causal ? t + 1 : steps;
    const joined = range(a.heads).flatMap((h) => {
      const shared = Math.floor(h / (a.heads / a.keyHeads));
      const scores = range(seen).map(
        (s) => sumOf(size, (i) => q[t][h * size + i] * k[s][shared * size + i]) / Math.sqrt(size),
      );
      const weights = softmax(scores);
      return range(size).map((i) => sumOf(seen, (s) => weights[s] * v[s][shared * size + i]));
    });
    return dense(joined, p.output[0], p.output[1], a.features);
  });
}

/** Pair i is (x[i], x[i + n/2]), turned by t * base^(-2i / n). */
function rope(x: Vector, t: number, base: number): number[] {
  const half = x.length / 2;
  return range(x.length).map((i) => {
    const angle = t * base ** (-(i % half) / half);
    const other = i < half ? -x[i + half] : x[i - half];
    return x[i] * Math.cos(angle) + other * Math.sin(angle);
  });
}

export function layerNorm(x: Vector, weight: Vector, bias: Vector, epsilon = 1e-5): number[] {
  const mean = sumOf(x.length, (i) => x[i]) / x.length;
  const variance = sumOf(x.length, (i) => (x[i] - mean) ** 2) / x.length;
  return x.map((value, i) => ((value - mean) / Math.sqrt(variance + epsilon)) * weight[i] + bias[i]);
}

export function rmsNorm(x: Vector, weight: Vector, epsilon = 1e-5): number[] {
  const square = sumOf(x.length, (i) => x[i] * x[i]) / x.length;
  return x.map((value, i) => (value / Math.sqrt(square + epsilon)) * weight[i]);
}

export const softmax = (x: Vector, temperature = 1): number[] => {
  const total = sumOf(x.length, (i) => Math.exp(x[i] / temperature));
  return x.map((value) => Math.exp(value / temperature) / total);
};

/** max((alpha - 1) x - tau, 0)^(1 / (alpha - 1)), with a tau found by halving until nothing changes. */
export function entmax(x: Vector, alpha: number): number[] {
  const z = x.map((value) => (alpha - 1) * value);
  const at = (tau: number): number[] => z.map((value) => Math.max(value - tau, 0) ** (1 / (alpha - 1)));
  let [low, high] = [Math.max(...z) - 1, Math.max(...z)];
  for (let i = 0; i < 200; i++) {
    const middle = (low + high) / 2;
    if (at(middle).reduce((sum, value) => sum + value, 0) >= 1) low = middle;
    else high = middle;
  }
  return at(low);
}

export const sparsemax = (x: Vector): number[] => entmax(x, 2);

const DISTANCES: Readonly<Record<string, (x: Vector, c: Vector) => number>> = {
  euclidean: (x, c) => sumOf(x.length, (i) => (x[i] - c[i]) ** 2),
  manhattan: (x, c) => sumOf(x.length, (i) => Math.abs(x[i] - c[i])),
  cosine: (x, c) => {
    const length = (v: Vector): number => Math.sqrt(sumOf(v.length, (i) => v[i] * v[i]));
    return 1 - sumOf(x.length, (i) => x[i] * c[i]) / (length(x) * length(c));
  },
};

/** Probabilities of the clusters. */
export function kmeans(f: Vector, centers: Vector, metric: string, temperature: number): number[] {
  const clusters = range(centers.length / f.length);
  const own = clusters.map((k) => centers.slice(k * f.length, (k + 1) * f.length));
  return softmax(own.map((c) => -DISTANCES[metric](f, c) / (2 * temperature ** 2)));
}
