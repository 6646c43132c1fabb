import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Container, type ContainerOptions, canContain, CONTAINERS_NEED, startContainer } from './container.js';
import { type TemporaryDirectory, temporaryDirectory } from './temporary-directory.js';

if (!canContain()) {
  it.skip(`A container is not tested: ${CONTAINERS_NEED}`, () => {});
} else {
  describe('A container', () => {
    let directory: TemporaryDirectory;
    const started: Container[] = [];

    beforeEach(() => (directory = temporaryDirectory()));
    afterEach(async () => {
      for (const container of started.splice(0).reverse()) await container.stop();
      directory.remove();
    });

    async function start(options?: ContainerOptions): Promise<Container> {
      const container = await startContainer(options);
      started.push(container);
      return container;
    }
    async function sh(container: Container, command: string, env?: NodeJS.ProcessEnv): Promise<string> {
      const program = await container.run(['sh', '-c', command], env);
      await program.exited;
      return program.output().trim();
    }

    it('changes no file of the machine', async () => {
      const container = await start();
      const path = join(directory.path, 'new');
      expect(await sh(container, `mkdir -p ${directory.path} && echo here > ${path} && cat ${path}`)).toBe('here');
      expect(existsSync(path)).toBe(false);
    });

    it('has what is mounted, as it is now, and the names that it is given', async () => {
      mkdirSync(join(directory.path, 'secrets'));
      writeFileSync(join(directory.path, 'config'), 'config');
      const mounts = {
        '/run/secrets/nested': join(directory.path, 'secrets'),
        '/etc/gone/config': join(directory.path, 'config'),
      };
      const container = await start({ mounts, hosts: { upstream: '172.28.0.7' } });
      writeFileSync(join(directory.path, 'secrets', 'later'), 'later');
      expect(await sh(container, 'cat /etc/gone/config /run/secrets/nested/later')).toBe('configlater');
      expect(await sh(container, 'getent hosts upstream')).toMatch(/^172\.28\.0\.7\s+upstream$/);
      expect(await sh(container, 'echo $A $HOME', { A: 'a' })).toBe('a');
    });

    it('lets a user without privileges write where that is allowed, and nowhere else', async () => {
      const container = await start({ tmpfs: ['/var/lib/own'], isReadOnly: true, user: '10001:10001', cwd: '/usr' });
      expect(await sh(container, 'id -u; id -g; pwd')).toBe('10001\n10001\n/usr');
      expect(await sh(container, 'echo yes > /var/lib/own/x && cat /var/lib/own/x')).toBe('yes');
      expect(await sh(await start({ isReadOnly: true }), 'echo no > /etc/x')).toContain('Read-only file system');
    });

    it('is reached by a container of the same network, at an address of that network alone', async () => {
      const serve = `require('net').createServer((s) => s.end('answer')).listen(7000, '0.0.0.0', () => console.log('on'))`;
      const ask = `require('net').connect(7000, 'server').on('error', (e) => console.log(e.code)).pipe(process.stdout)`;
      const hosts = { server: '172.28.0.8' };
      const server = await start({ hosts });
      const client = await start({ hosts, network: server });
      const program = await server.run([process.execPath, '-e', serve], {});
      await program.waitForOutput(/on/);
      expect(await sh(client, `${process.execPath} -e "${ask}"`)).toBe('answer');
      expect(await sh(await start({ hosts }), `${process.execPath} -e "${ask}"`)).toBe('ECONNREFUSED');
    });
  });
}
