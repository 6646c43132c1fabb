import { existsSync, readFileSync } from 'node:fs';

/** The command that runs the tests of one spec file again. */
export function suiteCommand({ project, spec }) {
  return `npx nx run ${project}:${targetOf(project)} --testPathPatterns=${spec.replace(/\.ts$/, '')}`;
}

/** The command that runs one test again. */
export function testCommand({ project, test }) {
  const pattern = test.replace(/[^\w\s,:;-]/g, '.');
  return `npx nx run ${project}:${targetOf(project)} --testNamePattern "${pattern}"`;
}

function targetOf(project) {
  const manifest = ['apps', 'libs']
    .map((folder) => new URL(`../../${folder}/${project}/package.json`, import.meta.url))
    .find(existsSync);
  if (!manifest) throw new Error(`There is no project ${project}`);
  return 'e2e' in JSON.parse(readFileSync(manifest, 'utf8')).nx.targets ? 'e2e' : 'test';
}
