/**
 * The instructions of WebAssembly that kernels are made of: binary code, operands and results in one table, from which the
 * encoder and the printer of text both come. SIMD128 only: relaxed SIMD is not deterministic.
 */
import type { SubnormalMode } from '../../numerics/subnormals.js';

export type ValType = 'i32' | 'f32' | 'v128';

/** What follows an opcode. `memory`: an offset in bytes; the alignment is that of the access. Floats are given by their bits. */
export type Immediate =
  | 'local'
  | 'label'
  | 'function'
  | 'memory'
  | 'memoryLane'
  | 'lane'
  | 'lanes'
  | 'i32'
  | 'f32'
  | 'v128'
  | 'void';

export interface Opcode {
  readonly code: readonly number[];
  /** What it takes from the stack; undefined for control, whose types depend on where it stands. */
  readonly takes: readonly ValType[] | undefined;
  readonly gives: ValType | undefined;
  readonly immediate: Immediate | undefined;
  /** Bytes that a load or store touches, as a power of two. */
  readonly align: number;
}

const leb = (value: number): number[] => (value < 0x80 ? [value] : [(value & 0x7f) | 0x80, value >> 7]);

const make = (
  code: readonly number[],
  takes: readonly ValType[] | undefined,
  gives?: ValType,
  immediate?: Immediate,
  align = 0,
): Opcode => ({ code, takes, gives, immediate, align });

const control = (code: number, immediate?: Immediate): Opcode =>
  make([code], undefined, undefined, immediate);
const unary = (code: number, of: ValType, gives: ValType = of): Opcode => make([code], [of], gives);
const binary = (code: number, of: ValType, gives: ValType = of): Opcode => make([code], [of, of], gives);
const compare = (code: number, of: ValType): Opcode => binary(code, of, 'i32');
const vector = (code: number, ...takes: readonly ValType[]): Opcode =>
  make([0xfd, ...leb(code)], takes, 'v128');
const vector1 = (code: number): Opcode => vector(code, 'v128');
const vector2 = (code: number): Opcode => vector(code, 'v128', 'v128');
const shift = (code: number): Opcode => vector(code, 'v128', 'i32');
const test = (code: number): Opcode => make([0xfd, ...leb(code)], ['v128'], 'i32');
const load = (code: readonly number[], gives: ValType, align: number): Opcode =>
  make(code, ['i32'], gives, 'memory', align);
const store = (code: readonly number[], of: ValType, align: number): Opcode =>
  make(code, ['i32', of], undefined, 'memory', align);

export const OPCODES = {
  // control
  block: control(0x02, 'void'),
  loop: control(0x03, 'void'),
  if: control(0x04, 'void'),
  else: control(0x05),
  end: control(0x0b),
  br: control(0x0c, 'label'),
  br_if: control(0x0d, 'label'),
  call: control(0x10, 'function'),
  drop: control(0x1a),
  select: control(0x1b),
  'local.get': control(0x20, 'local'),
  'local.set': control(0x21, 'local'),
  'local.tee': control(0x22, 'local'),
  // memory
  'i32.load': load([0x28], 'i32', 2),
  'f32.load': load([0x2a], 'f32', 2),
  'i32.store': store([0x36], 'i32', 2),
  'f32.store': store([0x38], 'f32', 2),
  'v128.load': load([0xfd, 0], 'v128', 2),
  'v128.load32_splat': load([0xfd, 9], 'v128', 2),
  'v128.load32_zero': load([0xfd, 92], 'v128', 2),
  'v128.store': store([0xfd, 11], 'v128', 2),
  'v128.load32_lane': make([0xfd, 86], ['i32', 'v128'], 'v128', 'memoryLane', 2),
  'v128.store32_lane': make([0xfd, 90], ['i32', 'v128'], undefined, 'memoryLane', 2),
  // constants
  'i32.const': make([0x41], [], 'i32', 'i32'),
  'f32.const': make([0x43], [], 'f32', 'f32'),
  'v128.const': make([0xfd, 12], [], 'v128', 'v128'),
  // integers
  'i32.eqz': unary(0x45, 'i32'),
  'i32.eq': compare(0x46, 'i32'),
  'i32.ne': compare(0x47, 'i32'),
  'i32.lt_s': compare(0x48, 'i32'),
  'i32.lt_u': compare(0x49, 'i32'),
  'i32.gt_s': compare(0x4a, 'i32'),
  'i32.gt_u': compare(0x4b, 'i32'),
  'i32.le_u': compare(0x4d, 'i32'),
  'i32.ge_u': compare(0x4f, 'i32'),
  'i32.clz': unary(0x67, 'i32'),
  'i32.add': binary(0x6a, 'i32'),
  'i32.sub': binary(0x6b, 'i32'),
  'i32.mul': binary(0x6c, 'i32'),
  'i32.div_s': binary(0x6d, 'i32'),
  'i32.div_u': binary(0x6e, 'i32'),
  'i32.rem_s': binary(0x6f, 'i32'),
  'i32.rem_u': binary(0x70, 'i32'),
  'i32.and': binary(0x71, 'i32'),
  'i32.or': binary(0x72, 'i32'),
  'i32.xor': binary(0x73, 'i32'),
  'i32.shl': binary(0x74, 'i32'),
  'i32.shr_s': binary(0x75, 'i32'),
  'i32.shr_u': binary(0x76, 'i32'),
  // floats
  'f32.eq': compare(0x5b, 'f32'),
  'f32.lt': compare(0x5d, 'f32'),
  'f32.le': compare(0x5f, 'f32'),
  'f32.abs': unary(0x8b, 'f32'),
  'f32.neg': unary(0x8c, 'f32'),
  'f32.ceil': unary(0x8d, 'f32'),
  'f32.floor': unary(0x8e, 'f32'),
  'f32.trunc': unary(0x8f, 'f32'),
  'f32.nearest': unary(0x90, 'f32'),
  'f32.sqrt': unary(0x91, 'f32'),
  'f32.add': binary(0x92, 'f32'),
  'f32.sub': binary(0x93, 'f32'),
  'f32.mul': binary(0x94, 'f32'),
  'f32.div': binary(0x95, 'f32'),
  'f32.min': binary(0x96, 'f32'),
  'f32.max': binary(0x97, 'f32'),
  'f32.convert_i32_s': unary(0xb2, 'i32', 'f32'),
  'f32.convert_i32_u': unary(0xb3, 'i32', 'f32'),
  'i32.reinterpret_f32': unary(0xbc, 'f32', 'i32'),
  'f32.reinterpret_i32': unary(0xbe, 'i32', 'f32'),
  'i32.trunc_sat_f32_s': make([0xfc, 0], ['f32'], 'i32'),
  'i32.trunc_sat_f32_u': make([0xfc, 1], ['f32'], 'i32'),
  // lanes
  'i8x16.shuffle': make([0xfd, 13], ['v128', 'v128'], 'v128', 'lanes'),
  'i32x4.splat': vector(17, 'i32'),
  'f32x4.splat': vector(19, 'f32'),
  'i32x4.extract_lane': make([0xfd, 27], ['v128'], 'i32', 'lane'),
  'i32x4.replace_lane': make([0xfd, 28], ['v128', 'i32'], 'v128', 'lane'),
  'f32x4.extract_lane': make([0xfd, 31], ['v128'], 'f32', 'lane'),
  'v128.any_true': test(83),
  'i32x4.all_true': test(163),
  'i32x4.bitmask': test(164),
  // vectors of bits
  'v128.not': vector1(77),
  'v128.and': vector2(78),
  'v128.andnot': vector2(79),
  'v128.or': vector2(80),
  'v128.xor': vector2(81),
  'v128.bitselect': vector(82, 'v128', 'v128', 'v128'),
  // vectors of integers
  'i16x8.shr_s': shift(140),
  'i32x4.eq': vector2(55),
  'i32x4.ne': vector2(56),
  'i32x4.lt_s': vector2(57),
  'i32x4.lt_u': vector2(58),
  'i32x4.shl': shift(171),
  'i32x4.shr_s': shift(172),
  'i32x4.shr_u': shift(173),
  'i32x4.add': vector2(174),
  'i32x4.sub': vector2(177),
  'i32x4.mul': vector2(181),
  'i32x4.min_s': vector2(182),
  'i32x4.min_u': vector2(183),
  'i32x4.max_s': vector2(184),
  'i32x4.max_u': vector2(185),
  'i32x4.dot_i16x8_s': vector2(186),
  'i64x2.extmul_low_i32x4_u': vector2(222),
  'i64x2.extmul_high_i32x4_u': vector2(223),
  // vectors of floats
  'f32x4.eq': vector2(65),
  'f32x4.lt': vector2(67),
  'f32x4.le': vector2(69),
  'f32x4.ceil': vector1(103),
  'f32x4.floor': vector1(104),
  'f32x4.trunc': vector1(105),
  'f32x4.nearest': vector1(106),
  'f32x4.abs': vector1(224),
  'f32x4.neg': vector1(225),
  'f32x4.sqrt': vector1(227),
  'f32x4.add': vector2(228),
  'f32x4.sub': vector2(229),
  'f32x4.mul': vector2(230),
  'f32x4.div': vector2(231),
  'f32x4.min': vector2(232),
  'f32x4.max': vector2(233),
  'i32x4.trunc_sat_f32x4_s': vector1(248),
  'i32x4.trunc_sat_f32x4_u': vector1(249),
  'f32x4.convert_i32x4_s': vector1(250),
  'f32x4.convert_i32x4_u': vector1(251),
} as const satisfies Record<string, Opcode>;

export type Mnemonic = keyof typeof OPCODES;

/**
 * An instruction with its immediates: a number of a local, label (how many blocks out) or function, an offset, a lane, bits; of
 * `memoryLane` an offset and a lane; four words of a vector; sixteen lanes of a shuffle.
 */
export interface WasmInstr {
  readonly op: Mnemonic;
  readonly immediates: readonly number[];
}

/** A function as data. */
export interface WasmFunction {
  readonly name: string;
  readonly params: readonly ValType[];
  readonly result: ValType | undefined;
  /** Beside the parameters, which are the first locals. */
  readonly locals: readonly ValType[];
  readonly code: readonly WasmInstr[];
  readonly exported: boolean;
}

export interface WasmModule {
  readonly functions: readonly WasmFunction[];
  /** Bytes of scratch memory that any of its kernels needs. */
  readonly scratch: number;
  readonly subnormals: SubnormalMode;
}
