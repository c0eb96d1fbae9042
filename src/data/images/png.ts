/** PNG (https://www.w3.org/TR/png-3/): all colour types and depths, interlaced or not. Transparency is left out. */
import { unzlibSync } from 'fflate';
import { checkBytes, checkExtents, checkLength, corrupt, type Admit, type Image } from './image.js';

const WHERE = 'PNG';
export const PNG_SIGNATURE: readonly number[] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

interface ColorType {
  readonly channels: number;
  readonly depths: readonly number[];
}

/** By their numbers in a header: grey, RGB, palette, grey and RGB with alpha. */
const COLOR_TYPES: ReadonlyMap<number, ColorType> = new Map([
  [0, { channels: 1, depths: [1, 2, 4, 8, 16] }],
  [2, { channels: 3, depths: [8, 16] }],
  [3, { channels: 1, depths: [1, 2, 4, 8] }],
  [4, { channels: 2, depths: [8, 16] }],
  [6, { channels: 4, depths: [8, 16] }],
]);
const PALETTE = 3;

/** Which pixels a pass has: from (x, y) on, in these steps. */
interface Pass {
  readonly x: number;
  readonly y: number;
  readonly across: number;
  readonly down: number;
}

const WHOLE: readonly Pass[] = [{ x: 0, y: 0, across: 1, down: 1 }];
const ADAM7: readonly Pass[] = [
  { x: 0, y: 0, across: 8, down: 8 },
  { x: 4, y: 0, across: 8, down: 8 },
  { x: 0, y: 4, across: 4, down: 8 },
  { x: 2, y: 0, across: 4, down: 4 },
  { x: 0, y: 2, across: 2, down: 4 },
  { x: 1, y: 0, across: 2, down: 2 },
  { x: 0, y: 1, across: 1, down: 2 },
];

interface Header {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly channels: number;
  readonly hasPalette: boolean;
  readonly passes: readonly Pass[];
}

interface Chunks {
  readonly header: Header;
  readonly palette: Uint8Array;
  /** What zlib packed. */
  readonly packed: Uint8Array;
}

/** Deflate makes at most 1,032 bytes of one. */
const MOST_GROWTH = 1032;

/** Throws FILE_TRUNCATED, FILE_CORRUPT and LIMIT_EXCEEDED. Samples of 16 bits lose the lower eight. */
export function decodePng(bytes: Uint8Array, admit: Admit): Image {
  const { header, palette, packed } = readChunks(bytes);
  const { width, height } = header;
  const extents = header.passes.map((pass) => ({ pass, ...extentsOf(pass, header) }));
  const size = extents.reduce((sum, { rows, stride }) => sum + rows * (stride + 1), 0);
  if (size > packed.length * MOST_GROWTH)
    corrupt('an image ends early', WHERE, `${packed.length} bytes for ${size}`);
  checkBytes(size, WHERE);
  admit(width, height);
  const lines = unpacked(packed, size);
  const data = new Uint8Array(3 * width * height);
  let at = 0;
  for (const { pass, columns, rows, stride } of extents) {
    const part = lines.subarray(at, (at += rows * (stride + 1)));
    unfilter(part, stride, Math.max(1, (header.channels * header.depth) >> 3));
    for (let row = 0; row < rows; row++) {
      const line = part.subarray(row * (stride + 1) + 1, (row + 1) * (stride + 1));
      const start = (pass.y + row * pass.down) * width + pass.x;
      for (let i = 0; i < columns; i++)
        writePixel(data, 3 * (start + i * pass.across), line, i, header, palette);
    }
  }
  return { width, height, data };
}

function extentsOf(
  { x, y, across, down }: Pass,
  { width, height, depth, channels }: Header,
): { readonly columns: number; readonly rows: number; readonly stride: number } {
  const columns = Math.max(0, Math.ceil((width - x) / across));
  const rows = columns === 0 ? 0 : Math.max(0, Math.ceil((height - y) / down));
  return { columns, rows, stride: Math.ceil((columns * channels * depth) / 8) };
}

function readChunks(bytes: Uint8Array): Chunks {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const parts: Uint8Array[] = [];
  let header: Header | undefined;
  let palette = new Uint8Array(0);
  for (let at = PNG_SIGNATURE.length, name = ''; name !== 'IEND';) {
    checkLength(bytes, at + 12, WHERE);
    const length = view.getUint32(at);
    checkLength(bytes, at + 12 + length, WHERE);
    name = String.fromCharCode(bytes[at + 4], bytes[at + 5], bytes[at + 6], bytes[at + 7]);
    const content = bytes.subarray(at + 8, at + 8 + length);
    if (crc32(bytes.subarray(at + 4, at + 8 + length)) !== view.getUint32(at + 8 + length))
      corrupt('a chunk of an image is damaged', WHERE, name);
    if (name === 'IHDR') header ??= readHeader(content);
    else if (name === 'PLTE') palette = new Uint8Array(content);
    else if (name === 'IDAT') parts.push(content);
    at += 12 + length;
  }
  if (header === undefined) return corrupt('an image has no header', WHERE, `${bytes.length} bytes`);
  return { header, palette, packed: joined(parts) };
}

function readHeader(content: Uint8Array): Header {
  checkLength(content, 13, `${WHERE}, header`);
  const view = new DataView(content.buffer, content.byteOffset, content.length);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  const [depth, color, compression, filter, interlace] = content.subarray(8);
  const type = COLOR_TYPES.get(color);
  if (type?.depths.includes(depth) !== true || compression !== 0 || filter !== 0 || interlace > 1)
    return corrupt('the header of an image breaks the rules', WHERE, [...content.subarray(8, 13)].join(', '));
  checkExtents(width, height, WHERE);
  const passes = interlace === 1 ? ADAM7 : WHOLE;
  return { width, height, depth, channels: type.channels, hasPalette: color === PALETTE, passes };
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Exactly `size` bytes: one more is room for too many, which are not made. */
function unpacked(packed: Uint8Array, size: number): Uint8Array {
  const lines = ((): Uint8Array => {
    try {
      return unzlibSync(packed, { out: new Uint8Array(size + 1) });
    } catch (cause) {
      return corrupt('the pixels of an image are damaged', WHERE, String(cause), cause);
    }
  })();
  if (lines.length !== size)
    corrupt('the pixels of an image do not fill it', WHERE, `${lines.length} bytes for ${size}`);
  return lines;
}

/** Lines of differences become lines of samples, in place. `bytes`: from a sample to that of the pixel on its left. */
function unfilter(lines: Uint8Array, stride: number, bytes: number): void {
  for (let at = 0, above = -1; at < lines.length; above = at, at += stride + 1) {
    const filter = lines[at];
    if (filter > 4) corrupt('a line of an image has an unknown filter', WHERE, `${filter}`);
    for (let i = 1; i <= stride; i++) {
      const left = i > bytes ? lines[at + i - bytes] : 0;
      const up = above < 0 ? 0 : lines[above + i];
      const corner = above < 0 || i <= bytes ? 0 : lines[above + i - bytes];
      lines[at + i] += predicted(filter, left, up, corner);
    }
  }
}

function predicted(filter: number, left: number, up: number, corner: number): number {
  switch (filter) {
    case 1:
      return left;
    case 2:
      return up;
    case 3:
      return (left + up) >> 1;
    case 4:
      return paeth(left, up, corner);
    default:
      return 0;
  }
}

/** The one of the three that is nearest to left + up - corner; the first of those that are equally near. */
function paeth(left: number, up: number, corner: number): number {
  const [toLeft, toUp, toCorner] = [
    Math.abs(up - corner),
    Math.abs(left - corner),
    Math.abs(left + up - 2 * corner),
  ];
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}

/** Pixel `i` of a line, at `at` of `data`. */
function writePixel(
  data: Uint8Array,
  at: number,
  line: Uint8Array,
  i: number,
  { depth, channels, hasPalette }: Header,
  palette: Uint8Array,
): void {
  const first = sample(line, i * channels, depth);
  if (hasPalette) {
    if (3 * first + 3 > palette.length) corrupt('a color is not in the palette', WHERE, `${first}`);
    for (let c = 0; c < 3; c++) data[at + c] = palette[3 * first + c];
    return;
  }
  const scale = depth < 8 ? 255 / (2 ** depth - 1) : 1;
  for (let c = 0; c < 3; c++)
    data[at + c] = channels < 3 ? first * scale : sample(line, i * channels + c, depth);
}

/** A sample of a line: the upper byte of one with 16 bits. */
function sample(line: Uint8Array, index: number, depth: number): number {
  if (depth === 8) return line[index];
  if (depth === 16) return line[2 * index];
  const bit = index * depth;
  return (line[bit >> 3] >> (8 - depth - (bit & 7))) & (2 ** depth - 1);
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
  return rest;
});

/** CRC-32 of ISO 3309. */
function crc32(bytes: Uint8Array): number {
  let rest = 0xffffffff;
  for (const byte of bytes) rest = CRC_TABLE[(rest ^ byte) & 0xff] ^ (rest >>> 8);
  return (rest ^ 0xffffffff) >>> 0;
}
