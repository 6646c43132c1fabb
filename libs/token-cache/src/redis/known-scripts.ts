import { type Cluster, type Redis } from 'ioredis';

type Client = Redis | Cluster;

/** What a client emits when its next command may meet another server than the last one. */
const OTHER_SERVER = ['close', '+node', '-node'];

const ofClients = new WeakMap<Client, Set<string>>();

/**
 * The scripts that the servers of a client are known to have, by node and digest in one. The first run of a script sends it whole: to try
 * its digest first would be two round trips within the time limit of one call, which a process far from its Redis does not keep.
 */
export function knownScripts(client: Client): Set<string> {
  let known = ofClients.get(client);
  if (!known) {
    const scripts = (known = new Set<string>());
    ofClients.set(client, scripts);
    for (const event of OTHER_SERVER) client.on(event, () => scripts.clear());
  }
  return known;
}
