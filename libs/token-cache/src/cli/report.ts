import { type Finding } from './doctor/finding.js';
import { type IntegrationAnswer } from './gateway-api.js';

const MARKS = { ok: 'ok     ', warning: 'WARNING', failed: 'FAILED ' } as const;

/** The findings for people: what needs somebody comes with what to do. */
export function findingsText(findings: readonly Finding[]): string {
  return findings
    .map(
      ({ level, check, detail, advice }) =>
        `${MARKS[level]}  ${check}: ${detail}${advice === undefined ? '' : `\n         ${advice}`}`,
    )
    .join('\n');
}

/** A line for each integration. */
export function integrationsText(integrations: readonly IntegrationAnswer[], now: number): string {
  return integrations
    .map(({ name, state, expiresAt, coolingMs, lastErrorCode }) =>
      [
        `${name}: ${state}`,
        expiresAt === undefined ? [] : `ends in ${Math.round((expiresAt - now) / 1_000)} s`,
        lastErrorCode ?? [],
        coolingMs === undefined ? [] : `tried again in ${Math.ceil(coolingMs / 1_000)} s`,
      ]
        .flat()
        .join(', '),
    )
    .join('\n');
}
