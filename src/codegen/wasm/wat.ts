/** Functions as text, for people. What it says can be read back by any reader of the text format. */
import { f32FromBits } from '../../numerics/bits.js';
import { MAX_PAGES, MEMORY_IMPORT, SCRATCH_GLOBAL } from '../../plan/wasm.js';
import { OPCODES, type WasmFunction, type WasmInstr, type WasmModule } from './opcodes.js';

/** A function of `functions`, by which calls are named, as WAT. */
export function printFunctionWat(
  { name, params, result, locals, code }: WasmFunction,
  functions: readonly WasmFunction[],
): string {
  const lines = [
    `(func $${name}${params.map((type, i) => ` (param $${i} ${type})`).join('')}${result === undefined ? '' : ` (result ${result})`}`,
    ...locals.map((type, i) => `  (local $${params.length + i} ${type})`),
  ];
  let depth = 1;
  for (const instr of code) {
    if (instr.op === 'end' || instr.op === 'else') depth--;
    lines.push(`${'  '.repeat(depth)}${textOf(instr, functions)}`);
    if (instr.op === 'else' || OPCODES[instr.op].immediate === 'void') depth++;
  }
  return [...lines, ')'].join('\n');
}

/** A module. */
export function printModuleWat({ functions, scratch }: WasmModule): string {
  const { module, name } = MEMORY_IMPORT;
  return [
    '(module',
    `(import "${module}" "${name}" (memory 1 ${MAX_PAGES} shared))`,
    `(global (export "${SCRATCH_GLOBAL}") i32 (i32.const ${scratch}))`,
    ...functions.map((each) => printFunctionWat(each, functions)),
    ...functions
      .filter(({ exported }) => exported)
      .map((each) => `(export "${each.name}" (func $${each.name}))`),
    ')',
  ].join('\n');
}

const hex = (bits: number): string => `0x${(bits >>> 0).toString(16).padStart(8, '0')}`;

function floatText(bits: number): string {
  const value = f32FromBits(bits);
  if (Number.isNaN(value))
    return `${bits < 0 || bits >= 2 ** 31 ? '-' : ''}nan:0x${(bits & 0x7fffff).toString(16)}`;
  if (!Number.isFinite(value)) return value < 0 ? '-inf' : 'inf';
  return Object.is(value, -0) ? '-0' : String(value);
}

function textOf({ op, immediates }: WasmInstr, functions: readonly WasmFunction[]): string {
  const { immediate } = OPCODES[op];
  const [first, second] = immediates;
  switch (immediate) {
    case undefined:
    case 'void':
      return op;
    case 'local':
      return `${op} $${first}`;
    case 'function':
      return `${op} $${functions[first].name}`;
    case 'memory':
      return first === 0 ? op : `${op} offset=${first}`;
    case 'memoryLane':
      return `${op}${first === 0 ? '' : ` offset=${first}`} ${second}`;
    case 'i32':
      return `${op} ${first | 0}`;
    case 'f32':
      return `${op} ${floatText(first)}`;
    case 'v128':
      return `${op} i32x4 ${immediates.map(hex).join(' ')}`;
    case 'label':
    case 'lane':
    case 'lanes':
      return `${op} ${immediates.join(' ')}`;
  }
}
