/** WGSL and WebAssembly text in colours. */
import Prism from 'prismjs/components/prism-core.js';
import 'prismjs/components/prism-wgsl.js';
import 'prismjs/components/prism-wasm.js';

/** HTML of `code`: tokens in spans, everything else escaped. */
export const highlighted = (code: string, language: 'wgsl' | 'wat'): string =>
  language === 'wgsl'
    ? Prism.highlight(code, Prism.languages.wgsl, 'wgsl')
    : Prism.highlight(code, Prism.languages.wasm, 'wasm');
