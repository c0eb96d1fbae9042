/** `heddle/ort` in Node: `index.ts` has its types. */
export * from './node-api.js';
export * as default from './node-api.js';
