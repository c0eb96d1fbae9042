/** The JSON Schema of network configs, which `npm run schema` makes from types.ts. It ships with the package. */
import schema from '../../../config.schema.json' with { type: 'json' };
import type { SchemaFile } from './validate.js';

export const CONFIG_SCHEMA = schema as SchemaFile;
