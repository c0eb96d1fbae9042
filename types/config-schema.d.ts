/** The file lies outside of src, so the compiler must not take it for a source of its own. */
declare module '*/config.schema.json' {
  const schema: unknown;
  export default schema;
}
