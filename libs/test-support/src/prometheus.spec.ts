import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensurePrometheus, PROMETHEUS_IS_MISSING, startPrometheus } from './prometheus.js';
import { temporaryDirectory } from './temporary-directory.js';

const programs = ensurePrometheus();

if (!programs) {
  it.skip(`Prometheus is not started: ${PROMETHEUS_IS_MISSING}`, () => {});
} else {
  describe('startPrometheus', () => {
    it('starts one that answers queries, and leaves nothing behind', async () => {
      const directory = temporaryDirectory();
      const config = join(directory.path, 'prometheus.yaml');
      writeFileSync(config, 'global: { scrape_interval: 1s }\n');
      const prometheus = await startPrometheus({ programs, config });
      expect((await prometheus.query('vector(7)')).map(({ value }) => value[1])).toEqual(['7']);
      expect(await prometheus.alerts()).toEqual([]);
      await expect(prometheus.query('7')).rejects.toThrow('7 is a scalar and no vector');
      await expect(prometheus.query('sum(')).rejects.toThrow('Prometheus refuses');
      await prometheus.stop();
      await expect(fetch(prometheus.url)).rejects.toThrow();
      directory.remove();
    });

    it('tells what is wrong with its configuration', async () => {
      const directory = temporaryDirectory();
      const config = join(directory.path, 'prometheus.yaml');
      writeFileSync(config, 'globule: {}\n');
      await expect(startPrometheus({ programs, config })).rejects.toThrow('field globule not found');
      directory.remove();
    });
  });
}
