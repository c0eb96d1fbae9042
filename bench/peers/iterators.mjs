/** Methods of iterators that jax-js calls and Node has from version 22 on. */
export function completeIterators() {
  const iterators = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]()));
  iterators.map ??= function* (f) {
    for (const value of this) yield f(value);
  };
  iterators.filter ??= function* (f) {
    for (const value of this) if (f(value)) yield value;
  };
}
