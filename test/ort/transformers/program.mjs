// A program as users of @huggingface/transformers write it: three pipelines, their results as JSON. Arguments: the package's
// module, the folder of the models, and the runtime to register first, if any.
const [, , library, models, register] = process.argv;
if (register !== undefined) await import(register);
const { pipeline, env, RawImage } = await import(library);

env.allowRemoteModels = false;
env.localModelPath = models;
const options = register === undefined ? { dtype: 'fp32' } : { device: 'auto', dtype: 'fp32' };

const classify = await pipeline('text-classification', 'classifier', options);
const text = await classify(['the cat sat on a mat', 'dogs run far'], { top_k: 2 });

const look = await pipeline('image-classification', 'vision', options);
const pixels = Uint8ClampedArray.from({ length: 12 * 12 * 3 }, (_, i) => (i * 37) % 256);
const image = await look(new RawImage(pixels, 12, 12, 3), { top_k: 3 });

const write = await pipeline('text-generation', 'decoder', options);
const written = await write('the cat saw', { max_new_tokens: 8, do_sample: false });

console.log(JSON.stringify({ text, image, written }));
for (const each of [classify, look, write]) await each.dispose();
