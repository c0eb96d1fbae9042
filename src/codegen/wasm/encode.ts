/** Functions as a binary module (https://webassembly.github.io/spec/core/binary). It imports one memory. */
import { HeddleError } from '../../base/errors.js';
import { FLUSH_GLOBAL, MAX_PAGES, MEMORY_IMPORT, SCRATCH_GLOBAL } from '../../plan/wasm.js';
import { OPCODES, type ValType, type WasmFunction, type WasmInstr, type WasmModule } from './opcodes.js';

const TYPE_CODES: Readonly<Record<ValType, number>> = { i32: 0x7f, f32: 0x7d, v128: 0x7b };
const VOID = 0x40;
const FUNCTION_TYPE = 0x60;
const END = 0x0b;
const MEMORY_KIND = 0x02;
const GLOBAL_KIND = 0x03;
const SHARED_WITH_MAXIMUM = 0x03;
const MAGIC = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const SECTIONS = { type: 1, import: 2, function: 3, global: 6, export: 7, code: 10 } as const;
const CONST_I32 = 0x41;

/** What all engines take at most (https://webassembly.github.io/spec/js-api/#limits). */
export const ENGINE_LIMITS = {
  functions: 1_000_000,
  'locals of a function': 50_000,
  'bytes of a function': 7_654_321,
  bytes: 2 ** 30,
} as const;

function atMost(what: keyof typeof ENGINE_LIMITS, found: number, where?: string): void {
  const limit = ENGINE_LIMITS[what];
  if (found > limit)
    throw new HeddleError('DEVICE_LIMIT', 'the kernels are more than a module of WebAssembly may hold', {
      where,
      found: `${found} ${what}`,
      expected: `at most ${limit}`,
    });
}

/** Bytes that grow. */
class Bytes {
  private buffer = new Uint8Array(1024);
  private length = 0;

  byte(value: number): void {
    if (this.length === this.buffer.length) this.reserve(1);
    this.buffer[this.length++] = value;
  }

  all(values: ArrayLike<number>): void {
    if (this.length + values.length > this.buffer.length) this.reserve(values.length);
    this.buffer.set(values, this.length);
    this.length += values.length;
  }

  /** LEB128 of a number below 2^32. */
  unsigned(value: number): void {
    while (value >= 0x80) {
      this.byte((value & 0x7f) | 0x80);
      value = Math.floor(value / 0x80);
    }
    this.byte(value);
  }

  /** LEB128 of the low 32 bits of a number, signed. */
  signed(value: number): void {
    let rest = value | 0;
    for (;;) {
      const low = rest & 0x7f;
      rest >>= 7;
      if ((rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)) return this.byte(low);
      this.byte(low | 0x80);
    }
  }

  /** 32 bits, the lowest byte first. */
  word(bits: number): void {
    for (let shift = 0; shift < 32; shift += 8) this.byte((bits >>> shift) & 0xff);
  }

  text(value: string): void {
    const bytes = new TextEncoder().encode(value);
    this.unsigned(bytes.length);
    this.all(bytes);
  }

  finish(): Uint8Array<ArrayBuffer> {
    return this.buffer.slice(0, this.length);
  }

  private reserve(more: number): void {
    const grown = new Uint8Array(Math.max(this.buffer.length * 2, this.length + more));
    grown.set(this.buffer.subarray(0, this.length));
    this.buffer = grown;
  }
}

/** A module whose functions call each other by their places in the list. Throws DEVICE_LIMIT where no engine would take it. */
export function encodeModule({ functions, scratch, subnormals }: WasmModule): Uint8Array<ArrayBuffer> {
  atMost('functions', functions.length);
  const out = new Bytes();
  const section = (id: number, write: (bytes: Bytes) => void): void => {
    const content = new Bytes();
    write(content);
    const bytes = content.finish();
    out.byte(id);
    out.unsigned(bytes.length);
    out.all(bytes);
  };
  const signatures = new Map<string, number>();
  const typeOf = ({ params, result }: WasmFunction): number => {
    const key = `${params.join()}:${result ?? ''}`;
    const index = signatures.get(key) ?? signatures.size;
    signatures.set(key, index);
    return index;
  };
  const types = functions.map(typeOf);
  const list = functions.filter((_, i) => types.indexOf(types[i]) === i);
  const exported = functions.flatMap(({ name, exported: isExported }, i) =>
    isExported ? [{ name, i }] : [],
  );

  const globals = [
    { name: SCRATCH_GLOBAL, value: scratch },
    ...(subnormals === 'flush' ? [{ name: FLUSH_GLOBAL, value: 1 }] : []),
  ];

  out.all(MAGIC);
  section(SECTIONS.type, (bytes) => {
    bytes.unsigned(list.length);
    for (const { params, result } of list) {
      bytes.byte(FUNCTION_TYPE);
      writeTypes(bytes, params);
      writeTypes(bytes, result === undefined ? [] : [result]);
    }
  });
  section(SECTIONS.import, (bytes) => {
    bytes.unsigned(1);
    bytes.text(MEMORY_IMPORT.module);
    bytes.text(MEMORY_IMPORT.name);
    bytes.byte(MEMORY_KIND);
    bytes.byte(SHARED_WITH_MAXIMUM);
    bytes.unsigned(1);
    bytes.unsigned(MAX_PAGES);
  });
  section(SECTIONS.function, (bytes) => {
    bytes.unsigned(types.length);
    for (const type of types) bytes.unsigned(type);
  });
  section(SECTIONS.global, (bytes) => {
    bytes.unsigned(globals.length);
    for (const { value } of globals) {
      bytes.all([TYPE_CODES.i32, 0x00, CONST_I32]);
      bytes.signed(value);
      bytes.byte(END);
    }
  });
  section(SECTIONS.export, (bytes) => {
    bytes.unsigned(exported.length + globals.length);
    globals.forEach(({ name }, i) => {
      bytes.text(name);
      bytes.all([GLOBAL_KIND, i]);
    });
    for (const { name, i } of exported) {
      bytes.text(name);
      bytes.byte(0x00);
      bytes.unsigned(i);
    }
  });
  section(SECTIONS.code, (bytes) => {
    bytes.unsigned(functions.length);
    for (const each of functions) {
      const body = encodeBody(each);
      atMost('locals of a function', each.params.length + each.locals.length, each.name);
      atMost('bytes of a function', body.length, each.name);
      bytes.unsigned(body.length);
      bytes.all(body);
    }
  });
  const module = out.finish();
  atMost('bytes', module.length);
  return module;
}

function writeTypes(bytes: Bytes, types: readonly ValType[]): void {
  bytes.unsigned(types.length);
  for (const type of types) bytes.byte(TYPE_CODES[type]);
}

function encodeBody({ locals, code }: WasmFunction): Uint8Array {
  const bytes = new Bytes();
  const runs: { readonly type: ValType; count: number }[] = [];
  for (const type of locals) {
    const last = runs.at(-1);
    if (last?.type === type) last.count++;
    else runs.push({ type, count: 1 });
  }
  bytes.unsigned(runs.length);
  for (const { type, count } of runs) {
    bytes.unsigned(count);
    bytes.byte(TYPE_CODES[type]);
  }
  for (const instr of code) encodeInstr(bytes, instr);
  bytes.byte(END);
  return bytes.finish();
}

function encodeInstr(bytes: Bytes, { op, immediates }: WasmInstr): void {
  const { code, immediate, align } = OPCODES[op];
  bytes.all(code);
  switch (immediate) {
    case undefined:
      return;
    case 'void':
      return bytes.byte(VOID);
    case 'local':
    case 'label':
    case 'function':
      return bytes.unsigned(immediates[0]);
    case 'memory':
    case 'memoryLane':
      bytes.unsigned(align);
      bytes.unsigned(immediates[0]);
      if (immediate === 'memoryLane') bytes.byte(immediates[1]);
      return;
    case 'lane':
    case 'lanes':
      return bytes.all(immediates);
    case 'i32':
      return bytes.signed(immediates[0]);
    case 'f32':
    case 'v128':
      for (const bits of immediates) bytes.word(bits);
  }
}
