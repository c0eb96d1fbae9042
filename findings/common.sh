# Sourced by the findings: `packages NAME@VERSION...` installs pinned packages into a temporary folder and enters it;
# `model.mjs` there builds one-node ONNX models.
packages() {
  folder=$(mktemp -d)
  trap 'rm -rf "$folder"' EXIT
  cd "$folder"
  npm init -y >/dev/null
  npm install --ignore-scripts --no-audit --no-fund --silent "$@"
  cat >model.mjs <<'MODEL'
/** ONNX models of one node, written byte by byte: no exporter stands between the statement and the runtime. */
const varint = (n) => {
  const bytes = [];
  for (n = BigInt.asUintN(64, BigInt(n)); n > 127n; n >>= 7n) bytes.push(Number(n & 127n) | 128);
  return [...bytes, Number(n)];
};
const bytes = (field, content) => [...varint((field << 3) | 2), ...varint(content.length), ...content];
const text = (field, value) => bytes(field, [...new TextEncoder().encode(value)]);
const int = (field, value) => [...varint(field << 3), ...varint(value)];
const attribute = (name, value) => {
  if (typeof value === 'string') return [...text(1, name), ...text(4, value), ...int(20, 3)];
  if (!Array.isArray(value)) return [...text(1, name), ...int(3, value), ...int(20, 2)];
  return typeof value[0] === 'string'
    ? [...text(1, name), ...value.flatMap((each) => text(9, each)), ...int(20, 8)]
    : [...text(1, name), ...value.flatMap((each) => int(8, each)), ...int(20, 7)];
};
const TYPES = { float32: 1, uint8: 2, int32: 6, int64: 7 };
const port = (name, type, shape) => [
  ...text(1, name),
  ...bytes(2, bytes(1, [...int(1, TYPES[type]), ...bytes(2, shape.flatMap((extent) => bytes(1, int(1, extent))))])),
];

/** inputs: [name, type, shape]; output: [type, shape]; attributes: whole numbers, strings, lists of either. */
export const modelOf = (opset, op, inputs, [type, shape], attributes = {}) => {
  const node = [
    ...inputs.flatMap(([name]) => text(1, name)),
    ...text(2, 'y'),
    ...text(4, op),
    ...Object.entries(attributes).flatMap(([name, value]) => bytes(5, attribute(name, value))),
  ];
  const graph = [
    ...bytes(1, node),
    ...text(2, 'g'),
    ...inputs.flatMap((input) => bytes(11, port(...input))),
    ...bytes(12, port('y', type, shape)),
  ];
  return Uint8Array.from([...int(1, 9), ...bytes(7, graph), ...bytes(8, [...text(1, ''), ...int(2, opset)])]);
};

/** The result of one node of float32 inputs, each [values, shape], as an array. */
export async function compute(ort, provider, opset, op, inputs, output, attributes) {
  const named = inputs.map(([values, shape], i) => [`x${i}`, values, shape ?? [values.length]]);
  const model = modelOf(opset, op, named.map(([name, , shape]) => [name, 'float32', shape]), output, attributes);
  const session = await ort.InferenceSession.create(model, { executionProviders: [provider] });
  const feeds = named.map(([name, values, shape]) => [name, new ort.Tensor('float32', Float32Array.from(values), shape)]);
  return Array.from((await session.run(Object.fromEntries(feeds))).y.data, Number);
}
MODEL
}
