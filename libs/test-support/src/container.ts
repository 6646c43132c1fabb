import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type NodeProcess, startProgram } from './node-process.js';
import { type RunningParts, startTogether } from './start-together.js';
import { temporaryDirectory } from './temporary-directory.js';

export const CONTAINERS_NEED =
  'containers of the tests need Linux, root, overlayfs, and unshare, nsenter, setpriv (util-linux) and ip (iproute2)';

export interface ContainerOptions {
  /** What is mounted, by its path in the container: a file or a folder of this machine. */
  mounts?: Readonly<Record<string, string>>;
  /** Empty folders that may be written to, whoever the user is. */
  tmpfs?: readonly string[];
  /** Whether nothing else may be written to. */
  isReadOnly?: boolean;
  /** Addresses by name, as in `/etc/hosts`; those of a network of its own are its own. */
  hosts?: Readonly<Record<string, string>>;
  /** Another container, whose network this one shares. @defaultValue a network of its own */
  network?: Container;
  /** Number of the user and of its group, without any capability: `10001:10001`. @defaultValue root */
  user?: string;
  /** The folder that programs are started in. @defaultValue `/` */
  cwd?: string;
}

/** A container without an image: the files of this machine, of which it changes none, and a network of its own. */
export interface Container {
  readonly pid: number;
  /** Starts a program, with this environment and no other. */
  run(command: readonly string[], env?: NodeJS.ProcessEnv): Promise<NodeProcess>;
  /** Ends its programs, and unmounts everything. */
  stop(): Promise<void>;
}

/** Whether this machine can start one. */
export function canContain(): boolean {
  const probe = 'mount -t tmpfs tmpfs /mnt && ip link set lo up && setpriv --version';
  return process.platform === 'linux' && spawnSync('unshare', ['--mount', '--net', 'sh', '-c', probe]).status === 0;
}

/** @throws Error with what failed, when the container cannot be made. */
export function startContainer(options: ContainerOptions = {}): Promise<Container> {
  const { mounts = {}, tmpfs = [], hosts = {}, network, isReadOnly = false } = options;
  return startTogether(async (running) => {
    const directory = temporaryDirectory();
    running.onStop(() => directory.remove());
    const scratch = join(directory.path, 'root');
    mkdirSync(scratch);
    const lines = Object.entries({ localhost: '127.0.0.1', ...hosts }).map(([name, address]) => `${address} ${name}\n`);
    writeFileSync(join(directory.path, 'hosts'), lines.join(''));
    const all = { ...mounts, '/etc/hosts': join(directory.path, 'hosts') };
    const pairs = [...Object.entries(all).flat(), ...tmpfs.flatMap((path) => [path, 'tmpfs'])];
    const own = network ? [] : new Set(['127.0.0.1', ...Object.values(hosts)]);
    const init = [script(), scratch, isReadOnly ? 'ro' : 'rw', [...own].join(' '), ...pairs];
    const enter = network
      ? ['nsenter', `--target=${network.pid}`, '--net', 'unshare', '--mount']
      : ['unshare', '--mount', '--net'];
    const { PATH } = process.env;
    const holder = running.add(await startProgram([...enter, ...init], { env: { PATH }, readyWhen: /^ready$/m }));
    return new RunningContainer(holder.pid, options, running);
  });
}

class RunningContainer implements Container {
  constructor(
    readonly pid: number,
    private readonly options: ContainerOptions,
    private readonly running: RunningParts,
  ) {}

  async run(command: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<NodeProcess> {
    const { user, cwd = '/' } = this.options;
    const enter = ['nsenter', `--target=${this.pid}`, '--mount', '--net', '--root', 'env', `--chdir=${cwd}`];
    const whole = [...enter, ...unprivileged(user), ...command];
    return this.running.add(await startProgram(whole, { env: { PATH: process.env['PATH'], ...env } }));
  }

  stop(): Promise<void> {
    return this.running.stop();
  }
}

function unprivileged(user: string | undefined): string[] {
  if (!user) return [];
  const [uid, gid] = user.split(':');
  const ids = [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'];
  return ['setpriv', ...ids, '--no-new-privs', '--inh-caps=-all', '--bounding-set=-all'];
}

function script(): string {
  return fileURLToPath(new URL('../container/init.sh', import.meta.url));
}
