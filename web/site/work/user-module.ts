/** Programs of the visitor: TypeScript with `import`s of `heddle`, as a module that runs in this worker. */
import * as heddle from 'heddle';
import { transform } from 'sucrase';

/** What stack traces call it. A name without a slash is no place in this package. */
const NAME = 'program.ts';

/** What the program exports. It gets no module but `heddle`, and strict mode. Rejects with what it throws, or what its syntax is. */
export async function runModule(source: string): Promise<Readonly<Record<string, unknown>>> {
  const { code } = transform(source, { transforms: ['typescript', 'imports'], disableESTransforms: true, production: true }); // prettier-ignore
  // The first line of the program stays the first: errors name its lines.
  const script = `export default function (require, exports) {${code}\n}\n//# sourceURL=${NAME}`;
  const address = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
  try {
    const { default: run } = (await import(/* @vite-ignore */ address)) as { default: Run };
    const exports: Record<string, unknown> = {};
    run(required, exports);
    return exports;
  } finally {
    URL.revokeObjectURL(address);
  }
}

type Run = (require: typeof required, exports: Record<string, unknown>) => void;

function required(name: string): typeof heddle {
  if (name === 'heddle') return heddle;
  throw new heddle.HeddleError('USAGE', 'a program here has one module to import', { found: name, expected: 'heddle' }); // prettier-ignore
}
