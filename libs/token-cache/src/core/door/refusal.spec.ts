import { answerAbout } from './refusal.js';

describe('answerAbout', () => {
  it.each([
    [199, 'indifferent'],
    [200, 'accepted'],
    [204, 'accepted'],
    [299, 'accepted'],
    [300, 'indifferent'],
    [302, 'indifferent'],
    [401, 'rejected'],
    [403, 'indifferent'],
    [404, 'indifferent'],
    [503, 'indifferent'],
  ])('takes a %i for %s by default', (status, answer) => {
    expect(answerAbout({ status }, [401])).toBe(answer);
  });

  it.each([401, 403])('takes a %i for a rejection when the policy says so', (status) => {
    expect(answerAbout({ status }, [401, 403])).toBe('rejected');
  });

  it.each([
    ['no challenge', undefined, 'rejected'],
    ['no challenge', null, 'rejected'],
    ['a challenge without an error', 'Bearer realm="api"', 'rejected'],
    ['an invalid token', 'Bearer error="invalid_token", error_description="expired"', 'rejected'],
    ['a description that quotes another error', 'Bearer error_description="error=insufficient_scope"', 'rejected'],
    ['a scope that does not suffice', 'Bearer realm="api", error="insufficient_scope", scope="a b"', 'excused'],
    ['a scope that does not suffice, unquoted', 'Bearer error=insufficient_scope', 'excused'],
    ['a malformed request', 'bearer ERROR = "invalid_request"', 'excused'],
    ['a login that is too old', 'Bearer error="insufficient_user_authentication", acr_values="2"', 'excused'],
    ['a missing nonce', 'DPoP error="use_dpop_nonce"', 'excused'],
    ['an error without a scheme', 'error="insufficient_scope"', 'excused'],
    ['several challenges, none of which excuses it', ['Basic realm="x"', 'Bearer error="invalid_token"'], 'rejected'],
    ['an error that ends in the name of another', ['Bearer realm="x"', 'no_error="insufficient_scope"'], 'rejected'],
    ['one challenge of several', ['Basic realm="x"', 'Bearer error="insufficient_scope"'], 'excused'],
    ['several challenges in one line', 'Basic realm="x", Bearer error="insufficient_scope"', 'excused'],
  ])('reads a refusal with %s as it is meant', (_what, wwwAuthenticate, answer) => {
    expect(answerAbout({ status: 401, wwwAuthenticate }, [401])).toBe(answer);
  });
});
