// Writes docs/onnx-operators.md: the operators that the importer knows, from its tables, and what the official suite says of
// each, from results that `npm run conformance -- --json` printed. See HELP.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { registry } from '../src/frontends/onnx/ops/index.js';
import { signatureOf } from '../src/frontends/onnx/signatures/index.js';
import { operatorName } from '../src/frontends/onnx/domain.js';
import { readArguments, refuse } from './script.mjs';

const HELP = `npm run onnx-operators -- [options] [RESULTS...]

Writes the tables in docs/onnx-operators.md. RESULTS are files with what \`npm run -s conformance -- --device D --json\` printed,
one for each device; without them the table of the suite stays as it is.

  --check     say whether the table of operators is up to date, and write nothing
  -h, --help  print this

Exit codes: 0, or 1 where --check finds another table, 2 where the arguments are wrong.`;

const { values, positionals } = readArguments(HELP, {
  allowPositionals: true,
  options: { check: { type: 'boolean' } },
});

const path = fileURLToPath(new URL('../docs/onnx-operators.md', import.meta.url));
const row = (cells) => `| ${cells.join(' | ')} |`;
const table = (head, rows) => [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n');

/** Element types in the shortest words: families by their widths. */
function typesIn(types) {
  const families = new Map();
  for (const type of types) {
    const [, family, width] = /^(u?int|float)(\d*)$/.exec(type === 'double' ? 'float64' : type === 'float' ? 'float32' : type) ?? []; // prettier-ignore
    const key = width === undefined ? type : family;
    families.set(key, [...(families.get(key) ?? []), ...(width === undefined ? [] : [Number(width)])]);
  }
  return [...families]
    .map(([family, widths]) => family + widths.sort((a, b) => a - b).join('/'))
    .sort()
    .join(', ');
}

/** Element types of what a version takes: of each name in its signature, or all there is to say. */
function typesOf(signature) {
  // A type that is named as it is, and not by a letter, is the only one.
  const fixed = signature.inputs.map(({ type }) => type).filter((type) => !signature.types.has(type));
  const sets = [...signature.types].map(([name, types]) => [name, typesIn(types)]);
  if (sets.length === 0) return typesIn(new Set(fixed));
  const distinct = new Set(sets.map(([, types]) => types));
  if (distinct.size === 1) return [...distinct][0];
  return sets.map(([name, types]) => `${name}: ${types}`).join('; ');
}

function operators() {
  const versions = new Map();
  for (const { domain, op, since } of registry.rows()) {
    const key = `${domain || 'ai.onnx'}\0${op}`;
    versions.set(key, [...(versions.get(key) ?? []), { domain, op, since }]);
  }
  const rows = [...versions].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, list]) => {
    const sorted = list.map(({ since }) => since).sort((a, b) => a - b);
    const [{ domain, op }] = list;
    const newest = signatureOf(operatorName(domain, op), sorted.at(-1));
    return [operatorName(domain, op), sorted.join(', '), typesOf(newest)];
  }); // prettier-ignore
  return table(['operator', 'versions', 'element types in the newest'], rows);
}

function suite(results) {
  const names = [...new Set(results.flatMap(({ operators: counts }) => Object.keys(counts)))].sort();
  const cell = ({ pass, unsupported, fail }) =>
    [`${pass} right`, ...(unsupported ? [`${unsupported} refused`] : []), ...(fail ? [`${fail} wrong`] : [])].join(', '); // prettier-ignore
  const none = { pass: 0, unsupported: 0, fail: 0 };
  const rows = names.map((name) => [
    name,
    ...results.map(({ operators: counts }) => cell(counts[name] ?? none)),
  ]);
  return table(['operator', ...results.map(({ device }) => device)], [['all', ...results.map(({ total }) => cell(total))], ...rows]); // prettier-ignore
}

/** The document with other text between the marks of a section. */
function withSection(text, name, content) {
  const [begin, end] = [`<!-- ${name}: npm run onnx-operators -->`, `<!-- end of ${name} -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) refuse(`docs/onnx-operators.md has no section "${name}"`);
  return `${text.slice(0, from)}${begin}\n\n${content}\n\n${text.slice(to)}`;
}

const before = readFileSync(path, 'utf8');
const listed = withSection(before, 'operators', operators());
const results = positionals.map((name) => JSON.parse(readFileSync(name, 'utf8')));
const whole = results.length === 0 ? listed : withSection(listed, 'suite', suite(results));
const text = await format(whole, { ...(await resolveConfig(path)), parser: 'markdown' });
if (!values.check) writeFileSync(path, text);
else if (text !== before) {
  console.error('docs/onnx-operators.md is not what the tables say: npm run onnx-operators');
  process.exitCode = 1;
}
