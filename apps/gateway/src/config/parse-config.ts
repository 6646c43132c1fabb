import { type z } from 'zod';
import { parseDocument } from 'yaml';
import { ConfigError, type ConfigProblem, fieldPath } from './config.error.js';
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
  // An unknown tag is no more than a warning, and its value would be taken for a text.
  const [error] = [...document.errors, ...document.warnings];
  if (error) {
    const at = error.linePos?.[0];
    const path = at ? `line ${at.line}, column ${at.col}` : 'YAML';
    throw new ConfigError([{ path, problem: `is not YAML (${error.code}): correct the text there`, isOfText: true }]);
  }
  try {
    return document.toJS() ?? {};
  } catch {
    const problem = 'has aliases that cannot be resolved, or too many of them: write the values out';
    throw new ConfigError([{ path: 'YAML', problem, isOfText: true }]);
  }
}

function problemsOf(issue: z.core.$ZodIssue): ConfigProblem[] {
  const path = fieldPath(issue.path);
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({ path: fieldPath([...issue.path, key]), problem: 'is not an option' }));
    case 'invalid_key':
      return [{ path, problem: issue.issues[0]?.message ?? issue.message }];
    case 'invalid_union':
      return unionProblems(issue);
    case 'invalid_type':
      return [{ path, problem: issue.message.endsWith('undefined') ? 'is missing' : issue.message }];
    default:
      return [{ path, problem: issue.message }];
  }
}

/** What is wrong within the form that was meant: the one whose kind of value fits. */
function unionProblems({ path, message, errors }: z.core.$ZodIssueInvalidUnion): ConfigProblem[] {
  const meant = errors.find((issues) =>
    issues.every((issue) => issue.code !== 'invalid_type' || issue.path.length > 0),
  );
  if (meant?.some((issue) => issue.path.length > 0 || issue.code === 'unrecognized_keys')) {
    return meant.flatMap((issue) => problemsOf({ ...issue, path: [...path, ...issue.path] }));
  }
  const problem = message === 'Invalid input' ? 'has a form that is not one of those allowed' : message;
  return [{ path: fieldPath(path), problem }];
}
