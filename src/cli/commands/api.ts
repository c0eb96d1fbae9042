/** `heddle api`: the public interface, as the build described it by its types. */
import { fileURLToPath } from 'node:url';
import { HeddleError } from '../../base/errors.js';
import { nearestName } from '../../base/nearest.js';
import { readJson } from '../files/files.js';
import { EXIT, type ExitCode } from '../terminal/exit.js';
import { heading, table } from '../terminal/format.js';
import type { CommonOptions } from '../terminal/options.js';
import { Output } from '../terminal/output.js';

/** A call of a function, of a method or of a constructor. */
interface Signature {
  readonly parameters: readonly { readonly name: string; readonly type: string; readonly optional?: true }[];
  readonly returns: string;
}

/** Something that a module exports, or a member of it. */
interface Described {
  readonly kind?: 'function' | 'class' | 'constant' | 'interface' | 'type' | 'namespace';
  readonly name: string;
  /** Its first sentence. */
  readonly about?: string;
  readonly type?: string;
  readonly signatures?: readonly Signature[];
  readonly members?: readonly Described[];
  readonly exports?: readonly Described[];
}

/** What `scripts/api.mjs` writes. */
interface Api {
  readonly version: 1;
  readonly modules: readonly { readonly name: string; readonly exports: readonly Described[] }[];
}

/** An export, and the module or namespace that has it; or a member, and the export that has it. */
interface Found {
  readonly module: string;
  readonly one: Described;
}

export function describeInterface(name: string | undefined, { json }: CommonOptions, file: URL): ExitCode {
  const output = new Output(json === true);
  // The build wrote it beside the command line.
  const api = readJson(fileURLToPath(file)) as Api;
  const all = api.modules.flatMap((module) => exportsOf(module.name, module.exports));
  if (name === undefined) {
    output.result(api);
    for (const { name: module, exports } of api.modules) {
      output.print(heading(module));
      output.print(`  ${exports.map((one) => one.name).join(', ')}`);
    }
    return EXIT.ok;
  }
  const members = all.flatMap(({ module, one }) => membersOf(`${module}.${one.name}`, one));
  const named = (some: readonly Found[]): readonly Found[] =>
    some.filter(({ module, one }) => `.${module}.${one.name}`.endsWith(`.${name}`));
  // What modules export goes before methods and properties of that name.
  const exported = named(all);
  const found = exported.length > 0 ? exported : named(members);
  if (found.length === 0) {
    const near = nearestName(
      name,
      [...all, ...members].map(({ one }) => one.name),
    );
    throw new HeddleError('VALUE_UNKNOWN', 'nothing of that name is exported', {
      found: name,
      hint: near === undefined ? undefined : `did you mean ${near}?`,
    });
  }
  output.result({ found: found.map(({ module, one }) => ({ module, ...one })) });
  for (const { module, one } of found) {
    output.print(heading(`${module}: ${one.kind ?? 'member'} ${one.name}`));
    if (one.about !== undefined) output.print(`  ${one.about}`);
    for (const line of linesOf(one)) output.print(`  ${line}`);
    const own = one.members ?? [];
    if (own.length > 0)
      output.print(table(own.map((member) => [linesOf(member).join(' | '), member.about ?? ''])));
  }
  return EXIT.ok;
}

const exportsOf = (module: string, exports: readonly Described[]): readonly Found[] =>
  exports.flatMap((one) => [{ module, one }, ...exportsOf(`${module}.${one.name}`, one.exports ?? [])]);

const membersOf = (module: string, { members = [] }: Described): readonly Found[] =>
  members.map((one) => ({ module, one }));

/** `name(a: A, b?: B): C`, or `name: T` */
const linesOf = ({ name, signatures, type }: Described): readonly string[] =>
  signatures?.map(
    ({ parameters, returns }) =>
      `${name}(${parameters.map((each) => `${each.name}${each.optional === true ? '?' : ''}: ${each.type}`).join(', ')}): ${returns}`,
  ) ?? (type === undefined ? [] : [`${name}: ${type}`]);
