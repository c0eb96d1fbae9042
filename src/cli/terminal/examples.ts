/** What the help texts end with. */

export const examples: Readonly<Record<string, string>> = {
  heddle: `
Devices:
  reference      the interpreter: what every device has to reproduce
  wasm           the CPU, with a thread for each core; wasm:1 for one thread
  webgpu         the adapter that the system offers; where it has none, the software GPU from npm
  webgpu:NAME    the adapter with NAME in its name, such as webgpu:swiftshader or webgpu:llvmpipe

Without --device it is a hardware GPU where there is one, and wasm elsewhere; a line says which, and why.

Examples:
  heddle run model.onnx --data random:1
  heddle verify model.onnx --data test_data_set_0
  heddle compile model.onnx -o model.heddle

Exit codes: 0 all is well, 1 a failure or results that differ, 2 the command line is wrong, 130 (SIGINT) or 143 (SIGTERM) interrupted.`,
  run: `
Examples:
  heddle run model.onnx --data test_data_set_0
  heddle run model.onnx --data random:1 --dim batch=4 --repeat 10
  heddle run model.heddle --data arrays --device webgpu:swiftshader --save results
  heddle run model.onnx --data random:1 --device reference --json`,
  verify: `
Compares every value that a kernel stores with the interpreter, bit for bit, and the outputs with output_N.pb,
output_N.npy or NAME.npy where the folder has them: |found - expected| <= atol + rtol * |expected|. An infinity is near
itself only. What file names do not take stands in NAME as in URLs: a%2Fb.npy is a/b.

Examples:
  heddle verify model.onnx --data test_data_set_0
  heddle verify model.heddle --data random:1 --device webgpu:swiftshader --json`,
  compile: `
The file holds kernels, memory plan and weights. A page or a program loads it with heddle/runtime, which is small and
contains no compiler (loadBundle); \`heddle run\` and \`heddle verify\` take it in the place of the model. It runs on every
device with the same results; --target only says for which kind it is fast. The same model gives the same bytes, always.

Examples:
  heddle compile model.onnx -o model.heddle
  heddle compile model.onnx -o model.heddle --dim batch=1
  heddle run model.heddle --data random:1`,
  inspect: `
Kernels are those for WebGPU, or with --device wasm those for the CPU, as \`heddle run\` would have them there, unless --target says
otherwise. With --json, the sections
that are asked for are what is printed; without any, all but the WGSL and the decisions.

Examples:
  heddle inspect model.onnx
  heddle inspect model.onnx --groups
  heddle inspect model.onnx --wgsl 3
  heddle inspect model.heddle --memory --json
  heddle inspect model.onnx --html model.html
  heddle inspect --diff before.onnx after.onnx`,
  view: `
The page shows the graph with the kernels that it became, each rewrite of the passes, the code of every kernel with the reasons
behind it, and the arena over time. It stays on this machine. \`heddle inspect --html\` writes it as a file.

Examples:
  heddle view model.onnx
  heddle view model.heddle --no-open --port 4000`,
  extract: `
Values go by their names in the ONNX file, or by ids; \`heddle inspect --values\` lists them. The two parts of a model that is cut
at a value compute, one after the other, the bits of the whole. Values that importing computed itself are no part of it.

Examples:
  heddle extract models/digits.onnx --to select_9 -o head.onnx
  heddle extract models/digits.onnx --from select_9 --to add_27 -o tail.onnx
  heddle extract models/digits.onnx --to select_19 add_16 --from select_9 -o middle.heddle`,
  edit: `
All names are those of the model as it is: tensors are replaced first, then come shapes, outputs, names, and what is left out.

Examples:
  heddle edit models/digits.onnx --rename image=data --rename probabilities=scores -o renamed.onnx
  heddle edit models/digits.onnx --add-output add_6 --add-output select_9 -o watched.onnx
  heddle edit model.onnx --shape image=1x3x224x224 -o fixed.onnx
  heddle edit model.onnx --weight fc.bias=bias.npy --prune -o mended.onnx --patches mended.patches
  heddle edit mended.onnx --undo mended.patches -o model-again.onnx`,
  train: `
The labels are classes (whole numbers, one for each example), or as many numbers as the network gives. Layers that the config
calls frozen stay as they are. The same config, data and options give the same weights, bit for bit, on every device.
Batches are full: examples that fill none are left out of an epoch, others each time, and how many is said.
Ctrl-C leaves a checkpoint in --out; the same command with --resume goes on, to the same weights.
The first line of a .csv names the columns where it holds text, or where it may and the other file has one row less; a note
says so where it may be both, text among numbers is an error, and --header decides.

Examples:
  heddle train net.json --data images.npy --labels classes.npy --epochs 5 --optimizer adamw --schedule warmup
  heddle train net.json --data table.csv --labels price --loss mse --clip 1 --out trained
  heddle train net.json --data images.npy --labels classes.npy --optimizer tween --rate 0.2
  heddle run net.json --weights trained/weights.safetensors --data random:1`,
  quantize: `
Types: float16, bfloat16, float8_e4m3, float8_e5m2, float4_e2m1, int4, int8, int16, int32, int64, uint4, uint8, uint16,
uint32, uint64. Matrices and what has more axes are quantised; vectors stay f32. The report compares outputs with those of the
f32 model, and without --data the weights. Scales stand beside the weights in the file; --weights takes it.

Examples:
  heddle quantize net.json --weights trained/weights.safetensors --type all --data images.npy --labels classes.npy
  heddle quantize net.json --weights trained/weights.safetensors --type int4 --block-size 32 -o int4.safetensors
  heddle run net.json --weights int4.safetensors --data random:1
  heddle quantize models/digits.onnx --type int8,float8_e4m3 --data models/digits-data --json`,
  graft: `
The networks become the branches of one parallel layer, and keep their weights. Training the graft leaves them as they are.

Examples:
  heddle graft a.json b.json -o both.json
  heddle graft a.json b.json --weights a.safetensors b.safetensors --combine average -o both.json
  heddle run both.json --weights both.safetensors --data random:1`,
  tick: `
The first layer sees the input of the tick, every other layer what the layer before it gave at the tick before: an input takes as
many ticks as there are layers to come out. Ctrl-C leaves a checkpoint, and the same command with --resume goes on. A layer with tick_every n in the config runs at every nth tick. The table has the last
ticks, and what each layer gives after the last.

Examples:
  heddle tick net.json --ticks 20 --data random:1
  heddle tick net.json --ticks 1000 --data arrays --weights trained/weights.safetensors --save states --json`,
  replay: `
Examples:
  heddle tick net.json --ticks 200 --data random:1 --record ticks.jsonl
  heddle replay ticks.jsonl --measure active --svg ticks.svg
  heddle replay ticks.jsonl --post http://127.0.0.1:8080/observations --interval 100`,
  search: `
Every fifth example is held back, and what the networks are measured by. The config itself is one of them. The same seed and data give
the same networks on every device. best.json and search.json are written after each network; Ctrl-C leaves a checkpoint beside them,
and the same command with --resume goes on.

Examples:
  heddle search net.json --data images.npy --labels classes.npy --candidates 16 --epochs 1 --out found
  heddle train found/best.json --weights found/best.safetensors --data images.npy --labels classes.npy`,
  evaluate: `
Where labels are classes: accuracy, how often each class is taken for each other, precision, recall and F1. Where they are numbers:
how many outputs deviate by how much, and how outputs and labels correlate. With --weights, also of a file of heddle quantize.

Examples:
  heddle evaluate net.json --weights trained/weights.safetensors --data images.npy --labels classes.npy
  heddle evaluate net.json --weights trained/weights.safetensors --data table.csv --labels price --json`,
  generate: `
The same model, prompt and options give the same tokens on every device. Where a file's tokens of control stand in the prompt,
such as <|im_start|>, they are taken as such.

Examples:
  heddle generate model.gguf --prompt "Once upon a time" --max-tokens 64
  heddle generate model.gguf --prompt "Once" --temperature 0.8 --top-p 0.95 --seed 7 --device webgpu
  heddle generate folder --prompt "def f(x):" --stop "\\n\\n" --json`,
  chat: `
Examples:
  heddle chat model.gguf
  heddle chat model.gguf --system "You answer in one sentence." --temperature 0.7`,
  serve: `
Answers /v1/models, /v1/completions and /v1/chat/completions, with and without streaming. Requests that come together
are computed together.

Examples:
  heddle serve model.gguf
  heddle serve model.gguf --port 0 --device wasm --json`,
  api: `
With --json: { modules: [{ name, exports: [{ kind, name, about, signatures: [{ parameters, returns }], members, type }] }] }.

Examples:
  heddle api
  heddle api compile
  heddle api --json`,
  doctor: `
Examples:
  heddle doctor
  heddle doctor --device webgpu:swiftshader`,
};
