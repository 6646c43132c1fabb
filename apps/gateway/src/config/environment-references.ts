import { type ConfigProblem, fieldPath } from './config.error.js';

/** Private-use characters stand in for the braces of a reference, which begin a mapping in YAML's flow style. */
const REFERENCE = /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g;
const MARKED = /\uE000([A-Za-z_][A-Za-z0-9_]*)\uE001/g;

/** Marks each `${NAME}` before the text is parsed, so that the value of a variable is never parsed as YAML. */
export function markReferences(yaml: string): string {
  return yaml.replace(REFERENCE, '\uE000$1\uE001');
}

/**
 * Puts the values of the variables into every string of a parsed document; those that are not set go into `problems`.
 *
 * @param around the mappings and lists that `value` stands in
 */
export function resolveReferences(
  value: unknown,
  env: NodeJS.ProcessEnv,
  problems: ConfigProblem[],
  path: readonly string[] = [],
  around: readonly object[] = [],
): unknown {
  if (typeof value === 'string') return resolveString(value, env, problems, fieldPath(path));
  if (typeof value !== 'object' || value === null) return value;
  if (around.includes(value)) {
    problems.push({ path: fieldPath(path), problem: 'is an alias of what it stands in: write the value out' });
    return undefined;
  }
  const inside = (item: unknown, key: number | string) => {
    const itemPath = [...path, `${key}`];
    if (key === '__proto__')
      problems.push({ path: fieldPath(itemPath), problem: 'is not a name that can be used: choose another' });
    return resolveReferences(item, env, problems, itemPath, [...around, value]);
  };
  if (Array.isArray(value)) return value.map(inside);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, inside(item, key)]));
}

function resolveString(value: string, env: NodeJS.ProcessEnv, problems: ConfigProblem[], path: string): string {
  if (value.includes('${')) {
    problems.push({ path, problem: 'holds "${" without the name of a variable and "}" behind it; write ${NAME}' });
  }
  return value.replace(MARKED, (_, name: string) => {
    const found = Object.hasOwn(env, name) ? env[name] : undefined;
    if (found === undefined)
      problems.push({
        path,
        problem: `the environment variable ${name} is not set; set it to the value of this option`,
      });
    return found ?? '';
  });
}
