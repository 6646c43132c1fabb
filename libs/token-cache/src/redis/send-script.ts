import { type Cluster, type Redis } from 'ioredis';

/** `digest or source, number of keys, keys, arguments`, as EVALSHA and EVAL take them. */
type ScriptArguments = [script: string, keyCount: number, ...rest: (string | number)[]];

/**
 * Sends EVALSHA or EVAL to the node of its keys. With `enableAutoPipelining` on a Cluster, ioredis before 5.11 chooses the node by
 * the first argument, which is the script, and every call fails. There the command gets a pipeline of its own, which
 * goes by the keys.
 */
export function sendScript(
  client: Redis | Cluster,
  command: 'evalsha' | 'eval',
  args: ScriptArguments,
): Promise<unknown> {
  const needsPipeline = client.isCluster && client.options.enableAutoPipelining;
  return needsPipeline ? sendAlone(client, command, args) : client[command](...args);
}

async function sendAlone(client: Redis | Cluster, command: string, args: ScriptArguments): Promise<unknown> {
  const [[error, answer] = [new Error('the pipeline was discarded')]] =
    (await client.pipeline([[command, ...args]]).exec()) ?? [];
  if (error) throw error;
  return answer;
}
