import { defineConfig } from 'vitest/config';
import { findSoftwareGpus } from './src/softgpu/index.js';
import { docsPlugin } from './test/support/docs-plugin.js';

// The Vulkan loader needs its variables when a process starts. The workers are processes of their own (pool: forks)
// and inherit this one's environment, so setting them here is early enough, however vitest was started.
Object.assign(process.env, findSoftwareGpus().env);

/** The package by its name, as the examples import it, is its source. */
const source = (path: string): string => new URL(`./src/${path}`, import.meta.url).pathname;

/**
 * Tests that change the process they run in (its flags, globals, devices) or measure it, or that start others: each file has
 * a process of its own. All others share a process, its modules and its proved devices, which are a fifth of their time.
 */
const ALONE = [
  'browser',
  'cli',
  'device',
  'docs',
  'examples',
  'fuzz/inputs',
  'node',
  'runtime',
  'support',
].map((folder) => `test/${folder}/**/*.test.ts`);

// `npm run test:long` has these: hours of training, on data that a fresh clone lacks.
const LONG = process.env.HEDDLE_LONG === undefined ? ['**/*.long.test.ts'] : [];
// `npm run test:browser` has these.
const BROWSER = process.env.HEDDLE_BROWSER === undefined ? ['**/*.browser.test.ts'] : [];

export default defineConfig({
  plugins: [docsPlugin()],
  resolve: {
    alias: [
      { find: /^heddle$/, replacement: source('index.ts') },
      { find: /^heddle\/config$/, replacement: source('frontends/config/index.ts') },
      { find: /^heddle\/data$/, replacement: source('data/index.ts') },
      { find: /^heddle\/data\/node$/, replacement: source('data/node.ts') },
      { find: /^heddle\/llm$/, replacement: source('llm/index.ts') },
      { find: /^heddle\/node$/, replacement: source('node/index.ts') },
      { find: /^heddle\/onnx$/, replacement: source('frontends/onnx/index.ts') },
      { find: /^heddle\/ort$/, replacement: source('ort/node.ts') },
      { find: /^heddle\/quantize$/, replacement: source('quantize/index.ts') },
      { find: /^heddle\/surgery$/, replacement: source('surgery/index.ts') },
      { find: /^heddle\/runtime$/, replacement: source('loader/index.ts') },
      { find: /^heddle\/runtime\/dynamic$/, replacement: source('loader/dynamic.ts') },
      { find: /^heddle\/runtime\/wasm$/, replacement: source('loader/wasm.ts') },
      { find: /^heddle\/plot$/, replacement: source('learn/plot.ts') },
    ],
  },
  test: {
    projects: [
      { extends: true, test: { name: 'alone', include: ALONE, exclude: [...LONG, ...BROWSER] } },
      {
        extends: true,
        test: {
          name: 'shared',
          include: ['test/**/*.test.ts'],
          exclude: [...ALONE, ...LONG, ...BROWSER],
          isolate: false,
        },
      },
    ],
    // Every stage of the pipeline checks what it made.
    env: { HEDDLE_CHECK: '1' },
    pool: 'forks',
    maxWorkers: 2,
    // A fuzzing run (`npm run fuzz`) takes as long as it takes.
    testTimeout: process.env.FUZZ_RUNS === undefined ? 60_000 : 0,
    hookTimeout: 60_000,
    reporters: ['default', ['json', { outputFile: 'node_modules/.cache/heddle/test-report.json' }]],
  },
});
