// The layers, lowest first. A file imports from its own layer and from lower ones, types included. `softgpu` (the
// software GPU from npm) is a leaf beside them. src/index.ts, src/compile.ts, src/compile-shared.ts, src/compile-sizes.ts, src/given-program.ts and src/prepare.ts
// stand above all of them, with the command line on top.
const layers = require('./scripts/layers.cjs');

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-unresolved',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'only-production-dependencies',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'nothing-imports-the-index',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^src/index\\.ts$' },
    },
    {
      name: 'only-the-top-imports-compile',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(index\\.ts|compile\\.ts|tensor/|learn/|frontends/|ort/|cli/)' },
      to: { path: '^src/compile\\.ts$' },
    },
    {
      name: 'every-file-in-a-layer',
      comment: 'A new folder under src needs a place in scripts/layers.cjs.',
      severity: 'error',
      from: {
        path: '^src/',
        pathNot: `^src/((${[...layers, 'softgpu'].join('|')})/|(index|compile|compile-shared|compile-sizes|given-program|prepare)\\.ts$)`,
      },
      to: {},
    },
    {
      name: 'softgpu-is-a-leaf',
      severity: 'error',
      from: { path: '^src/softgpu/' },
      to: { path: '^src/', pathNot: '^src/(softgpu|base)/' },
    },
    {
      name: 'only-edits-import-immer',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(surgery/|frontends/config/(graft|search/generate))' },
      to: { path: 'node_modules/immer/' },
    },
    {
      name: 'only-node-and-the-command-line-import-softgpu',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(softgpu|node|cli)/' },
      to: { path: '^src/softgpu/' },
    },
    {
      name: 'only-the-command-line-imports-its-packages',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/cli/' },
      to: { path: '^node_modules/(cli-progress|cli-table3|commander|csv-parse|picocolors)/' },
    },
    ...layers.slice(0, -1).map((layer, index) => ({
      name: `${layer}-imports-downwards`,
      severity: 'error',
      from: { path: `^src/${layer}/` },
      to: { path: `^src/(${layers.slice(index + 1).join('|')})/` },
    })),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
      extensions: ['.ts', '.d.ts', '.js'],
    },
  },
};
