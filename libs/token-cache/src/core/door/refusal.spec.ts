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

  it.each([200, 401])('takes a %i for indifferent when the request did not carry the token', (status) => {
    expect(answerAbout({ status, carriedToken: false }, [401])).toBe('indifferent');
  });

  it.each([
    ['no challenge', undefined, 'rejected'],
    ['no challenge', null, 'rejected'],
    ['a challenge without an error', 'Bearer realm="api"', 'rejected'],
    ['an invalid token', 'Bearer error="invalid_token", error_description="expired"', 'rejected'],
    ['a description that quotes another error', 'Bearer error_description="error=insufficient_scope"', 'rejected'],
    ['a description that quotes a parameter', 'Bearer error_description="see, error=insufficient_scope"', 'rejected'],
    ['a description with escaped quotes', 'Bearer error_description="\\", error=\\"insufficient_scope\\""', 'rejected'],
    ['a realm without an end', 'Bearer realm="api, error=insufficient_scope', 'rejected'],
    ['a realm without an end, in another field', ['Basic realm="a', 'Bearer error="insufficient_scope"'], 'excused'],
    ['a string that belongs to no parameter', 'Bearer "a, error=insufficient_scope"', 'rejected'],
    ['a string without an end', 'Bearer "a, error=insufficient_scope', 'rejected'],
    ['a scope that does not suffice, without an end', 'Bearer error="insufficient_scope', 'excused'],
    ['an error that nobody knows', 'Bearer error="insufficient_scopes"', 'rejected'],
    ['an empty error', 'Bearer error=""', 'rejected'],
    ['an empty challenge', '', 'rejected'],
    [
      'claims that a revoked token lacks, as Entra ID asks for',
      'Bearer error="insufficient_claims", claims="eyJ9"',
      'rejected',
    ],
    ['credentials of another scheme', 'Negotiate YWJjZGVm==, Bearer error="invalid_token"', 'rejected'],
    ['an invalid token beside another fault', 'DPoP error="use_dpop_nonce", Bearer error="invalid_token"', 'rejected'],
    ['an invalid token before another fault', ['Bearer error=invalid_token', 'X error=invalid_request'], 'rejected'],
    ['a scope that does not suffice', 'Bearer realm="api", error="insufficient_scope", scope="a b"', 'excused'],
    ['a scope that does not suffice, unquoted', 'Bearer error=insufficient_scope', 'excused'],
    [
      'a scope that does not suffice, after a realm with a comma',
      'Bearer realm="a, b",error="insufficient_scope"',
      'excused',
    ],
    [
      'a scope that does not suffice, after a realm with quotes',
      'Bearer realm="\\"a\\"", error=insufficient_scope',
      'excused',
    ],
    ['a scope that does not suffice, in capitals', 'BEARER Error="Insufficient_Scope"', 'excused'],
    ['a scope that does not suffice, with escapes', 'Bearer error="insufficient\\_scope"', 'excused'],
    ['a scope that does not suffice, with semicolons', 'Bearer error=insufficient_scope; scope=a', 'excused'],
    [
      'a scope that does not suffice, after credentials',
      'Negotiate YWJjZGVm==, Bearer error=insufficient_scope',
      'excused',
    ],
    ['a malformed request', 'bearer ERROR = "invalid_request"', 'excused'],
    ['a login that is too old', 'Bearer error="insufficient_user_authentication", acr_values="2"', 'excused'],
    ['a missing nonce', 'DPoP error="use_dpop_nonce"', 'excused'],
    ['an error without a scheme', 'error="insufficient_scope"', 'excused'],
    ['several challenges, none of which excuses it', ['Basic realm="x"', 'Bearer error="invalid_token"'], 'rejected'],
    ['an error that ends in the name of another', ['Bearer realm="x"', 'no_error="insufficient_scope"'], 'rejected'],
    ['one challenge of several', ['Basic realm="x"', 'Bearer error="insufficient_scope"'], 'excused'],
    ['several challenges in one line', 'Basic realm="x", Bearer error="insufficient_scope"', 'excused'],
  ])('reads a refusal with %s as it is meant', (_what, wwwAuthenticate, answer) => {
    for (const status of [400, 401, 403]) {
      expect(answerAbout({ status, wwwAuthenticate }, [400, 401, 403])).toBe(answer);
    }
  });

  it.each([
    ['one word', 'a'.repeat(16_000)],
    ['escapes', '"\\'.repeat(8_000)],
    ['spaces', ' '.repeat(16_000)],
    ['quotes', '="'.repeat(8_000)],
    ['parameters without a value', 'a= '.repeat(5_000)],
  ])('reads a long hostile challenge of %s in time', (_what, wwwAuthenticate) => {
    expect(answerAbout({ status: 401, wwwAuthenticate }, [401])).toBe('rejected');
  });
});
