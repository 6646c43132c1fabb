import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { ROOT } from './fleet.js';

export interface Service {
  image: string;
  build?: { context: string; dockerfile: string; target: string };
  command: string[];
  user?: string;
  environment?: Record<string, string>;
  secrets?: string[];
  volumes?: string[];
  networks?: string[];
  network_mode?: string;
  ports?: unknown;
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
  networks: Record<string, { internal?: boolean }>;
}

export const COMPOSE_FOLDER = join(ROOT, 'docker');

export function readCompose(): Compose {
  return parse(readFileSync(join(COMPOSE_FOLDER, 'compose.yaml'), 'utf8')) as Compose;
}
