/** Heddle's compiler: from an ONNX file to the first result; then `verify` or nothing. */
import { compile, tensorData } from '../../../dist/index.js';
import { importOnnx } from '../../../dist/frontends/onnx/index.js';
import { workOf } from '../client.mjs';

/** @param {() => Promise<any>} open */
export function onnxSide(open) {
  return workOf(async ({ bytes, input, dims, data, then }) => {
    const device = open();
    const program = importOnnx(await bytes, { inputShapes: { [input]: dims } });
    const compiled = await compile(program, { device: await device });
    const inputs = { [input]: tensorData('f32', dims, await data) };
    const outputs = await compiled.run(inputs);
    if (then === 'verify') {
      const { differences, outputDifferences } = await compiled.verify(inputs);
      if (differences.length + outputDifferences.length > 0) throw new Error('other bits than the reference');
    }
    return Object.values(outputs)[0].data;
  });
}
