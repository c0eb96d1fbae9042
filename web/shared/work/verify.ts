/** Holds a device against the reference on a model, and shows where they differ. */
import { describeOutputDifference, printType, type Difference, type TensorData } from 'heddle';
import type { DifferenceFacts, VerifyResult, WordFacts } from '../measured.js';
import { whileCompiled, type Measured } from './compiled.js';
import { inputsFrom } from './data.js';
import { heatMap } from './heat.js';

/** Throws what opening a device, compiling and running do. */
export function verifyProgram(measured: Measured): Promise<VerifyResult> {
  const { news } = measured;
  return whileCompiled(measured, async (compiled, device) => {
    const found: DifferenceFacts[] = [];
    const { reference, kernels, values, elements, differences, outputDifferences } = await compiled.verify(
      inputsFrom(1, compiled.inputs),
      {
        onProgress: (stage, done, total) => news({ stage: `running: ${stage}`, done, total }),
        // The first is the cause; a large model may have many.
        onDifference: (difference, expected, actual) => {
          if (found.length === 0) found.push(factsOf(difference, expected, actual));
        },
      },
    );
    const [first, output] = [found.at(0), outputDifferences.at(0)];
    return {
      ...{ device: device.name, reference, kernels, values, elements },
      differences: differences.length + outputDifferences.length,
      ...(first !== undefined && { first }),
      ...(first === undefined && output !== undefined && { output: describeOutputDifference(output) }),
    };
  });
}

function factsOf(difference: Difference, expected: TensorData, found: TensorData): DifferenceFacts {
  const { kernel, label, value, name, index, count, elements, ir, wgsl } = difference;
  const word = (hex: string): WordFacts => ({ hex, value: valueOf(expected, hex) });
  return {
    ...{ kernel, label, value, index, count, elements, ir },
    ...(name !== undefined && { name }),
    type: printType(expected),
    expected: word(difference.expected),
    found: word(difference.found),
    code: wgsl,
    heat: heatMap(expected, found),
  };
}

/** Of a word in hex. That of a f16 is an f32. */
function valueOf({ dtype }: TensorData, hex: string): number {
  const word = parseInt(hex, 16);
  if (dtype === 'i32') return word | 0;
  return dtype === 'f32' || dtype === 'f16' ? new Float32Array(Uint32Array.of(word).buffer)[0] : word;
}
