import { fileURLToPath } from 'node:url';
import { startNode } from '@mintonce/test-support';
import { type Role } from '../harness/finding.js';
import { type Bench } from '../harness/row.js';
import { LISTENING } from './listening.js';

/** A process that forwards requests to the upstream. */
export interface Proxy {
  readonly name: string;
  readonly role: Role;
  readonly remark?: string;
  readonly url: string;
  readonly pid: number;
}

/** Starts a script of this folder; answers where it listens. */
export async function startScript(
  { running }: Bench,
  name: string,
  ...args: string[]
): Promise<Pick<Proxy, 'url' | 'pid'>> {
  const script = fileURLToPath(new URL(`${name}.js`, import.meta.url));
  const node = running.add(await startNode(script, { args, readyWhen: LISTENING }));
  const [, port] = await node.waitForOutput(LISTENING);
  return { url: `http://127.0.0.1:${port}/`, pid: node.pid };
}

/** Whether something answers a GET with 200. */
export async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    async (response) => (await response.arrayBuffer(), response.ok),
    () => false,
  );
}
