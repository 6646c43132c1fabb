import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '@mintonce/test-support';
import { DCLinter } from 'dclint';
import { parse, stringify } from 'yaml';
import { ROOT } from './fleet.js';

export interface Service {
  image: string;
  build?: { context: string; dockerfile: string; target: string };
  profiles?: string[];
  entrypoint?: string[];
  command?: string[];
  user?: string;
  working_dir?: string;
  env_file?: string[];
  environment?: Record<string, string>;
  secrets?: string[];
  volumes?: string[];
  networks?: string[] | Record<string, { aliases?: string[] }>;
  expose?: string[];
  ports?: string[];
  depends_on?: Record<string, { condition: string }>;
  tmpfs?: string[];
  read_only?: boolean;
  cap_drop?: string[];
  security_opt?: string[];
  stop_grace_period?: string;
  healthcheck?: { test: string[] };
}

export interface Compose {
  services: Record<string, Service>;
  secrets: Record<string, { file: string }>;
  volumes: Record<string, object>;
  networks: Record<string, { internal?: boolean; driver_opts?: Record<string, string> }>;
}

export const COMPOSE_FOLDER = join(ROOT, 'docker');

export function readCompose(): Compose {
  return parse(readFileSync(join(COMPOSE_FOLDER, 'compose.yaml'), 'utf8'), { merge: true }) as Compose;
}

/** The networks of a service, whichever form they are given in. */
export function networksOf({ networks = [] }: Service): string[] {
  return Array.isArray(networks) ? networks : Object.keys(networks);
}

/** The types of the package do not resolve in an ES module. */
const Linter = DCLinter as unknown as new (options: object) => {
  lintFiles(paths: string[], isRecursive: boolean): { messages: Finding[] }[];
};

interface Finding {
  rule: string;
  message: string;
}

/** What is wrong with a compose file by the schema of the specification and the linter's rules; order and quotes aside. */
export function composeFindings(compose: Compose): string[] {
  const directory = temporaryDirectory();
  const path = join(directory.path, 'compose.yaml');
  // The linter knows no merge keys.
  writeFileSync(path, stringify(compose, { aliasDuplicateObjects: false }));
  const rules = { 'no-build-and-image': [2, { checkPullPolicy: true }] } as const;
  const linter = new Linter({ rules: { ...rules }, quiet: false, debug: false, exclude: [] });
  const results = linter.lintFiles([path], false);
  directory.remove();
  const findings = results.flatMap(({ messages }) => messages).filter(({ rule }) => !/-order$|quotes/.test(rule));
  return findings.map(({ rule, message }) => `${rule}: ${message}`);
}
