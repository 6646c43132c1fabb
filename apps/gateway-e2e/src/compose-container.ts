import { chmodSync, mkdirSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { type NodeProcess, startContainer } from '@mintonce/test-support';
import { type Compose, type Service } from './compose.js';
import { ROOT } from './fleet.js';
import { imageOf } from './image.js';
import { type OutsideWorld } from './outside-world.js';

/** The files that the stages of the Dockerfile put into the image, as this workspace has them. */
export const IMAGE_FILES = { '/app': ROOT, '/opt/pm2/node_modules': join(ROOT, 'node_modules') };

const CA = '/etc/world-ca.pem';
const PROGRAMS = '/opt/programs';

export interface Surroundings {
  readonly compose: Compose;
  /** Folder of the compose file, whose files are mounted. */
  readonly folder: string;
  /** What `.env` beside the compose file says. */
  readonly variables: Readonly<Record<string, string>>;
  /** A folder of programs for the images that are not built here, beside those of this machine. @defaultValue none */
  readonly programs?: string;
  /** Its authority is trusted by the services that are built, beside those that Node trusts. */
  readonly world: OutsideWorld;
}

/** A service of the compose file in a container, started with what the file and the image say. */
export interface RunningService {
  readonly main: NodeProcess;
  /** Runs another program in it, with the environment of the service. */
  exec(command: readonly string[]): Promise<{ code: number | null; output: string }>;
  stop(): Promise<void>;
}

export async function startService(name: string, surroundings: Surroundings): Promise<RunningService> {
  const { compose, world } = surroundings;
  const service = compose.services[name]!;
  const image = service.build && imageOf(service.build.target);
  const container = await startContainer({
    mounts: {
      ...(image && { ...IMAGE_FILES, [CA]: world.ca }),
      // The temporary folder of a service may hide where they lie.
      ...(surroundings.programs && { [PROGRAMS]: surroundings.programs }),
      ...mountsOf(service, surroundings),
    },
    tmpfs: (service.tmpfs ?? []).map((mount) => mount.split(':')[0] ?? ''),
    isReadOnly: service.read_only,
    user: service.user ?? image?.user,
    cwd: service.working_dir ?? (image ? '/app' : '/'),
    hosts: world.hosts,
    network: world.network,
  });
  const own = substituted(service.environment ?? {}, surroundings.variables);
  const env = {
    ...(surroundings.programs && { PATH: [PROGRAMS, process.env['PATH']].join(delimiter) }),
    ...(image && { ...expanded(image.env), NODE_EXTRA_CA_CERTS: CA }),
    ...own,
  };
  // `$$` is how a compose file spells `$`.
  const words = [...(service.entrypoint ?? []), ...(service.command ?? image?.command ?? [])];
  const command = words.map((word) => word.replaceAll('$$', '$'));
  try {
    const main = await container.run(command, env);
    return {
      main,
      stop: () => container.stop(),
      async exec(program) {
        const running = await container.run(program, env);
        const { code } = await running.exited;
        return { code, output: running.output() };
      },
    };
  } catch (error) {
    await container.stop();
    throw error;
  }
}

function mountsOf(service: Service, { compose, folder }: Surroundings): Record<string, string> {
  const volumes = (service.volumes ?? []).map((volume) => {
    const [source = '', target = ''] = volume.split(':');
    return [target, source.startsWith('.') ? resolve(folder, source) : namedVolume(source, folder)];
  });
  const secrets = (service.secrets ?? []).map((name) => [
    `/run/secrets/${name}`,
    resolve(folder, compose.secrets[name]!.file),
  ]);
  return Object.fromEntries([...volumes, ...secrets]) as Record<string, string>;
}

/** It is the user's of its container: the builder gives a new volume to the owner of the folder in the image. */
function namedVolume(name: string, folder: string): string {
  const path = join(folder, 'volumes', name);
  mkdirSync(path, { recursive: true });
  chmodSync(path, 0o777);
  return path;
}

function expanded(env: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  return { ...env, ...(env['PATH'] && { PATH: env['PATH'].replace('$PATH', process.env['PATH'] ?? '') }) };
}

/** `${NAME:?what to do}` is the one form that the file uses. */
function substituted(env: Readonly<Record<string, string>>, variables: Readonly<Record<string, string>>) {
  const valueOf = (value: string) => value.replace(/^\$\{(\w+):\?.*\}$/, (_, name: string) => variables[name] ?? '');
  return Object.fromEntries(Object.entries(env).map(([name, value]) => [name, valueOf(value)]));
}
