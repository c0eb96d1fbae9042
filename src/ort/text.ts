/** Tensors of text in onnxruntime's interface, and what nodes on the host make. */
import { Tensor } from 'onnxruntime-common';
import { describeValue } from '../base/describe.js';
import { HeddleError } from '../base/errors.js';
import { isListOf } from '../base/values.js';
import {
  isExtent,
  isText,
  isWord,
  text,
  type HostValue,
  type TextTensor,
} from '../frontends/onnx/text/tensor.js';
import type { TensorData } from '../base/tensor.js';
import type { HostTensor } from '../frontends/onnx/host.js';
import type { OnnxProgram } from '../frontends/onnx/program.js';
import { runAfter, runBefore, type TextPart } from '../frontends/onnx/text/part.js';
import { hostTensor as resultOf, needsWords, storedTensor } from '../frontends/onnx/wide/storage.js';
import { typeOf } from './element-types.js';
import type { TextPort } from './ports.js';
import { programTensor, resultTensor } from './tensors.js';

/** The texts for `ports` among the feeds of a run. Throws INPUT_MISSING, INPUT_DTYPE, INPUT_SHAPE. */
export function textFeeds(
  ports: readonly TextPort[],
  feeds: Readonly<Record<string, unknown>>,
): Readonly<Record<string, TextTensor>> {
  return Object.fromEntries(
    ports.map(({ name }) => {
      const where = `feeds, ${JSON.stringify(name)}`;
      const given = Object.hasOwn(feeds, name) ? feeds[name] : undefined;
      if (given === undefined) throw new HeddleError('INPUT_MISSING', 'an input was not given', { where, expected: 'a tensor of strings' }); // prettier-ignore
      const { type, dims, data } = (
        typeof given === 'object' && given !== null ? given : {}
      ) as Partial<Tensor>;
      if (type !== 'string' || !isListOf(data, isWord) || !isListOf(dims, isExtent))
        throw new HeddleError('INPUT_DTYPE', 'an input has the wrong type', {
          where,
          found: type ?? describeValue(given),
          expected: "new Tensor('string', data, dims)",
        });
      return [name, text(dims, data)] as const;
    }),
  );
}

/** One run of the nodes on the host. */
export class HostRun {
  /** What they give the graph. */
  readonly given: Readonly<Record<string, HostTensor>>;
  private readonly values: ReadonlyMap<string, HostValue>;

  /** Runs those before the graph. Throws as {@link runBefore} does. */
  constructor(
    private readonly part: TextPart,
    texts: Readonly<Record<string, TextTensor | TensorData>>,
  ) {
    this.values = runBefore(part, texts);
    this.given = Object.fromEntries(part.given.map((name) => [name, this.values.get(name) as HostTensor]));
  }

  /** 64-bit inputs of the graph with elements beyond 32 bits. */
  get wide(): readonly string[] {
    return Object.keys(this.given).filter(
      (name) => this.given[name].dtype !== 'double' && needsWords(this.given[name]),
    );
  }

  /** What the program of a model takes. */
  inputsOf({ inputs }: OnnxProgram): Readonly<Record<string, TensorData>> {
    const ports = inputs.filter(({ name }) => Object.hasOwn(this.given, name));
    return Object.fromEntries(
      ports.map(({ name, paired }) => [name, programTensor(this.given[name], paired === true, `"${name}"`)]),
    );
  }

  /** Runs the nodes after the graph: the outputs of the model that they and those before it make. */
  finish({ outputs }: OnnxProgram, results: Readonly<Record<string, TensorData>>): Record<string, HostValue> {
    const computed = outputs.map(({ name, dtype, paired }) => [name, resultOf(results[name], dtype, paired === true)] as const); // prettier-ignore
    return runAfter(this.part, this.values, new Map(computed));
  }
}

/** What a node on the host made, as a tensor. */
export const hostResult = (name: string, value: HostValue): Tensor =>
  isText(value)
    ? new Tensor('string', [...value.data], value.shape)
    : resultTensor(typeOf(value.dtype, `outputs, ${JSON.stringify(name)}`), {
        tensor: storedTensor(value, name),
        paired: needsWords(value),
      });
