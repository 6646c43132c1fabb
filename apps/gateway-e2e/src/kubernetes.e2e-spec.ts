import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  canContain,
  certificateAuthority,
  type Container,
  CONTAINERS_NEED,
  type NodeProcess,
  temporaryDirectory,
  type TemporaryDirectory,
  waitFor,
} from '@mintonce/test-support';
import { type IDeployment } from 'kubernetes-models/apps/v1';
import { type INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import { type IPodDisruptionBudget } from 'kubernetes-models/policy/v1';
import { type IConfigMap, type IProbe, type IService } from 'kubernetes-models/v1';
import { parse } from 'yaml';
import { ROOT } from './fleet.js';
import { imageOf } from './image.js';
import { makeKey } from './make-key.js';
import { readManifest, schemaFindings, typeFindings } from './manifest.js';
import { type OutsideWorld, startOutsideWorld } from './outside-world.js';
import { environmentOf, projectedVolume, startPod } from './pod.js';

const objects = readManifest(readFileSync(join(ROOT, 'deploy/kubernetes/gateway.yaml'), 'utf8'));
const of = <T>(kind: string) => objects.find((object) => object.kind === kind) as T;
const configMap = of<IConfigMap>('ConfigMap');
const deployment = of<IDeployment>('Deployment');
const service = of<IService>('Service');
const template = deployment.spec!.template;
const container = template.spec!.containers[0]!;
const ports = new Map(container.ports!.map(({ name, containerPort }) => [name, containerPort]));
const { listen, operations } = parse(configMap.data!['gateway.yaml']!) as {
  listen: { port: number; hosts: string[] };
  operations: { port: number };
};
const SERVICE_NAME = 'mintonce-gateway.default.svc';

describe('deploy/kubernetes/gateway.yaml', () => {
  it.each(objects)('has a $kind that its schema allows', (object) => {
    expect(schemaFindings(object)).toEqual([]);
  });

  it('has no field that Kubernetes does not know', () => {
    expect(typeFindings(objects)).toEqual([]);
    const unknown = { ...service, spec: { ...service.spec, selectors: {} } } as (typeof objects)[number];
    expect(typeFindings([unknown])).toEqual([
      expect.stringMatching(/selectors.* does not exist in type 'IServiceSpec'/),
    ]);
  });

  it('leads every selector to the pods of the Deployment', () => {
    const selectors = [
      deployment.spec!.selector.matchLabels,
      service.spec!.selector,
      of<IPodDisruptionBudget>('PodDisruptionBudget').spec!.selector!.matchLabels,
      of<INetworkPolicy>('NetworkPolicy').spec!.podSelector.matchLabels,
    ];
    for (const selector of selectors) expect(selector).toEqual(template.metadata!.labels);
  });

  it('leads callers and monitoring to the doors that the gateway has, each to its own', () => {
    expect(Object.fromEntries(ports)).toEqual({ https: listen.port, operations: operations.port });
    expect(service.spec!.ports!.map(({ targetPort }) => targetPort)).toEqual(['https']);
    const rules = of<INetworkPolicy>('NetworkPolicy').spec!.ingress!;
    expect(rules.map((rule) => rule.ports!.map(({ port }) => port))).toEqual([['https'], ['operations']]);
    expect(listen.hosts).toEqual([service.metadata!.name, SERVICE_NAME, `${SERVICE_NAME}.cluster.local`]);
  });

  it('runs the image of one process, in the version of the gateway', () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'apps/gateway/package.json'), 'utf8')) as {
      version: string;
    };
    expect(container.image).toBe(`mintonce/gateway-nopm2:${version}`);
    expect(container.command).toBeUndefined();
  });

  it('gives no more than is needed', () => {
    expect(template.spec).toMatchObject({ automountServiceAccountToken: false });
    expect(template.spec!.securityContext).toMatchObject({ runAsNonRoot: true });
    const { runAsUser, runAsGroup } = template.spec!.securityContext!;
    expect(`${runAsUser}:${runAsGroup}`).toBe(imageOf('gateway-nopm2').user);
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });

  it('gives a pod the time that the gateway takes to end, after the time in which it is still sent requests', () => {
    const [program, seconds] = container.lifecycle!.preStop!.exec!.command!;
    expect(program).toBe('sleep');
    expect(template.spec!.terminationGracePeriodSeconds).toBeGreaterThan(Number(seconds) + 16);
  });

  if (!canContain()) {
    it.skip(`is not run: ${CONTAINERS_NEED}`, () => {});
  } else {
    describe('in containers of this machine', () => {
      const secrets = {
        'billing-client-secret': 's3cret',
        'redis-password': 'a-redis-password',
        'token-key': randomBytes(32).toString('base64'),
      };
      let directory: TemporaryDirectory;
      let world: OutsideWorld;
      let pod: Container;
      let gateway: NodeProcess;
      let key: string;
      let ca: string;

      beforeAll(async () => {
        directory = temporaryDirectory();
        const at = (name: string) => join(directory.path, name);
        world = await startOutsideWorld(directory.path, { [SERVICE_NAME]: '172.28.0.2', redis: '172.28.0.3' });
        await world.network.run(['redis-server', '--requirepass', secrets['redis-password'], '--save', '']);
        const made = makeKey();
        key = made.key;
        // The hash of the manifest is that of a key which no one has.
        const config = configMap.data!['gateway.yaml']!.replace(/sha256: [0-9a-f]{64}/, `sha256: ${made.sha256}`);
        const authority = await certificateAuthority();
        ca = authority.cert;
        const tls = await authority.issue(SERVICE_NAME);
        const sources = {
          configMaps: { 'mintonce-gateway': projectedVolume(at('config'), { 'gateway.yaml': config }) },
          secrets: {
            'mintonce-gateway': projectedVolume(at('secret'), secrets),
            'mintonce-gateway-tls': projectedVolume(at('tls'), { 'tls.crt': tls.cert, 'tls.key': tls.key }),
          },
        };
        pod = await startPod(deployment, sources, world);
        const image = imageOf('gateway-nopm2');
        gateway = await pod.run(image.command, environmentOf(deployment, image));
        await waitFor(async () => !gateway.running || (await probe(container.startupProbe!)) === 200);
        if (!gateway.running) throw new Error(gateway.output());
      });
      afterAll(async () => {
        await pod?.stop();
        await world?.stop();
        directory.remove();
      });

      /** What another container of the network prints when it runs a script. */
      async function elsewhere(script: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
        const program = await world.network.run([process.execPath, '-e', script], env);
        await program.exited;
        return program.output().trim();
      }
      /** The status that the kubelet gets, at the address of the pod. */
      const probe = async ({ httpGet }: IProbe) =>
        Number(
          await elsewhere(
            `fetch('http://172.28.0.2:${ports.get(String(httpGet!.port))}${httpGet!.path}').then((a) => console.log(a.status), () => console.log(0))`,
          ),
        );
      /** A caller that trusts the authority of the gateway's certificate. */
      function call(): Promise<string> {
        writeFileSync(join(directory.path, 'gateway-ca.pem'), ca);
        const url = `https://${SERVICE_NAME}:${listen.port}/proxy/billing/invoices`;
        return elsewhere(
          `fetch('${url}', { headers: { authorization: 'Bearer ${key}' } }).then(async (a) => console.log(a.status, await a.text()), console.error)`,
          { NODE_EXTRA_CA_CERTS: join(directory.path, 'gateway-ca.pem') },
        );
      }

      it('passes every probe of the Deployment', async () => {
        const { startupProbe, readinessProbe, livenessProbe } = container;
        for (const one of [startupProbe, readinessProbe, livenessProbe]) expect(await probe(one!)).toBe(200);
      });

      it('serves a caller by the name of the Service, over TLS, with one token', async () => {
        for (let count = 0; count < 3; count++) expect(await call()).toBe('200 {"invoices":[]}');
        expect(world.mints()).toBe(1);
        expect(world.requests().at(-1)).toMatch(/^upstream \/api\/invoices Bearer [\w-]{36} undefined$/);
      });

      it('passes the health check of the image as well, which finds the door for operations', async () => {
        const image = imageOf('gateway-nopm2');
        const check = await pod.run(image.healthCheck, environmentOf(deployment, image));
        expect([await check.exited, check.output()]).toEqual([{ code: 0, signal: null }, '']);
      });

      it('ends with 0 at SIGTERM', async () => {
        expect(await gateway.stop()).toEqual({ code: 0, signal: null });
      });
    });
  }
});
