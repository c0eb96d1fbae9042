/** Blueprints, and the outputs of all layers. */
import { expect, test } from 'vitest';
import { blueprint, fromConfig, layerOutputs, statistics } from '../../../src/frontends/config/index.js';
import { random } from '../../../src/index.js';
import { errorOf } from '../../data/support.js';
import { expectSameTrees } from '../../tensor/support.js';

const dense = { type: 'dense', output_size: 3 } as const;
const config = {
  id: 'small',
  input: [1, 4, 4],
  layers: [
    { type: 'conv2d', filters: 2, kernel_size: 3, activation: 'relu', name: 'eyes' },
    { type: 'parallel', combine_mode: 'add', branches: [dense, { type: 'sequential', layers: [dense, dense] }] }, // prettier-ignore
    { type: 'sequential', layers: [dense, dense] },
  ],
} as const;

test('a blueprint says types, places, shapes and numbers of weights', () => {
  const [model] = blueprint(config).models;
  expect(model).toMatchObject({ id: 'small', total_layers: 3, total_parameters: 20 + 27 + 27 + 12 + 24 });
  expect(model.layers).toEqual([
    { name: 'eyes', grid_row: 0, grid_col: 0, cell_layer: 0, type: 'conv2d', activation: 'relu', parameters: 20, input_shape: [1, 4, 4], output_shape: [2, 2, 2], branches: 0 }, // prettier-ignore
    { name: '1', grid_row: 0, grid_col: 0, cell_layer: 1, type: 'parallel', activation: 'linear', parameters: 66, input_shape: [2, 2, 2], output_shape: [3], branches: 2, combine_mode: 'add' }, // prettier-ignore
    { name: '2', grid_row: 0, grid_col: 0, cell_layer: 2, type: 'sequential', activation: 'linear', parameters: 24, input_shape: [3], output_shape: [3], branches: 2 }, // prettier-ignore
  ]);
});

test('places in a grid are those of LOOM', () => {
  const layers = Array.from({ length: 12 }, () => ({ type: 'dense', input_size: 2, output_size: 2 }));
  const [model] = blueprint({ grid_rows: 2, grid_cols: 3, layers_per_cell: 2, layers }).models;
  const places = model.layers.map(({ grid_row, grid_col, cell_layer }) => [grid_row, grid_col, cell_layer]);
  expect([places[0], places[3], places[5], places[6], places[11]]).toEqual([[0, 0, 0], [0, 1, 1], [0, 2, 1], [1, 0, 0], [1, 2, 1]]); // prettier-ignore
  errorOf('CONFIG_INVALID', () => blueprint({ input: [2], layers: [{ type: 'dence' }] }));
});

test('the outputs of all layers are those of a run', async () => {
  const network = fromConfig(config);
  const x = random.normal(1, [3, 1, 4, 4]);
  const outputs = layerOutputs(network, x);
  expect(Object.keys(outputs).sort()).toEqual(['1', '2', 'eyes']);
  await expectSameTrees(outputs['2'], network.call(x));
  await expectSameTrees(outputs.eyes, network.layers.eyes.call(x).relu());
  const { eyes } = statistics(outputs);
  expect(await eyes.min.item()).toBeGreaterThanOrEqual(0);
  errorOf('SHAPE_MISMATCH', () => layerOutputs(network, random.normal(1, [3, 5])));
});
