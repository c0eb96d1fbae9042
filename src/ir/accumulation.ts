/**
 * The frozen constants of accumulation order. Floating-point sums depend on the order of their additions, so the order
 * belongs to the op and not to a schedule: interpreter and kernels both follow these numbers, and changing one changes
 * the bits of every model. See docs/numerics.md.
 */

/**
 * A dot product or convolution sums blocks of this many terms sequentially, then the blocks sequentially. The terms of a
 * convolution are counted over input channels, then kernel taps in row-major order.
 */
export const DOT_BLOCK = 128;

/** A reduction deals its elements to this many lanes in turn; a power of two. */
export const REDUCE_LANES = 64;

/** A reduction of more elements than this reduces consecutive chunks of it, then the results, recursively. */
export const REDUCE_CHUNK = 65_536;

/** A scan runs sequentially inside blocks of this many elements, and over the block totals. */
export const SCAN_BLOCK = 256;
