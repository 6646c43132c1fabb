import { type DemoProcess, startDemo } from '@mintonce/demo';
import { waitFor } from '@mintonce/test-support';
import { RESPONSE_INVALID, UNAUTHORIZED } from './causes.js';
import { judgeFailures } from './excuses.js';
import { IdpWitness, REVOKES_ALL } from './idp-witness.js';
import { INTEGRATIONS } from './policy.js';

const CLIENT_SECRET = 'secret';

describe('What the identity provider was asked', () => {
  let demo: DemoProcess;
  let witness: IdpWitness;

  beforeAll(async () => (demo = await startDemo({ clientSecret: CLIENT_SECRET })));
  beforeEach(async () => {
    await demo.idp.reset();
    witness = new IdpWitness(demo.idp);
  });
  afterAll(() => demo?.stop());

  async function ask(times: number): Promise<void> {
    const basic = Buffer.from(`${INTEGRATIONS.demo.clientId}:${CLIENT_SECRET}`).toString('base64');
    for (; times > 0; times--) {
      await fetch(`${demo.idp.issuer}/token`, {
        method: 'POST',
        headers: { Authorization: `Basic ${basic}` },
        body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'api:read' }),
      });
    }
    await witness.look();
  }

  it('is a birth for each new token', async () => {
    await ask(3);
    expect(witness.birthsOf('demo')).toHaveLength(3);
    expect(witness.repeatsFor('demo')).toBe(0);
  });

  it('is a birth for each failure, which may have been for a token that had ended', async () => {
    await demo.idp.configure({ failWith: { status: 503 } });
    await ask(2);
    expect(witness.birthsOf('demo')).toHaveLength(2);
    expect(witness.givenTo('demo')).toBe(0);
  });

  it('is allowed for three times when it was for a token that the client had, however often that was', async () => {
    await demo.idp.configure({ repeatsTokens: true });
    await ask(2);
    expect(witness.repeatsFor('demo')).toBe(1);
    await ask(6);
    expect(witness.repeatsFor('demo')).toBe(3);
    expect(witness.birthsOf('demo')).toHaveLength(1);
    expect(witness.startsOf('demo')).toHaveLength(8);
    expect(witness.repeatsFor('other')).toBe(0);
  });

  it('excuses callers without a token once the provider has said that the token is over, and not before', async () => {
    await demo.idp.configure({ repeatsTokens: true, tokenLifetimeMs: 2_000 });
    await ask(1);
    const hear = () => {
      const at = performance.now();
      const failure = { kind: 'echo', cause: RESPONSE_INVALID, startedAt: at, endedAt: at };
      return judgeFailures([failure], witness.lifelessAnswers()).unexcused.length;
    };
    expect(hear()).toBe(1);
    await waitFor(async () => {
      await ask(1);
      return witness.lifelessAnswers().length > 0;
    });
    expect(hear()).toBe(0);
  });

  it('excuses a refusal where a token was revoked that had just replaced another, and not elsewhere', async () => {
    const refusedAt = (at: number): number => {
      const revoked = { name: REVOKES_ALL, excuses: [], healingMs: 0, startedAt: at, endedAt: at + 5 };
      const failure = { kind: 'echo', cause: UNAUTHORIZED, startedAt: at, endedAt: at + 20 };
      return judgeFailures([failure], witness.revokedPairs([revoked])).unexcused.length;
    };
    await ask(1);
    const givenAt = witness.lastStartedAt - performance.timeOrigin;
    expect(refusedAt(givenAt + 300)).toBe(0);
    expect(refusedAt(givenAt + 5_000)).toBe(1);
    expect(refusedAt(givenAt - 300)).toBe(1);
  });
});
