// The folders of src, lowest layer first. Both layering checks read this.
module.exports = [
  'base',
  'numerics',
  'data',
  'ir',
  'compose',
  'interpreter',
  'passes',
  'codegen',
  'runtime',
  'templates',
  'node',
  'surgery',
  'frontends',
  'cli',
];
