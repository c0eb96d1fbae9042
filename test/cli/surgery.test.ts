/** Models taken apart and mended from the shell. */
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { describe, expect, test } from 'vitest';
import { encodeModel, encodeTensor, node, port, tensor } from '../../scripts/onnx-proto.mjs';
import { tensorData } from '../../src/base/tensor.js';
import { writeNpy } from '../../src/data/npy.js';
import { importOnnx } from '../../src/frontends/onnx/index.js';
import { interpret } from '../../src/interpreter/index.js';
import { commandLine, DATA, MODEL } from './support.js';

/** A weight that is transposed while importing, and a bias that becomes a literal. */
const FOLDED = encodeModel({
  name: 'folded',
  node: [
    node('Transpose', ['w'], ['wt'], { perm: [1, 0] }),
    node('MatMul', ['x', 'wt'], ['product']),
    node('Add', ['product', 'bias'], ['y']),
  ],
  initializer: [tensor('w', 'float', [3, 2], [1, 2, 3, 4, 5, 6]), tensor('bias', 'float', [3], [1, 2, 3])],
  input: [port('x', 'float', [1, 2])],
  output: [port('y', 'float', [1, 3])],
});

const cli = commandLine();
const REFERENCE = ['--device', 'reference'] as const;

/** Runs a model in the interpreter; the bytes of an output. */
async function outputOf(model: string, data: string, output: string, folder: string): Promise<Buffer> {
  const { code, stderr } = await cli.run([
    'run',
    model,
    '--data',
    data,
    ...REFERENCE,
    '--save',
    cli.path(folder),
  ]);
  expect(code, stderr).toBe(0);
  return readFileSync(cli.path(`${folder}/${output}.npy`));
}

describe('extract', () => {
  test('takes a model apart: one part after the other computes the bits of the whole', async () => {
    const [head, tail] = [cli.path('head.onnx'), cli.path('tail.onnx')];
    const first = await cli.json(['extract', MODEL, '--to', 'select_19', '-o', head]);
    expect(first.result.outputs).toEqual([{ name: 'select_19', dtype: 'f32', shape: [1, 16, 14, 14] }]);
    await cli.run(['extract', MODEL, '--from', 'select_19', '--to', 'probabilities', '-o', tail]);
    const whole = await outputOf(MODEL, DATA, 'probabilities', 'whole');
    await outputOf(head, DATA, 'select_19', 'middle');
    expect(await outputOf(tail, cli.path('middle'), 'probabilities', 'end')).toEqual(whole);
  });

  test('says which element types are others: doubles are written as words', async () => {
    const model = cli.path('doubles.onnx');
    const graph = {
      name: 'doubles',
      node: [node('Add', ['x', 'x'], ['y'])],
      input: [port('x', 'double', [2])],
      output: [port('y', 'double', [2])],
    };
    writeFileSync(model, encodeModel(graph));
    const { code, stdout, stderr } = await cli.run([
      'extract',
      model,
      '--to',
      'y',
      '-o',
      cli.path('part.onnx'),
    ]);
    expect(code, stderr).toBe(0);
    expect(stdout + stderr).toContain('x is uint32[..., 2], not double; y is uint32[..., 2], not double');
    expect(importOnnx(readFileSync(cli.path('part.onnx'))).inputs).toMatchObject([
      { dtype: 'uint32', type: { shape: [2, 2] } },
    ]);
  });

  test('writes bundles, and reads them', async () => {
    const bundle = cli.path('part.heddle');
    const part = await cli.json(['extract', MODEL, '--to', 'add_6', 'select_9', '-o', bundle]);
    expect(part.result.outputs).toHaveLength(2);
    const again = await cli.run(['extract', bundle, '--to', 'select_9', '-o', cli.path('again.onnx')]);
    expect(again.code, again.stderr).toBe(0);
  });

  test('says what is wrong', async () => {
    const unknown = await cli.run(['extract', MODEL, '--to', 'add6', '-o', cli.path('x.onnx')]);
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toMatch(/at: +--to$/m);
    expect(unknown.stderr).toContain('did you mean "add_6"?');
    expect(unknown.stderr).toContain('--values` lists the names');
    const far = await cli.run(['extract', MODEL, '--to', 'relu_of_it_all', '-o', cli.path('x.onnx')]);
    expect(far.stderr).toMatch(/hint: +`heddle inspect \S+ --values` lists the names$/m);
    const ending = await cli.run(['extract', MODEL, '--to', 'add_6', '-o', cli.path('x.txt')]);
    expect(ending.code).toBe(2);
    expect(ending.stderr).toContain('.heddle');
  });
});

describe('edit', () => {
  test('renames, adds outputs, leaves out, and says what changed', async () => {
    const file = cli.path('edited.onnx');
    const { stdout, code } = await cli.run(
      ['edit', MODEL, '--rename', 'image=picture', '--add-output', 'add_6', '--prune', '-o', file], // prettier-ignore
    );
    expect(code).toBe(0);
    expect(stdout).toContain('added    picture: f32[1,1,28,28]');
    const { inputs, outputs } = importOnnx(readFileSync(file));
    expect(inputs.map(({ name }) => name)).toEqual(['picture']);
    expect(outputs.map(({ name }) => name)).toEqual(['probabilities', 'add_6']);
  });

  test('writes what diff finds the same, though ONNX has a reshape where the program has none', async () => {
    const [model, file] = [cli.path('biased.onnx'), cli.path('biased-2.onnx')];
    const x = port('x', 'float', [1, 8, 2, 2]);
    const bias = tensor('bias', 'float', [8, 1, 1], [1, 2, 3, 4, 5, 6, 7, 8]);
    const graph = { name: 'biased', node: [node('Add', ['x', 'bias'], ['y'])], initializer: [bias] };
    writeFileSync(model, encodeModel({ ...graph, input: [x], output: [port('y', 'float', [1, 8, 2, 2])] }));
    const pruned = await cli.run(['edit', model, '--prune', '-o', file]);
    expect(pruned.stdout).toContain('The programs are the same.');
    const { stdout } = await cli.run(['inspect', '--diff', model, file]);
    expect(stdout).toContain('The programs are the same.');
    expect(stdout).not.toContain('Patches');
    expect([...importOnnx(readFileSync(file)).weights.keys()]).toEqual(['bias']);
  });

  test('replaces weights that importing computes with, or makes literals of', async () => {
    const [model, file] = [cli.path('folded.onnx'), cli.path('replaced.onnx')];
    writeFileSync(model, FOLDED);
    const npy = (name: string, shape: readonly number[], values: readonly number[]): string => {
      writeFileSync(cli.path(name), writeNpy(tensorData('f32', shape, Float32Array.from(values))));
      return cli.path(name);
    };
    const [w, bias] = [npy('w.npy', [3, 2], [1, 0, 0, 1, 0, 0]), npy('bias.npy', [3], [5, 6, 7])];
    const { code, stderr } = await cli.run(
      ['edit', model, '--weight', `w=${w}`, '--weight', `bias=${bias}`, '-o', file], // prettier-ignore
    );
    expect(code, stderr).toBe(0);
    const x = tensorData('f32', [1, 2], Float32Array.of(10, 20));
    expect([...interpret(importOnnx(readFileSync(file)), { x }).outputs.y.data]).toEqual([15, 26, 7]);
  });

  test('replaces weights, and diff shows how far', async () => {
    const [npy, file] = [cli.path('bias.npy'), cli.path('weighted.onnx')];
    const { weights } = importOnnx(readFileSync(MODEL));
    const bias = tensorData('f32', [8], Float32Array.from(weights.get('weight1')!.data));
    bias.data[3] += 1;
    writeFileSync(npy, writeNpy(bias));
    const edited = await cli.run(['edit', MODEL, '--weight', `weight1=${npy}`, '-o', file]);
    expect(edited.code, edited.stderr).toBe(0);
    const { stdout } = await cli.run(['inspect', '--diff', MODEL, file]);
    expect(stdout).toContain('weight1: 1 element of f32[8], by at most 1');
    const wrong = await cli.run(['edit', MODEL, '--weight', `weight9=${npy}`, '-o', file]);
    expect(wrong.stderr).toContain('VALUE_UNKNOWN');
  });

  test('says which weight and which input do not fit', async () => {
    const npy = cli.path('narrow.npy');
    writeFileSync(npy, writeNpy(tensorData('f32', [3], Float32Array.of(1, 2, 3))));
    const weight = await cli.run(['edit', MODEL, '--weight', `weight1=${npy}`, '-o', cli.path('x.onnx')]);
    expect(weight.code).toBe(2);
    expect(weight.stderr).toContain(`at:       --weight weight1=${npy}`);
    expect(weight.stderr).toContain(`weight1 is f32[8] in the model, and f32[3] in ${npy}`);
    const shape = await cli.run(['edit', MODEL, '--shape', 'image=4x1x28x28', '-o', cli.path('x.onnx')]);
    expect([shape.code, shape.stderr]).toEqual([2, expect.stringContaining('export it again with a symbol')]);
  });

  test('takes weights as ONNX tensors', async () => {
    const [pb, file] = [cli.path('bias.pb'), cli.path('from-pb.onnx')];
    writeFileSync(pb, encodeTensor(tensor('bias', 'float', [8], [1, 2, 3, 4, 5, 6, 7, 8])));
    const { code, stderr } = await cli.run(['edit', MODEL, '--weight', `weight1=${pb}`, '-o', file]);
    expect(code, stderr).toBe(0);
    expect([...importOnnx(readFileSync(file)).weights.get('weight1')!.data]).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8,
    ]);
  });

  test('saves patches, shows them, and undoes them: the file is the one without the edit, byte for byte', async () => {
    const [edited, saved, back, plain] = ['e.onnx', 'e.patches', 'b.onnx', 'p.onnx'].map((name) =>
      cli.path(name),
    );
    const npy = cli.path('zeros.npy');
    writeFileSync(npy, writeNpy(tensorData('f32', [8], new Float32Array(8))));
    const changes = ['--rename', 'image=picture', '--add-output', 'add_6', '--weight', `weight1=${npy}`];
    const { code, stdout, stderr } = await cli.run([
      'edit',
      MODEL,
      ...changes,
      '-o',
      edited,
      '--patches',
      saved,
    ]);
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('patches  5 and their inverse');
    expect(stdout).toContain('add     outputs[1]: { name: "add_6", value: "add_6" }');
    const shown = await cli.json(['inspect', '--diff', MODEL, edited]);
    expect(shown.result.patches).toContainEqual({
      op: 'replace',
      path: ['weights', 'weight1'],
      value: { $tensor: 'f32[8]' },
    });
    expect(shown.result.inversePatches).toHaveLength((shown.result.patches as unknown[]).length);
    const undone = await cli.run(['edit', edited, '--undo', saved, '-o', back]);
    expect(undone.code, undone.stderr).toBe(0);
    await cli.run(['edit', MODEL, '--prune', '-o', plain]);
    expect(readFileSync(back)).toEqual(readFileSync(plain));
    const again = await cli.run(['edit', MODEL, '--undo', saved, '-o', back]);
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining('the model before the edit')]);
    const other = await cli.run(['edit', edited, '--undo', MODEL, '-o', back]);
    expect([other.code, other.stderr]).toEqual([1, expect.stringContaining('FILE_FORMAT')]);
  });

  test('says which options there are where none is given, and which do not go together', async () => {
    const errorOf = async (...args: string[]): Promise<string> => {
      const { code, stderr } = await cli.run(['edit', MODEL, ...args]);
      expect(code).toBe(2);
      return stderr;
    };
    const out = cli.path('none.onnx');
    expect(await errorOf('-o', out)).toMatch(
      /no change is asked for[^]*--rename OLD=NEW, --shape .*--undo FILE/,
    );
    expect(await errorOf('--undo', 'p', '--prune', '-o', out)).toContain('--undo goes without --prune');
    expect(await errorOf('--prune', '--patches', 'p', '-o', cli.path('x.heddle'))).toContain('-o NAME.onnx');
    const [name, folder] = [basename(out), dirname(out)];
    for (const other of [out, `${folder}/./${name}`, `${folder}/../${basename(folder)}/${name}`])
      expect(await errorOf('--prune', '--patches', other, '-o', out)).toContain('would be one file');
    expect(await errorOf('--prune', '--patches', `${out}.json`, '-o', out)).toContain('ends with .patches');
    expect(await errorOf('--prune', '--patches', MODEL, '-o', out)).toContain('would be written over');
  });

  test('takes pairs, and says what one is', async () => {
    const { code, stderr } = await cli.run(['edit', MODEL, '--rename', 'image', '-o', cli.path('x.onnx')]);
    expect(code).toBe(2);
    expect(stderr).toContain('OLD=NEW');
  });
});

describe('inspect', () => {
  test('lists values by the names that the other verbs take', async () => {
    const { stdout } = await cli.run(['inspect', MODEL, '--values']);
    expect(stdout).toMatch(/^ {2}select_9 = select\(/m);
  });

  test('finds a model and its bundle the same', async () => {
    const bundle = cli.path('model.heddle');
    await cli.run(['compile', MODEL, '-o', bundle]);
    const { stdout, stderr } = await cli.run(['inspect', '--diff', MODEL, bundle]);
    expect(stdout).toContain('The programs are the same.');
    expect(stderr).toContain('after the compiler');
    const both = await cli.run(['inspect', '--diff', MODEL, bundle, '--ir']);
    expect(both.code).toBe(2);
  });
});
