import { ConfidentialClientApplication, type INetworkModule } from '@azure/msal-node';
import { type Contender } from '../harness/contest.js';
import { jwt, LIFE_MS } from './jwt.js';

/** A client of its own identity provider only; here it is given answers without a network. */
export function msal(): Contender {
  const authority = 'https://login.example/';
  const metadata = {
    issuer: authority,
    authorization_endpoint: authority,
    token_endpoint: authority,
    jwks_uri: authority,
  };
  const answer = (body: object) => Promise.resolve({ headers: {}, body, status: 200 });
  const networkClient = {
    sendGetRequestAsync: () => answer(metadata),
    sendPostRequestAsync: () => answer({ token_type: 'Bearer', expires_in: LIFE_MS / 1_000, access_token: jwt() }),
  } as INetworkModule;
  const application = new ConfidentialClientApplication({
    auth: {
      clientId: 'benchmark',
      clientSecret: 'secret',
      authority,
      knownAuthorities: ['login.example'],
      authorityMetadata: JSON.stringify(metadata),
    },
    system: { networkClient, protocolMode: 'OIDC' },
  });
  return {
    name: 'msal-node acquireTokenByClientCredential()',
    role: 'peer',
    async run(times) {
      for (let time = 0; time < times; time++) await application.acquireTokenByClientCredential({ scopes: ['api'] });
    },
  };
}
