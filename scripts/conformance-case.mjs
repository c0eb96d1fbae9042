// Judges the cases that conformance.mjs sends, one at a time: {outcome: pass, unsupported or fail, reason, code, bits}.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { built } from './script.mjs';

const [, , deviceName] = process.argv;
const { compile, HeddleError, interpret, openWasmDevice } = await built('index.js');
const { importOnnx } = await built('frontends/onnx/index.js');
const { readHostSequence, readHostTensor } = await built('frontends/onnx/tensor.js');
const { declaredSequence } = await built('frontends/onnx/sequence-ports.js');
const { readModel } = await built('frontends/onnx/model.js');
const { inputsOf } = await built('frontends/onnx/subgraphs.js');
const { toTensorData } = await built('frontends/onnx/host.js');
const { readValue } = await built('frontends/onnx/text/tensor.js');
const { decodeMessage } = await built('frontends/onnx/proto/decode.js');
const { Tensor } = await built('frontends/onnx/proto/onnx.js');
const { needsWords, storedTensor, wordsOf } = await built('frontends/onnx/wide/storage.js');
const { compareWithFile } = await built('cli/reports/compare.js');
const { externalFiles } = await built('node/external-files.js');
const { imageDecoders } = await built('node/image-decoders.js');
const { toWords } = await built('runtime/words.js');
/** TensorProto.DataType */
const STRING = 8;
const TOLERANCE = { rtol: 1e-3, atol: 1e-7 };

/** Errors that say what Heddle does not do; every other error is a fault. */
const isRefusal = (error) =>
  error instanceof HeddleError &&
  (error.code.startsWith('ONNX_UNSUPPORTED_') ||
    ['ONNX_DYNAMIC_SHAPE', 'LIMIT_EXCEEDED'].includes(error.code));

/** Operators whose results nobody can know: their types and shapes are compared. */
const RANDOM = /^(Bernoulli|Multinomial|Random(Normal|Uniform)(Like)?)$/;

const device = deviceName === 'reference' ? undefined : await openDevice();

async function openDevice() {
  const [, threads] = /^wasm(?::(\d+))?$/.exec(deviceName) ?? [];
  if (deviceName.startsWith('wasm'))
    return openWasmDevice(threads === undefined ? {} : { threads: Number(threads) });
  const { openNodeDevice } = await built('node/index.js');
  return openNodeDevice(deviceName).catch((error) => process.send({ fatal: error.message }));
}

/** A program that takes `given`; what its shapes depend on is a constant in it, and so are its dimensions where they have to be. */
function programFor(place, name, given, sequences, valueInputs) {
  const bytes = readFileSync(join(place, 'model.onnx'));
  const inputShapes = Object.fromEntries([...given].map(([port, { shape }]) => [port, shape]));
  const program = (fixed) => {
    const made = imported(fixed, {});
    return isResolved(made) ? made : imported(fixed, { inputShapes });
  };
  const imported = (fixed, options) =>
    importOnnx(bytes, {
      ...options,
      fileName: name,
      externalData: externalFiles(join(place, 'model.onnx')),
      weights: new Map([...given].filter(([port]) => fixed(port)).map(([port, host]) => [port, storedTensor(host, port)])), // prettier-ignore
      sequences,
      imageDecoders: imageDecoders(),
      wideInputs: [...given].filter(([, host]) => needsWords(host)).map(([port]) => port),
    });
  const { graph } = readModel(bytes, name);
  const initial = new Set(inputsOf(graph).map((port) => port.name));
  const replaced = (port) => !initial.has(port);
  const isFloat = (port) => ['float', 'float16', 'double'].includes(given.get(port)?.dtype);
  const isListed = (port) => replaced(port) || valueInputs?.includes(port) === true;
  // What is not listed, but integers or truth values, is taken as a session of heddle/ort takes it.
  const tries = [isListed, (port) => isListed(port) || !isFloat(port), ...(valueInputs === undefined ? [() => true] : [])]; // prettier-ignore
  for (const fixed of tries.slice(0, -1))
    try {
      return program(fixed);
    } catch (error) {
      if (!['ONNX_DYNAMIC_SHAPE', 'DIM_UNBOUND'].includes(error.code)) throw error;
    }
  return program(tries.at(-1));
}

/** Whether a program has a graph for any sizes of its free dimensions. */
function isResolved(program) {
  try {
    return program.outputs !== undefined;
  } catch {
    return false;
  }
}

/** The files of one kind in a data set, by their numbers. */
const filesOf = (folder, kind) =>
  readdirSync(folder)
    .map((file) => new RegExp(`^${kind}_(\\d+)\\.pb$`).exec(file))
    .filter((match) => match !== null)
    .sort((a, b) => a[1] - b[1])
    .map(([file, number]) => ({ number: Number(number), path: join(folder, file) }));

/** Runs one data set: {problem, bits}, each undefined where there is nothing to say. */
async function runSet({ name, place, class: kind, valueInputs }, folder) {
  const { graph } = readModel(readFileSync(join(place, 'model.onnx')), name);
  const files = filesOf(folder, 'input');
  const listed = inputsOf(graph);
  const ports = files.length > listed.length ? graph.input : listed;
  // A model with what is neither a tensor nor a sequence is refused before its data are read.
  if (
    [...graph.input, ...graph.output].some(
      (info) => info.type?.tensorType === undefined && declaredSequence(info, name) === undefined,
    )
  )
    // prettier-ignore
    importOnnx(readFileSync(join(place, 'model.onnx')), { fileName: name });
  const sequences = {};
  const texts = {};
  const given = new Map();
  for (const { number, path } of files) {
    const sequence = ports[number] && declaredSequence(ports[number], name);
    if (sequence !== undefined) {
      const hosts = readSequence(ports[number], path);
      sequences[sequence.name] = hosts?.map(({ shape }) => shape) ?? null;
      hosts?.forEach((host, i) =>
        given.set(sequence.isSequence ? `${sequence.name}[${i}]` : sequence.name, host),
      );
      continue;
    }
    const proto = decodeMessage(Tensor, readFileSync(path), path);
    const own = ports[number]?.name ?? proto.name;
    if (proto.dataType === STRING) texts[own] = readValue(proto, path);
    else given.set(own, readHostTensor(readFileSync(path), path).host);
  }
  const program = programFor(place, name, given, sequences, valueInputs);
  const tensorOf = ({ name: port, paired }) => {
    const host = given.get(port);
    return host && (paired ? wordsOf(host) : toTensorData(host, port));
  };
  const images = (program.text?.inputs ?? []).filter(({ dtype }) => dtype !== 'string');
  for (const { name: port } of images) texts[port] = toTensorData(given.get(port), port);
  const host = program.text?.start(texts);
  const inputs = Object.fromEntries(program.inputs.map((port) => [port.name, host?.given[port.name] ?? tensorOf(port)])); // prettier-ignore
  const { outputs: exact } = interpret(program, inputs);
  const outputs = device === undefined || program.outputs.length === 0 ? exact : await runOn(program, inputs);
  const onHost = host?.finish(outputs) ?? {};
  const isRandom = kind === 'random' || graph.node.some(({ opType }) => RANDOM.test(opType));
  const bits = isRandom || device === undefined ? undefined : differenceOf(outputs, exact);
  for (const { number, path } of filesOf(folder, 'output')) {
    const info = graph.output[number];
    const own = program.outputs.filter((port) => (port.element?.of ?? port.name) === info?.name);
    const hosts =
      info && declaredSequence(info, name) !== undefined ? (readSequence(info, path) ?? []) : undefined;
    if (hosts !== undefined && hosts.length !== own.length)
      return { problem: `${info.name} is ${own.length} tensors, the file has ${hosts.length}`, bits };
    for (const [i, host] of (hosts ?? []).entries()) {
      const { problem } = compareWithFile(
        outputOf(own[i], outputs),
        { file: path, format: 'pb', host },
        TOLERANCE,
      );
      if (problem !== undefined) return { problem, bits };
    }
    if (hosts !== undefined) continue;
    if (Object.hasOwn(onHost, info?.name ?? '')) {
      const problem = hostProblem(info.name, onHost[info.name], path);
      if (problem !== undefined) return { problem, bits };
      continue;
    }
    const [port] = own;
    if (port === undefined) return { problem: `there is no output ${number}`, bits };
    const expected = { file: path, format: 'pb', ...readHostTensor(readFileSync(path), path) };
    const found = outputOf(port, outputs);
    const tolerance = isRandom ? { rtol: Infinity, atol: Infinity } : TOLERANCE;
    const { problem } = compareWithFile(found, expected, tolerance);
    if (problem !== undefined && !(isRandom && problem.includes('elements differ'))) return { problem, bits };
  }
  return { problem: undefined, bits };
}

/** How what the host has made differs from what a file says. */
function hostProblem(name, value, path) {
  const expected = readValue(decodeMessage(Tensor, readFileSync(path), path), path);
  if (value.dtype !== 'string') {
    const found = {
      name,
      declared: value.dtype,
      tensor: storedTensor(value, name),
      paired: needsWords(value),
    };
    return compareWithFile(found, { file: path, format: 'pb', host: expected }, TOLERANCE).problem;
  }
  const print = ({ dtype, shape, data }) => `${dtype}[${shape.join(',')}] ${JSON.stringify(Array.from(data, String)).slice(0, 200)}`; // prettier-ignore
  return print(value) === print(expected) ? undefined : `${name} is ${print(value)}, not ${print(expected)}`;
}

const outputOf = ({ name, dtype, paired }, outputs) => ({
  name,
  declared: dtype,
  tensor: outputs[name],
  paired,
});

/** The tensors of a file that holds a sequence or an optional value, as `info` declares; undefined for no value. */
const readSequence = ({ type }, path) =>
  readHostSequence(readFileSync(path), type.sequenceType === undefined ? 'optional' : 'sequence', path);

async function runOn(program, inputs) {
  const compiled = await compile(program, { device });
  try {
    return await compiled.run(inputs);
  } finally {
    compiled.dispose();
  }
}

/** The first word in which results differ; NaNs are equal. */
function differenceOf(found, expected) {
  for (const [name, tensor] of Object.entries(expected)) {
    const [words, others] = [toWords(tensor), toWords(found[name])];
    const isNaNWord = (word) => tensor.dtype.startsWith('f') && (word & 0x7fffffff) > 0x7f800000;
    const at = words.findIndex((word, i) => word !== others[i] && !(isNaNWord(word) && isNaNWord(others[i])));
    if (at >= 0 || words.length !== others.length)
      return `${name}, element ${at}: ${others[at]?.toString(16)}, not ${words[at]?.toString(16)}`;
  }
  return undefined;
}

async function judge(entry) {
  try {
    if (!existsSync(join(entry.place, 'model.onnx'))) return { outcome: 'fail', reason: 'there is no model' };
    const sets = readdirSync(entry.place).filter((set) => set.startsWith('test_data_set_')).sort(); // prettier-ignore
    if (sets.length === 0) return { outcome: 'fail', reason: 'there is no test_data_set_0' };
    let mismatch;
    for (const set of sets) {
      const { problem, bits } = await runSet(entry, join(entry.place, set));
      mismatch ??= bits;
      if (problem !== undefined) return { outcome: 'fail', reason: problem, bits: mismatch };
    }
    return { outcome: 'pass', bits: mismatch };
  } catch (error) {
    const { code = 'INTERNAL', found } = error;
    const [sentence] = String(error.message).split('\n');
    const reason = `${sentence.startsWith(code) ? sentence : `${code}: ${sentence}`}${found === undefined ? '' : ` (${found})`}`;
    return { outcome: isRefusal(error) ? 'unsupported' : 'fail', reason, code };
  }
}

process.on('message', (entry) => void judge(entry).then((result) => process.send(result)));
process.on('disconnect', () => process.exit());
