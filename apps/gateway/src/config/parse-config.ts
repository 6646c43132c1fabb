import { type z } from 'zod';
import { parseDocument } from 'yaml';
import { ConfigError, type ConfigProblem } from './config.error.js';
import { type ConfigFile, configSchema } from './config.schema.js';
import { markReferences, resolveReferences } from './environment-references.js';

/**
 * Parses the YAML text and checks it against the schema.
 *
 * @throws ConfigError naming the path of every field that is wrong, and no value
 */
export function parseConfig(yaml: string, env: NodeJS.ProcessEnv): ConfigFile {
  const missing: ConfigProblem[] = [];
  const document = resolveReferences(parseYaml(yaml), env, missing);
  if (missing.length > 0) throw new ConfigError(missing);
  const parsed = configSchema.safeParse(document);
  if (!parsed.success) throw new ConfigError(parsed.error.issues.flatMap(problemsOf));
  return parsed.data;
}

/** Throws the position and code of an error, not the parser's message: that quotes the line, which may hold a secret. */
function parseYaml(yaml: string): unknown {
  const document = parseDocument(markReferences(yaml), { prettyErrors: true });
  const [error] = document.errors;
  if (!error) return document.toJS() ?? {};
  const at = error.linePos?.[0];
  throw new ConfigError([
    { path: at ? `line ${at.line}, column ${at.col}` : 'YAML', problem: `is not YAML (${error.code})` },
  ]);
}

function problemsOf(issue: z.core.$ZodIssue): ConfigProblem[] {
  const path = issue.path.join('.') || 'the file';
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({ path: [...issue.path, key].join('.'), problem: 'is not an option' }));
    case 'invalid_key':
      return [{ path, problem: issue.issues[0]?.message ?? issue.message }];
    case 'invalid_union':
      return [{ path, problem: 'has a form that is not one of those allowed' }];
    case 'invalid_type':
      return [{ path, problem: issue.message.endsWith('undefined') ? 'is missing' : issue.message }];
    default:
      return [{ path, problem: issue.message }];
  }
}
