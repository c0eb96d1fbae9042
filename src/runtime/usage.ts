/** The numbers behind GPUBufferUsage and GPUMapMode: those globals do not exist in every host. */

/** UNIFORM, COPY_DST */
export const UNIFORM_BUFFER = 0x40 | 0x8;
/** STORAGE, COPY_DST, COPY_SRC: of tensors. */
export const STORAGE_BUFFER = 0x80 | 0x8 | 0x4;
/** INDIRECT, STORAGE: numbers of workgroups that kernels write. */
export const GRIDS_BUFFER = 0x100 | 0x80;
/** MAP_READ, COPY_DST: to read what was copied to it. */
export const READBACK_BUFFER = 0x1 | 0x8;

/** GPUMapMode.READ */
export const MAP_READ = 0x1;
