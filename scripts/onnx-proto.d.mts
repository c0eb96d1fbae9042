/** A message as a plain object with the field names of onnx.proto in camel case. */
export type Proto = Readonly<Record<string, unknown>>;
export type ProtoDType = 'float' | 'float16' | 'uint8' | 'int8' | 'int32' | 'int64' | 'bool' | 'double';
export type ProtoAttribute =
  | string
  | number
  | readonly number[]
  | { readonly float: number }
  | { readonly floats: readonly number[] }
  | { readonly strings: readonly string[] }
  | { readonly tensor: Proto }
  | { readonly graph: ProtoGraph };

export interface ProtoGraph {
  readonly name?: string;
  readonly node: readonly Proto[];
  readonly initializer?: readonly Proto[];
  readonly input?: readonly Proto[];
  readonly output?: readonly Proto[];
}

export function tensor(
  name: string,
  dtype: ProtoDType,
  dims: readonly number[],
  values: ArrayLike<number | bigint> | Iterable<number | bigint>,
): Proto;
export function port(name: string, dtype: ProtoDType, dims?: readonly (number | string)[]): Proto;
export function node(
  opType: string,
  input: readonly string[],
  output: readonly string[],
  attributes?: Readonly<Record<string, ProtoAttribute>>,
  domain?: string,
): Proto;
export function encodeModel(
  graph: ProtoGraph,
  options?: {
    readonly opset?: number;
    readonly irVersion?: number;
    readonly producerName?: string;
    readonly domains?: Readonly<Record<string, number>>;
  },
): Uint8Array;
export function encodeTensor(proto: Proto): Uint8Array;
