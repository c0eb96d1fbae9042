/** Holds a device against the reference on a model, and shows where they differ. */
import { compile, describeOutputDifference, printType, type Difference, type TensorData } from 'heddle';
import { importOnnx } from 'heddle/onnx';
import type { DifferenceFacts, News, Requests, VerifyResult, WordFacts } from '../protocol.js';
import { inputsFrom } from './data.js';
import { heatMap } from './heat.js';
import { open } from './open.js';

export async function verifyModel(
  { name, bytes, engine }: Requests['verify']['request'],
  news: (text: News) => void,
): Promise<VerifyResult> {
  const program = importOnnx(bytes, { fileName: name });
  // A device that is wrong is what this is for.
  const { device, close } = await open(engine, news, { allowInexact: true });
  try {
    news({ stage: 'compiling', done: 0, total: 1 });
    const compiled = await compile(program, { device });
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
    compiled.dispose();
    const [first, output] = [found.at(0), outputDifferences.at(0)];
    return {
      ...{ device: device.name, reference, kernels, values, elements },
      differences: differences.length + outputDifferences.length,
      ...(first !== undefined && { first }),
      ...(first === undefined && output !== undefined && { output: describeOutputDifference(output) }),
    };
  } finally {
    close();
  }
}

function factsOf(difference: Difference, expected: TensorData, found: TensorData): DifferenceFacts {
  const { kernel, label, name, index, count, elements, ir, wgsl } = difference;
  const word = (hex: string): WordFacts => ({ hex, value: valueOf(expected, hex) });
  return {
    ...{ kernel, label, index, count, elements, ir },
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
