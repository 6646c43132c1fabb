import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Container, startContainer } from '@mintonce/test-support';
import { type IDeployment } from 'kubernetes-models/apps/v1';
import { IMAGE_FILES } from './compose-container.js';
import { type Image } from './image.js';
import { type OutsideWorld } from './outside-world.js';

const CA = '/etc/world-ca.pem';

/** A folder as the kubelet lays a ConfigMap or a Secret out: each file is a link through one link, which it can exchange. */
export function projectedVolume(path: string, files: Readonly<Record<string, string>>): string {
  mkdirSync(join(path, '..version'), { recursive: true });
  symlinkSync('..version', join(path, '..data'));
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(path, '..version', name), text);
    symlinkSync(join('..data', name), join(path, name));
  }
  return path;
}

/** The folders that the volumes of a pod come from, by the names of their objects. */
export interface Sources {
  readonly configMaps: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
}

/** The first pod of a Deployment as a container, with the mounts, the user and the root that its template states. */
export function startPod(
  deployment: IDeployment,
  { configMaps, secrets }: Sources,
  world: OutsideWorld,
): Promise<Container> {
  const { containers, volumes = [], securityContext } = deployment.spec!.template.spec!;
  const [container] = containers;
  const mounts: Record<string, string> = { ...IMAGE_FILES, [CA]: world.ca };
  const tmpfs: string[] = [];
  for (const { name, mountPath } of container!.volumeMounts ?? []) {
    const volume = volumes.find((one) => one.name === name);
    if (volume?.configMap) mounts[mountPath] = configMaps[volume.configMap.name!]!;
    else if (volume?.secret) mounts[mountPath] = secrets[volume.secret.secretName!]!;
    else if (volume?.emptyDir) tmpfs.push(mountPath);
  }
  return startContainer({
    mounts,
    tmpfs,
    isReadOnly: container!.securityContext?.readOnlyRootFilesystem,
    user: `${securityContext?.runAsUser}:${securityContext?.runAsGroup}`,
    cwd: '/app',
    hosts: world.hosts,
    network: world.network,
  });
}

/** The environment of its program; the authority of the test is trusted beside those that Node trusts. */
export function environmentOf(deployment: IDeployment, image: Image): NodeJS.ProcessEnv {
  const [container] = deployment.spec!.template.spec!.containers;
  const own = (container!.env ?? []).map(({ name, value = '' }) => [name, value]);
  return { ...image.env, NODE_EXTRA_CA_CERTS: CA, ...(Object.fromEntries(own) as NodeJS.ProcessEnv) };
}
