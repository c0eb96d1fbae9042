/**
 * The wire of protobuf (protobuf.dev/programming-guides/encoding): tags, varints and fixed numbers. protobufjs would do this, with nine
 * tenths of it unused and a library for integers of 64 bits, in every page that imports a model.
 */

/** Reads bytes in order. Throws RangeError at their end, and Error for numbers that are longer than they may be. */
export class WireReader {
  pos = 0;
  readonly len: number;
  /** The halves of the last varint, as they are in two's complement, from 0 to 2^32. */
  private low = 0;
  private high = 0;
  private readonly view: DataView;

  constructor(readonly buf: Uint8Array) {
    this.len = buf.length;
    this.view = new DataView(buf.buffer, buf.byteOffset, buf.length);
  }

  /** The number of a field, and its wire type below it. */
  tag(): number {
    this.varint();
    if (this.high !== 0) throw new Error('invalid tag encoding');
    return this.low;
  }

  /** The length of what follows. */
  size(): number {
    this.varint();
    if (this.high !== 0 || this.low > 0x7fff_ffff) throw new Error('invalid length encoding');
    return this.low;
  }

  int32(): number {
    this.varint();
    return this.low | 0;
  }

  /** The halves of an integer, the upper one with its sign. */
  int64(): { readonly high: number; readonly low: number } {
    this.varint();
    return { high: this.high | 0, low: this.low };
  }

  float(): number {
    this.skip(4);
    return this.view.getFloat32(this.pos - 4, true);
  }

  skip(length: number): void {
    if (this.pos + length > this.len) throw ended();
    this.pos += length;
  }

  /** Ten bytes at most, seven bits each, the lowest first; what is above 64 bits is left out. */
  private varint(): void {
    [this.low, this.high] = [0, 0];
    for (let i = 0; i < 10; i++) {
      if (this.pos >= this.len) throw ended();
      const byte = this.buf[this.pos++];
      const bits = byte & 0x7f;
      if (i < 5) this.low = (this.low | (bits << (7 * i))) >>> 0;
      if (i === 4) this.high = bits >>> 4;
      if (i > 4) this.high = (this.high | (bits << (7 * i - 32))) >>> 0;
      if (byte < 0x80) return;
    }
    throw new Error('invalid varint encoding');
  }
}

const ended = (): RangeError => new RangeError('index out of range');

/** An integer, negative ones in two's complement of 64 bits. */
export function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return Uint8Array.from([...bytes, Number(rest)]);
}

export function float32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return bytes;
}
