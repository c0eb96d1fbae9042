/** The layer that is measured: an LSTM over a sequence, as an ONNX file and as its numbers. */
import { message, tensorInfo, floatTensor } from '../onnx.mjs';
import { seeded } from '../random.mjs';

/** Gates in ONNX's order: input, output, forget, cell. */
const GATES = 4;

/**
 * @typedef {object} Layer
 * @property {{ steps: number, batch: number, units: number }} size as many features come in as there are units
 * @property {Float32Array} input [steps, batch, units]
 * @property {Float32Array} weight of the input, [4 units, units]
 * @property {Float32Array} recurrence of the state, [4 units, units]
 * @property {Float32Array} bias [4 units]
 */

/** @param {Layer['size']} size @returns {Layer} */
export function makeLayer(size) {
  const { steps, batch, units } = size;
  const random = seeded(11);
  const reach = 1 / Math.sqrt(units);
  const numbers = (count, most) => Float32Array.from({ length: count }, () => most * (2 * random() - 1));
  return {
    size,
    input: numbers(steps * batch * units, 1),
    weight: numbers(GATES * units * units, reach),
    recurrence: numbers(GATES * units * units, reach),
    bias: numbers(GATES * units, reach),
  };
}

/** X: f32[steps, batch, units] -> Y: f32[steps, 1, batch, units], by one LSTM. @param {Layer} layer */
export function lstmModel({ size: { steps, batch, units }, weight, recurrence, bias }) {
  const both = new Float32Array(2 * bias.length);
  both.set(bias);
  const units4 = GATES * units;
  const hiddenSize = message([
    [1, 'hidden_size'],
    [3, units],
    [20, 2],
  ]);
  const node = message([...['X', 'W', 'R', 'B'].map((name) => [1, name]), [2, 'Y'], [4, 'LSTM'], [5, hiddenSize]]); // prettier-ignore
  const graph = message([
    [1, node],
    [2, 'lstm'],
    [5, floatTensor('W', [1, units4, units], weight)],
    [5, floatTensor('R', [1, units4, units], recurrence)],
    [5, floatTensor('B', [1, 2 * units4], both)],
    [11, tensorInfo('X', [steps, batch, units])],
    [12, tensorInfo('Y', [steps, 1, batch, units])],
  ]);
  return message([
    [1, 8],
    [7, graph],
    [8, message([[2, 14]])],
  ]);
}
