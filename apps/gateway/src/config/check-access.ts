import { type AccessConfig } from './access.schema.js';
import { type ConfigProblem } from './config.error.js';

/** What the schema of `access` cannot see: names of integrations that do not exist, and one key for two callers. */
export function checkAccess(
  access: AccessConfig | undefined,
  integrations: ReadonlySet<string>,
  problems: ConfigProblem[],
): void {
  if (!access) return;
  if (access.apiKeys.length + access.jwt.length === 0) {
    problems.push({ path: 'access', problem: 'names nobody, so that nobody could call: give it apiKeys or jwt' });
  }
  for (const section of ['apiKeys', 'jwt'] as const) {
    access[section].forEach((caller, index) =>
      checkNames(caller.integrations, `access.${section}.${index}`, integrations, problems),
    );
  }
  checkKeys(access.apiKeys, problems);
}

function checkNames(
  names: readonly string[],
  path: string,
  integrations: ReadonlySet<string>,
  problems: ConfigProblem[],
): void {
  names.forEach((name, index) => {
    if (name === '*' || integrations.has(name)) return;
    problems.push({ path: `${path}.integrations.${index}`, problem: 'is not the name of an integration of this file' });
  });
}

function checkKeys(callers: AccessConfig['apiKeys'], problems: ConfigProblem[]): void {
  const known = new Set<string>();
  callers.forEach(({ sha256 }, index) => {
    for (const hash of sha256.map((bytes) => bytes.toString('hex'))) {
      if (known.has(hash)) {
        problems.push({
          path: `access.apiKeys.${index}.sha256`,
          problem: 'holds a key that is given already: make a key for each caller',
        });
      }
      known.add(hash);
    }
  });
}
