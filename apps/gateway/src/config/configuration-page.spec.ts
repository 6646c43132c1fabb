import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ConfigError } from './config.error.js';
import { configSchema } from './config.schema.js';
import { parseConfig } from './parse-config.js';

const PAGE = readFileSync(join(__dirname, '../../../../docs/gateway-configuration.md'), 'utf8');

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly not?: unknown;
}

/** The paths of all fields, `[]` for the items of a list and `NAME` for the names of integrations. */
function* fieldsOf(schema: JsonSchema, path = ''): Generator<string> {
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    const inside = path === '' ? name : `${path}.${name}`;
    // A field that may never be given is kept for a later version.
    if (field.not) continue;
    yield inside;
    yield* fieldsOf(field, inside);
  }
  if (path === 'integrations' && typeof schema.additionalProperties === 'object') {
    yield* fieldsOf(schema.additionalProperties, `${path}.NAME`);
  }
  if (schema.items) yield* fieldsOf(schema.items, `${path}[]`);
  for (const option of schema.anyOf ?? []) yield* fieldsOf(option, path);
}

describe('docs/gateway-configuration.md', () => {
  const schema = z.toJSONSchema(configSchema, { unrepresentable: 'any', io: 'input' }) as JsonSchema;
  const fields = [...new Set(fieldsOf(schema))];
  const tables = PAGE.slice(PAGE.indexOf('\n## The file\n'));
  const documented = [...tables.matchAll(/^\| `([a-z][\w.[\]]*)` +\|/gm)].map(([, field = '']) => field);

  it.each(fields)('documents the field %s, or each field within it', (field) => {
    expect(
      documented.some((path) => path === field || path.startsWith(`${field}.`) || path.startsWith(`${field}[].`)),
    ).toBe(true);
  });

  it('documents no field twice, and none that is not there', () => {
    expect(documented.filter((field, index) => documented.indexOf(field) !== index || !fields.includes(field))).toEqual(
      [],
    );
  });

  it.each([...PAGE.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, yaml = '']) => yaml))(
    'shows YAML of a right form: %s',
    (yaml) => {
      let problems: readonly { path: string }[] = [];
      try {
        parseConfig(yaml, { REDIS_PASSWORD: 'p' });
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        ({ problems } = error);
      }
      // The examples show one section each.
      expect(problems.filter(({ path }) => path !== 'integrations')).toEqual([]);
    },
  );
});
