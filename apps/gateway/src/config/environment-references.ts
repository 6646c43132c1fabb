import { type ConfigProblem } from './config.error.js';

/** Characters for private use stand in for the braces, which mean a mapping in YAML's flow style. */
const REFERENCE = /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g;
const MARKED = /\uE000([A-Za-z_][A-Za-z0-9_]*)\uE001/g;

/** Makes each `${NAME}` a plain part of a YAML scalar, so that no value of a variable is ever read as YAML. */
export function markReferences(yaml: string): string {
  return yaml.replace(REFERENCE, '\uE000$1\uE001');
}

/** Puts the variables' values into every string of a parsed document, and tells which are missing and where. */
export function resolveReferences(
  value: unknown,
  env: NodeJS.ProcessEnv,
  problems: ConfigProblem[],
  path: readonly string[] = [],
): unknown {
  if (typeof value === 'string') return resolveString(value, env, problems, path.join('.'));
  if (typeof value !== 'object' || value === null) return value;
  const inside = (item: unknown, key: number | string) => resolveReferences(item, env, problems, [...path, `${key}`]);
  if (Array.isArray(value)) return value.map(inside);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, inside(item, key)]));
}

function resolveString(value: string, env: NodeJS.ProcessEnv, problems: ConfigProblem[], path: string): string {
  return value.replace(MARKED, (_, name: string) => {
    const found = env[name];
    if (found === undefined) problems.push({ path, problem: `the environment variable ${name} is not set` });
    return found ?? '';
  });
}
