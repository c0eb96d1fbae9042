// Generates the JSON Schema of network configs from its TypeScript types: config.schema.json, which the parser reads and
// which ships with the package, and the fields in docs/config.md. With --check, says whether they are up to date.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { createGenerator } from 'ts-json-schema-generator';
import { readArguments } from './script.mjs';

const help = `usage: npm run schema [-- --check]

Writes config.schema.json and the fields in docs/config.md from src/frontends/config/types.ts.`;

const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const { values } = readArguments(help, { options: { check: { type: 'boolean' } } });

/** Comments may stand anywhere. */
const COMMENTS = { '^(_|comment)': {} };

function generate() {
  const schema = createGenerator({
    path: path('src/frontends/config/types.ts'),
    tsconfig: path('tsconfig.json'),
    type: 'NetworkConfig',
    skipTypeCheck: true,
  }).createSchema('NetworkConfig');
  for (const definition of Object.values(schema.definitions))
    if (definition.type === 'object') definition.patternProperties = COMMENTS;
  return { ...schema, title: 'A network config of Heddle' };
}

/** The fields of all layers, as Markdown. */
function fields({ definitions }) {
  const shared = Object.keys(definitions.ResidualConfig.properties).filter((name) => name !== 'type');
  const typeOf = (schema) => {
    const target =
      schema.$ref === undefined ? schema : definitions[schema.$ref.replace('#/definitions/', '')];
    const names = target.enum ?? (target.const === undefined ? undefined : [target.const]);
    if (names !== undefined) return names.map((name) => `\`${JSON.stringify(name)}\``).join(', ');
    if (target === definitions.LayerConfig) return 'a layer';
    if (target.anyOf !== undefined) return target.anyOf.map(typeOf).join(' or ');
    if (target.type === 'array') return `list of ${typeOf(target.items)}`;
    if (target.type === 'object')
      return Object.keys(target.properties)
        .map((name) => `\`${name}\``)
        .join(', ');
    return target.type;
  };
  const table = (properties, names) => [
    '| field | type | |',
    '| --- | --- | --- |',
    ...names.map(
      (name) => `| \`${name}\` | ${typeOf(properties[name])} | ${properties[name].description ?? ''} |`,
    ),
  ];
  const layers = definitions.LayerConfig.anyOf.map(
    ({ $ref }) => definitions[$ref.replace('#/definitions/', '')],
  );
  return [
    '### The network',
    '',
    ...table(definitions.GridConfig.properties, Object.keys(definitions.GridConfig.properties)),
    '',
    '### Every layer',
    '',
    ...table(definitions.ResidualConfig.properties, shared),
    ...layers.flatMap(({ properties, description }) => {
      const own = Object.keys(properties).filter((name) => name !== 'type' && !shared.includes(name));
      const names = properties.type.enum ?? [properties.type.const];
      const rows = own.length === 0 ? [] : ['', ...table(properties, own)];
      return ['', `### ${names.join(', ')}`, '', description, ...rows];
    }),
  ].join('\n');
}

const schema = generate();
const text = JSON.stringify(schema, null, 2);
const [BEGIN, END] = ['<!-- fields: npm run schema -->', '<!-- end of fields -->'];
const docs = readFileSync(path('docs/config.md'), 'utf8');
const guide = `${docs.slice(0, docs.indexOf(BEGIN))}${BEGIN}\n\n${fields(schema)}\n\n${docs.slice(docs.indexOf(END))}`;

let stale = false;
for (const [name, content, parser] of [
  ['config.schema.json', text, 'json'],
  ['docs/config.md', guide, 'markdown'],
]) {
  const formatted = await format(content, { ...(await resolveConfig(path(name))), parser });
  if (!values.check) writeFileSync(path(name), formatted);
  else if (readFileSync(path(name), 'utf8') !== formatted) {
    console.error(`${name} is not what the types say: npm run schema`);
    stale = true;
  }
}
process.exitCode = stale ? 1 : 0;
