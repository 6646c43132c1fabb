import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Container, certificateAuthority, startContainer } from '@mintonce/test-support';
import { ROOT } from './fleet.js';

const NAMES = { 'idp.example': '172.28.0.10', 'billing.example': '172.28.0.11' };
const SCRIPT = join(ROOT, 'apps/gateway-e2e/src/world-process.mjs');

/** The network of the containers of a test, with the identity provider and the upstream that the shipped configurations name. */
export interface OutsideWorld {
  /** Whose network the other containers share. */
  readonly network: Container;
  readonly hosts: Readonly<Record<string, string>>;
  /** The certificate of the authority that vouches for both, for `NODE_EXTRA_CA_CERTS`. */
  readonly ca: string;
  /** How often a token was minted. */
  mints(): number;
  /** The requests to the upstream: path, `Authorization` and `X-Api-Key`. */
  requests(): string[];
  stop(): Promise<void>;
}

/**
 * @param folder for its certificates
 * @param services addresses by name, of the containers to come
 */
export async function startOutsideWorld(folder: string, services: Record<string, string>): Promise<OutsideWorld> {
  const hosts = { ...NAMES, ...services };
  const authority = await certificateAuthority();
  mkdirSync(join(folder, 'srv'));
  for (const name of Object.keys(NAMES)) {
    const { cert, key } = await authority.issue(name);
    writeFileSync(join(folder, 'srv', `${name}.crt`), cert);
    writeFileSync(join(folder, 'srv', `${name}.key`), key);
  }
  const ca = join(folder, 'ca.pem');
  writeFileSync(ca, authority.cert);
  const network = await startContainer({ hosts, mounts: { '/srv': join(folder, 'srv'), '/world.mjs': SCRIPT } });
  const world = await network.run([process.execPath, '/world.mjs']);
  await world.waitForOutput(/the world is there/);
  const lines = (kind: string) => world.output().match(new RegExp(`^${kind}.*$`, 'gm')) ?? [];
  return {
    network,
    hosts,
    ca,
    mints: () => lines('mint').length,
    requests: () => lines('upstream'),
    stop: () => network.stop(),
  };
}
