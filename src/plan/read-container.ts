/** The container of a bundle, taken apart. */
import { HOST_BYTES, DTYPES, safetensorsName } from '../base/dtype.js';
import { ensure } from '../base/errors.js';
import { must } from '../base/fields.js';
import { readContainer, type Container, type ElementBytes } from '../base/safetensors/read.js';
import { classOf } from '../base/tensor.js';
import { isBytes } from '../base/values.js';

const elementBytes: ElementBytes = (dtype, where) => {
  if (dtype === 'U8') return 1; // a module of WebAssembly
  const known = DTYPES.find((candidate) => safetensorsName(candidate) === dtype);
  must(known !== undefined, 'a tensor has a dtype that bundles do not use', where, dtype);
  return HOST_BYTES[known];
};

/** Throws USAGE if `bytes` is not a Uint8Array, and as {@link readContainer}. */
export function readBundleContainer(bytes: Uint8Array): Container {
  ensure(isBytes(bytes), 'USAGE', 'a bundle is given as bytes', {
    found: classOf(bytes),
    expected: 'a Uint8Array',
  });
  // The first field of an ONNX model is its version.
  const hint = bytes[0] === 8 ? 'importOnnx imports ONNX models' : undefined;
  return readContainer(bytes, 'not a safetensors file, hence not a bundle', elementBytes, hint);
}
