/** The file lies outside of src, so the compiler must not take it for a source of its own. */
declare module '*/config.schema.json' {
  const schema: import('../src/frontends/config/validate.js').SchemaFile;
  export default schema;
}
