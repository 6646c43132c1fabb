import { waitFor } from '@mintonce/test-support';
import { billingTokens, CredentialServer } from '../../testing/credential-server.spec-support.js';
import { FakeTokenSource } from '../../testing/fake-token-source.js';

it('A token that was accepted a moment ago is refreshed although the refused body cannot be sent again', async () => {
  const server = await CredentialServer.start();
  const source = new FakeTokenSource();
  const tokens = billingTokens(source);
  await tokens.fetch('billing', server.url);
  server.accepted = 't-token-2';
  const body = new Blob(['x']).stream();
  const refused = await tokens.fetch('billing', server.url, { method: 'POST', duplex: 'half', body });

  expect(refused.status).toBe(401);
  await waitFor(() => source.calls.length === 2);
  await tokens.close();
  server.stop();
});
