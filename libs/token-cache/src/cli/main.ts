#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { examine } from './doctor/doctor.js';
import { reasonOf } from './doctor/finding.js';
import { GatewayApi } from './gateway-api.js';
import { makeKey } from './make-key.js';
import { outlookOf } from './outlook.js';
import { findingsText, integrationsText } from './report.js';
import { USAGE, UsageError } from './usage.js';

type Values = ReturnType<typeof parse>['values'];

run(process.argv.slice(2)).then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    const isUsage = error instanceof UsageError;
    process.stderr.write(`${isUsage ? `${error.message}\n\n${USAGE}` : messageOf(error)}\n`);
    process.exitCode = isUsage ? 2 : 1;
  },
);

/** The exit code. */
async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parse(args);
  const [command, ...rest] = positionals;
  if (values.help || command === undefined) return print(USAGE, command === undefined && !values.help ? 2 : 0);
  switch (command) {
    case 'doctor':
      return doctor(values);
    case 'status':
      return status(values, rest);
    case 'get':
      return get(values, rest);
    case 'purge':
      return purge(values, rest);
    case 'key':
      return newKey(values);
    default:
      throw new UsageError(`There is no command "${command}"`);
  }
}

async function doctor({ metrics = [], seconds, redis, namespace, issuer = [], json }: Values): Promise<number> {
  const forS = Number(seconds);
  if (!(forS >= 0 && forS <= 3_600))
    throw new UsageError(`--seconds must be a number from 0 to 3600, not "${seconds}"`);
  if (metrics.length + issuer.length === 0 && redis === undefined)
    throw new UsageError('Name something to look at: --metrics, --redis or --issuer');
  [...metrics, ...issuer].forEach(checkUrl);
  const redisUrl = redis === '' ? process.env['REDIS_URL'] : redis;
  if (redis === '' && redisUrl === undefined)
    throw new UsageError('--redis= takes REDIS_URL of the environment, which is not set');
  const findings = await examine({
    metrics,
    forMs: forS * 1_000,
    headers: keyHeader(),
    redis: redisUrl,
    namespace,
    issuers: issuer,
  });
  const isWell = findings.every(({ level }) => level !== 'failed');
  return print(json ? JSON.stringify({ ok: isWell, findings }) : findingsText(findings), isWell ? 0 : 1);
}

async function status({ json }: Values, [url]: readonly string[]): Promise<number> {
  const integrations = await gatewayAt(url).integrations();
  return print(json ? JSON.stringify(integrations) : integrationsText(integrations, Date.now()), 0);
}

/** The token of an integration; or, in a dry run, what the next caller would be given, at the cost of no mint. */
async function get({ json, 'dry-run': isDry }: Values, [url, name]: readonly string[]): Promise<number> {
  const gateway = gatewayAt(url);
  if (name === undefined) throw new UsageError('Name the integration: mintonce get URL NAME');
  if (!isDry) {
    const answer = await gateway.token(name);
    return print(json ? JSON.stringify(answer) : answer.access_token, 0);
  }
  const integration = (await gateway.integrations()).find((one) => one.name === name);
  if (integration === undefined)
    throw new Error(`The gateway has no integration ${name} for this caller; mintonce status lists those that it has`);
  const outlook = outlookOf(integration, Date.now());
  const isServed = outlook.next === 'token' || outlook.next === 'mint';
  return print(json ? JSON.stringify({ name, ...outlook }) : `${name}: ${outlook.detail}`, isServed ? 0 : 1);
}

async function purge({ json }: Values, [url, name]: readonly string[]): Promise<number> {
  const gateway = gatewayAt(url);
  if (name === undefined) throw new UsageError('Name the integration: mintonce purge URL NAME');
  await gateway.purge(name);
  return print(json ? JSON.stringify({ purged: name }) : `${name} is purged; the next request mints.`, 0);
}

function newKey({ json }: Values): number {
  const { key, sha256 } = makeKey();
  return print(json ? JSON.stringify({ key, sha256 }) : `key: ${key}\nsha256: ${sha256}`, 0);
}

function gatewayAt(url: string | undefined): GatewayApi {
  if (url === undefined) throw new UsageError('Name the gateway: its URL comes first');
  checkUrl(url);
  return new GatewayApi(url, keyHeader());
}

function keyHeader(): Record<string, string> {
  const key = process.env['MINTONCE_KEY'];
  return key === undefined ? {} : { 'X-Api-Key': key };
}

function checkUrl(url: string): void {
  if (!/^https?:\/\/./.test(url) || !URL.canParse(url))
    throw new UsageError('An address must be a URL of http or https');
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        metrics: { type: 'string', multiple: true },
        seconds: { type: 'string', default: '10' },
        redis: { type: 'string' },
        namespace: { type: 'string', default: 'mintonce' },
        issuer: { type: 'string', multiple: true },
        'dry-run': { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function print(text: string, code: number): number {
  process.stdout.write(`${text}\n`);
  return code;
}

function messageOf(error: unknown): string {
  return error instanceof Error && error.cause === undefined ? error.message : reasonOf(error);
}
