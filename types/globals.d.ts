/** The part of the DOM's types that @webgpu/types refers to and that Node's types lack. */
type BufferSource = ArrayBufferView | ArrayBuffer;
