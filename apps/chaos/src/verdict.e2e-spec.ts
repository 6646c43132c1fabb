import { join } from 'node:path';
import { type TemporaryDirectory, temporaryDirectory } from '@mintonce/test-support';
import { Fleet } from './fleet.js';

const WORKERS = 3;

/** Shows that each check of the verdict can fail. */
describe('The verdict on a fleet that breaks its promises', () => {
  let directory: TemporaryDirectory;
  let fleet: Fleet;

  beforeAll(async () => {
    directory = temporaryDirectory();
    const store = (worker: number) => ({ kind: 'sqlite' as const, path: join(directory.path, `${worker}.sqlite`) });
    fleet = await Fleet.start({ workers: WORKERS, store });
  });

  afterAll(async () => {
    await fleet?.stop();
    directory.remove();
  });

  it('counts the mints of processes that share nothing', async () => {
    const trial = await fleet.trial();
    await trial.burst(10);
    const { mints, bound, broken } = await trial.verdict();
    expect({ mints, bound }).toEqual({ mints: WORKERS, bound: 1 });
    expect(broken).toContainEqual(expect.stringContaining('3 mints, but no more than'));
  });

  it('finds a token of another key, one that was never minted and one past its expiry', async () => {
    const other = await fleet.trial();
    await other.burst(1);
    const trial = await fleet.trial();
    await fleet.idp.configure({ tokenLifetimeMs: 1_000 });
    await trial.burst(1);
    const [answer] = trial.answers;
    const [foreign] = other.answers;
    if (!answer || !foreign) throw new Error('nobody was answered');
    fleet.history.note('w0', {
      type: 'answers',
      answers: [
        { ...answer, token: foreign.token },
        { ...answer, token: 'made-up' },
        { ...answer, askedAt: answer.askedAt + 950 },
      ],
    });
    expect((await trial.verdict()).broken).toEqual(
      expect.arrayContaining([
        expect.stringContaining(`w0 gave a token of ${other.key} for ${trial.key}`),
        expect.stringContaining('made-up, which nobody minted'),
        expect.stringMatching(/past its hard expiry/),
      ]),
    );
  });

  it('finds a process that ends by itself', async () => {
    const trial = await fleet.trial();
    await trial.burst(1);
    const [victim] = fleet.workers;
    process.kill(Number(victim?.pid), 'SIGSEGV');
    await fleet.until(() => !victim?.isRunning);
    expect((await trial.verdict()).broken).toContainEqual(expect.stringContaining('w0 crashed'));
  });
});
