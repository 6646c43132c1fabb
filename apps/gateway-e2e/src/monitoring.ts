import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parser } from '@prometheus-io/lezer-promql';
import { parse } from 'yaml';
import { ROOT } from './fleet.js';

export const MONITORING_FOLDER = join(ROOT, 'deploy/monitoring');

export interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly annotations?: { readonly summary: string; readonly runbook_url: string };
}

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } };
  readonly targets?: readonly { readonly expr: string }[];
}

interface Variable {
  readonly name: string;
  readonly type: string;
  /** What kind of data source it offers, if it is one. */
  readonly query?: unknown;
  readonly definition?: string;
  /** What is chosen when the dashboard is opened. */
  readonly current?: unknown;
}

export interface Dashboard {
  readonly uid: string;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly Variable[] };
}

export function readRules(): Rule[] {
  const { groups } = parse(readFileSync(join(MONITORING_FOLDER, 'rules.yaml'), 'utf8')) as {
    groups: { rules: Rule[] }[];
  };
  return groups.flatMap(({ rules }) => rules);
}

export function readDashboard(): Dashboard {
  return JSON.parse(readFileSync(join(MONITORING_FOLDER, 'dashboard.json'), 'utf8')) as Dashboard;
}

/** A query of the dashboard as Grafana sends it when all integrations and jobs are chosen. */
export function asSent(expression: string): string {
  return expression.replaceAll('$__rate_interval', '1m').replace(/\$(integration|job)\b/g, '.*');
}

/** The names of the metrics in an expression, by the grammar of Prometheus' own editor. */
export function metricsIn(expression: string): string[] {
  const names: string[] = [];
  parser.parse(expression).iterate({
    enter({ name, node }) {
      if (name === '⚠') throw new Error(`is no PromQL: ${expression}`);
      if (name === 'Identifier' && node.parent?.name === 'VectorSelector')
        names.push(expression.slice(node.from, node.to));
    },
  });
  return names;
}
