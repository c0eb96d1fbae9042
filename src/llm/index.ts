/**
 * `heddle/llm`: language models. GGUF files or folders of Hugging Face in, text out, with the same tokens on every device.
 *
 *     const model = await loadModel('model.gguf', { device: await openNodeDevice() });
 *     for await (const piece of model.chat([{ role: 'user', content: 'Hello' }])) process.stdout.write(piece);
 */
export { loadModel, openModel, withAdapter, type LoadModelOptions } from './load.js';
export { fineTune, type FineTuned, type FineTuneOptions } from './adapt/fine-tune.js';
export type { Adapter, Factors } from './adapt/adapter.js';
export type { AdapterFile } from './adapt/config.js';
export { adapterConfig, decodeAdapter, encodeAdapter } from './adapt/peft.js';
export type { ModelFiles } from './files/model-files.js';
export { LanguageModel } from './model.js';
export { Generation, type Finish } from './generate/generation.js';
export type { ChatOptions, GenerateOptions, Guess, SamplingOptions } from './generate/options.js';
export { lookup } from './generate/lookup.js';
export type { Constraint } from './grammar/constraint.js';
export type { JsonSchema } from './grammar/schema.js';
export type { SavedSequence } from './engine/saved.js';
export { Engine, Sequence, type Advance, type Logits } from './engine/engine.js';
export type { Place } from './engine/place.js';
export { Tokenizer, type EncodeOptions } from './text/tokenizer.js';
export type { Message } from './text/template.js';
export { ARCHITECTURES, type Architecture } from './model/architectures.js';
export type { Hyperparameters } from './model/hyper.js';
export { dequantize, GGML_TYPE_NAMES, type GgmlTypeName } from './quants/types.js';
export { quantize, QUANTIZED_TYPES, type QuantizedType } from './quants/quantize.js';
export { readGguf, type Gguf, type GgufTensor } from './gguf/read.js';
export { encode, writeGguf, type TensorToWrite } from './gguf/write.js';
export { requantize } from './gguf/requantize.js';
export { openAiHandler, type Handler } from './serve/handler.js';
export { bytesSource, type ByteSource } from './files/source.js';
export { openSource } from './files/open.js';
