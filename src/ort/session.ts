/** A session: a model on a device, as onnxruntime-common's handlers are. */
import type { InferenceSession, InferenceSessionHandler, SessionHandler, Tensor } from 'onnxruntime-common';
import { ensure, HeddleError } from '../base/errors.js';
import { elementCount, type TensorData } from '../base/tensor.js';
import { describeModel } from '../frontends/onnx/description.js';
import type { HostTensor } from '../frontends/onnx/host.js';
import type { TextPart } from '../frontends/onnx/text/part.js';
import { needsWords } from '../frontends/onnx/wide/storage.js';
import { Executable } from '../runtime/executable.js';
import { bufferType } from './element-types.js';
import {
  checkedFeeds,
  checkedFetches,
  outputLocation,
  type Feed,
  type Fetches,
  type ProgramFeed,
} from './feeds.js';
import { fixedShapes, isNumeric, metadataOf, portOf, type TensorPort, type TextPort } from './ports.js';
import { hostResult, HostRun, textFeeds } from './text.js';
import { isDynamic, Programs, type Compiled } from './programs.js';
import type { DeviceLease } from './providers.js';
import { ResidentRun, writeToBuffer, type WantedOutput } from './resident.js';
import type { ModelSource } from './source.js';
import { hostTensor, isOnHost, programTensor, resultTensor, type GivenTensor } from './tensors.js';

/** Elements up to which an integer input may decide shapes. */
const MOST_VALUES = 64;

type Results = Record<string, Tensor>;

export class Session implements InferenceSessionHandler {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly inputMetadata: readonly InferenceSession.ValueMetadata[];
  readonly outputMetadata: readonly InferenceSession.ValueMetadata[];
  private released = false;

  private constructor(
    private readonly inputs: readonly (TensorPort | TextPort)[],
    private readonly outputs: readonly (TensorPort | TextPort)[],
    /** Initializers that a run may override. */
    private readonly overridable: readonly TensorPort[],
    private readonly programs: Programs,
    private readonly lease: DeviceLease,
    /** The nodes that run on the host: between them and the graph all tensors lie there. */
    private readonly text: TextPart | undefined,
    private readonly preferred: InferenceSession.SessionOptions['preferredOutputLocation'],
  ) {
    this.inputNames = inputs.map(({ name }) => name);
    this.outputNames = outputs.map(({ name }) => name);
    this.inputMetadata = inputs.map(metadataOf);
    this.outputMetadata = outputs.map(metadataOf);
  }

  /**
   * A session on the device of `lease`, which is its own from now on. A model whose shapes are all fixed is compiled here, another
   * one when its shapes are known. Throws as importOnnx and compile do, ONNX_UNSUPPORTED_FEATURE for inputs and outputs
   * that are no tensors.
   */
  static async open(
    source: ModelSource,
    options: InferenceSession.SessionOptions,
    lease: DeviceLease,
  ): Promise<Session> {
    const { bytes, fileName } = source;
    const dims = options.freeDimensionOverrides ?? {};
    const model = describeModel(bytes, fileName, source.externalData, source.imageDecoders);
    const inputs = model.inputs.map((value) => portOf(value, `${fileName}, inputs`));
    const outputs = model.outputs.map((value) => portOf(value, `${fileName}, outputs`));
    const programs = new Programs(source, dims, lease.device);
    const overridable = model.overridable
      .map((value) => portOf(value, `${fileName}, inputs`))
      .filter(isNumeric);
    const session = new Session(
      inputs,
      outputs,
      overridable,
      programs,
      lease,
      model.text,
      options.preferredOutputLocation,
    );
    const staying = outputs.filter(({ name }) => session.locationOf(name) === 'gpu-buffer');
    staying.filter(isNumeric).forEach(onGpu);
    ensure(
      staying.length === 0 || (lease.heap !== undefined && model.text === undefined),
      'ONNX_UNSUPPORTED_FEATURE',
      'outputs cannot lie there',
      {
        where: 'preferredOutputLocation',
        found: 'gpu-buffer',
        expected:
          model.text !== undefined
            ? 'cpu, since nodes of the model run on the host'
            : `cpu, since this session runs on ${lease.device.name}`,
      },
    );
    const shapes = fixedShapes(inputs, dims);
    if (shapes !== undefined && !model.text?.given.length) {
      const wanted = {
        shapes,
        values: new Map<string, TensorData>(),
        overridden: [],
        wide: [],
        residents: staying.length > 0,
      };
      await programs
        .use(wanted, () => Promise.resolve())
        .catch((error: unknown) => {
          // Where shapes depend on the values of inputs, the program is made when these are known.
          if (!isDynamic(error)) throw error;
        });
    }
    return session;
  }

  /** The device that the session runs on, in words. */
  get device(): string {
    return this.lease.device.name;
  }

  /**
   * Runs the model. Feeds are as they are at the time of the call only until it first waits, as in onnxruntime: who changes them
   * waits for the run. Throws as {@link checkedFeeds}, {@link checkedFetches}, importOnnx and compile do.
   */
  async run(
    feeds: SessionHandler.FeedsType,
    fetches?: SessionHandler.FetchesType | readonly string[],
    options?: InferenceSession.RunOptions,
  ): Promise<Results> {
    ensure(!this.released, 'USAGE', 'the session was released');
    const textPorts = this.inputs.filter((port) => !isNumeric(port));
    const names = textPorts.map(({ name }) => name);
    const given = checkedFeeds(this.inputs.filter(isNumeric), this.overridable, feeds, names);
    const texts = textFeeds(textPorts, feeds);
    const host = this.text && new HostRun(this.text, { ...texts, ...(await this.images(given)) });
    const wanted = checkedFetches(this.outputNames, [fetches, options]);
    const outputs = this.outputs
      .filter(isNumeric)
      .filter(({ name }) => wanted.has(name))
      .map((port): WantedOutput => {
        const target = wanted.get(port.name);
        const location = target?.location ?? this.locationOf(port.name);
        return location === 'gpu-buffer' ? onGpu(port) : { ...port, location: 'cpu' };
      });
    const isOnGpu = ({ tensor }: Feed): boolean => tensor.location === 'gpu-buffer';
    const residents =
      this.lease.heap !== undefined &&
      this.text === undefined &&
      (given.some(isOnGpu) || outputs.some(({ location }) => location === 'gpu-buffer'));
    const shapes = Object.fromEntries([
      ...given.map(({ port, tensor }) => [port.name, tensor.dims] as const),
      ...Object.entries({ ...texts, ...host?.given }).map(([name, { shape }]) => [name, shape] as const),
    ]);
    const overridden = this.overridable.map(({ name }) => name).filter((name) => Object.hasOwn(shapes, name));
    const request = {
      shapes,
      values: shapingValues(given),
      overridden,
      wide: [...wideFeeds(given), ...(host?.wide ?? [])],
      residents,
    };
    const results = await this.programs.use(request, (compiled) =>
      this.runOn(compiled, given, host, outputs, residents),
    );
    return this.fill(wanted, results);
  }

  /** Frees what the session has on the device. Tensors that it has given stay. Runs after this fail. */
  dispose(): Promise<void> {
    if (!this.released) {
      this.released = true;
      this.programs.dispose();
      this.lease.release();
    }
    return Promise.resolve();
  }

  startProfiling(): void {
    // There is nothing to record: a run is one submit.
  }

  endProfiling(): void {
    // See startProfiling.
  }

  /** The files of images, which nodes on the host read. */
  private async images(given: readonly Feed[]): Promise<Readonly<Record<string, TensorData>>> {
    const names = this.text?.inputs.filter(({ dtype }) => dtype !== 'string').map(({ name }) => name);
    const feeds = given.filter(({ port }) => names?.includes(port.name));
    const tensors = feeds.map(async (feed) => [feed.port.name, await onHost({ ...feed, paired: false })] as const); // prettier-ignore
    return Object.fromEntries(await Promise.all(tensors));
  }

  private locationOf(output: string): 'cpu' | 'gpu-buffer' {
    return outputLocation(this.preferred, output);
  }

  private async runOn(
    { model, executable }: Compiled,
    given: readonly Feed[],
    host: HostRun | undefined,
    outputs: readonly WantedOutput[],
    residents: boolean,
  ): Promise<Results> {
    // Inputs whose values were taken as constants are none of the program's.
    const ports = new Map(model.inputs.map((port) => [port.name, port]));
    const feeds = given.flatMap((feed) => {
      const port = ports.get(feed.port.name);
      return port === undefined ? [] : [{ ...feed, paired: port.paired === true }];
    });
    const paired = new Set(model.outputs.filter((port) => port.paired).map(({ name }) => name));
    const { heap } = this.lease;
    if (residents && heap !== undefined && executable instanceof Executable)
      return new ResidentRun(this.lease, heap).run(executable, feeds, outputs, paired);
    const inputs: Record<string, TensorData> = { ...host?.inputsOf(model) };
    for (const feed of feeds) inputs[feed.port.name] = await onHost(feed);
    const results = (await executable?.run(inputs)) ?? {};
    const made = host?.finish(model, results) ?? {};
    const computed = outputs.filter(({ name }) => !Object.hasOwn(made, name));
    return Object.fromEntries([
      ...computed.map(({ name, type }): [string, Tensor] => [
        name,
        resultTensor(type, { tensor: results[name], paired: paired.has(name) }),
      ]),
      ...Object.entries(made).map(([name, value]): [string, Tensor] => [name, hostResult(name, value)]),
    ]);
  }

  /** Puts results into the tensors that are given for them. Throws INPUT_DTYPE, INPUT_SHAPE where they do not fit. */
  private fill(wanted: Fetches, results: Results): Results {
    for (const name of Object.keys(results)) if (!wanted.has(name)) delete results[name];
    for (const [name, target] of wanted) {
      if (target === null) continue;
      const where = `fetches, ${JSON.stringify(name)}`;
      const result = results[name];
      checkTarget(target, result, where);
      if (target.location === 'gpu-buffer') {
        writeToBuffer(this.lease.heap!.device.gpu, target.gpuBuffer as GPUBuffer, result, where);
        result.dispose();
      } else (target.data as Float32Array).set(result.data as Float32Array);
      results[name] = target as unknown as Tensor;
    }
    return results;
  }
}

async function onHost({ port: { name }, tensor, paired }: ProgramFeed): Promise<TensorData> {
  const { type, dims } = tensor;
  const where = `feeds, ${JSON.stringify(name)}`;
  const data = isOnHost(tensor) ? tensor.data : await tensor.getData?.();
  return programTensor(hostTensor(type, dims, data, where), paired, where);
}

/** A feed whose elements are on the host, in ONNX's words. */
const hostFeed = ({ port: { name }, tensor: { type, dims, data } }: Feed): HostTensor =>
  hostTensor(type, dims, data, `feeds, ${JSON.stringify(name)}`);

/** 64-bit feeds with elements beyond 32 bits. */
const wideFeeds = (feeds: readonly Feed[]): readonly string[] =>
  feeds
    .filter(({ tensor }) => /^u?int64$/.test(tensor.type) && isOnHost(tensor))
    .filter((feed) => needsWords(hostFeed(feed)))
    .map(({ port: { name } }) => name);

const onGpu = ({ name, type }: TensorPort): WantedOutput => ({
  name,
  type: bufferType(type, `outputs, ${JSON.stringify(name)}`),
  location: 'gpu-buffer',
});

function checkTarget({ type, dims }: GivenTensor, result: Tensor, where: string): void {
  if (type === result.type && dims.join() === result.dims.join()) return;
  throw new HeddleError(type === result.type ? 'INPUT_SHAPE' : 'INPUT_DTYPE', 'the output does not fit', {
    where,
    found: `${type}[${dims.join(',')}]`,
    expected: `${result.type}[${result.dims.join(',')}]`,
  });
}

/** The elements of small integer feeds, which may say how large something is. */
function shapingValues(feeds: readonly Feed[]): ReadonlyMap<string, TensorData> {
  const small = feeds.filter(
    ({ tensor }) =>
      /^(int|uint|bool)/.test(tensor.type) && isOnHost(tensor) && elementCount(tensor.dims) <= MOST_VALUES,
  );
  return new Map(
    small
      .map((feed) => [feed.port.name, hostFeed(feed)] as const)
      .filter(([, tensor]) => !needsWords(tensor))
      .map(([name, tensor]) => [name, programTensor(tensor, false, `feeds, ${JSON.stringify(name)}`)]),
  );
}
