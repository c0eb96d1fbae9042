/** A message as a plain object with the field names of onnx.proto in camel case. */
export type Proto = Readonly<Record<string, unknown>>;
export type ProtoDType =
  | 'float'
  | 'uint8'
  | 'int8'
  | 'uint16'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'bool'
  | 'float16'
  | 'double'
  | 'uint32'
  | 'uint64'
  | 'bfloat16'
  | 'float8e4m3fn'
  | 'float8e4m3fnuz'
  | 'float8e5m2'
  | 'float8e5m2fnuz'
  | 'uint4'
  | 'int4'
  | 'float4e2m1'
  | 'float8e8m0'
  | 'uint2'
  | 'int2';
export type ProtoAttribute =
  | string
  | number
  | readonly number[]
  | { readonly float: number }
  | { readonly floats: readonly number[] }
  | { readonly strings: readonly string[] }
  | { readonly tensor: Proto }
  | { readonly graph: ProtoGraph }
  | { readonly tp: Uint8Array }
  | { readonly ref: string; readonly type: number };

export interface ProtoGraph {
  readonly name?: string;
  readonly node: readonly Proto[];
  readonly initializer?: readonly Proto[];
  readonly input?: readonly Proto[];
  readonly output?: readonly Proto[];
  readonly valueInfo?: readonly Proto[];
  readonly sparseInitializer?: readonly Proto[];
}

export function tensor(
  name: string,
  dtype: ProtoDType,
  dims: readonly number[],
  values: ArrayLike<number | bigint> | Iterable<number | bigint>,
): Proto;
export function tensor(
  name: string,
  dtype: 'string',
  dims: readonly number[],
  values: readonly string[],
): Proto;
export function port(name: string, dtype: ProtoDType | 'string', dims?: readonly (number | string)[]): Proto;
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
    readonly functions?: readonly Proto[];
  },
): Uint8Array;
export function opsets(versions: Readonly<Record<string, number>>): readonly Proto[];
export function encodeTensor(proto: Proto): Uint8Array;
