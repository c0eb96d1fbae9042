// The folders of src, lowest layer first. Both layering checks read this.
module.exports = [
  'base',
  'numerics',
  'ir',
  'compose',
  'interpreter',
  'passes',
  'codegen',
  'runtime',
  'node',
  'frontends',
  'cli',
];
