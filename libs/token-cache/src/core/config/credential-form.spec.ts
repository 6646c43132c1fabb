import { resolveCredential } from './credential-form.js';

const NO_FORM = 'must be a header with {token} in its value, such as "X-Api-Token: {token}"';
const NOT_OURS = 'must not be a header that the HTTP client sets itself';

describe('The option credential', () => {
  it('may be left out', () => {
    expect(resolveCredential('credential', undefined)).toBeUndefined();
  });

  it.each([
    ['X-Api-Token: {token}', 'x-api-token', '{token}'],
    ['X-Api-Token:{token}', 'x-api-token', '{token}'],
    ['Authorization:  {type} {token}', 'authorization', '{type} {token}'],
    ['X-Auth: "{token}"', 'x-auth', '"{token}"'],
    ['X-Host: {token}', 'x-host', '{token}'],
    ['Host-Token: {token}', 'host-token', '{token}'],
    ['X-Proxy-Token: {token}', 'x-proxy-token', '{token}'],
  ])('may be %p', (credential, header, value) => {
    expect(resolveCredential('credential', credential)).toEqual({ header, value });
  });

  it.each<[string, unknown, string]>([
    ['has no header', '{token}', NO_FORM],
    ['has an empty header', ': {token}', NO_FORM],
    ['has no token', 'X-Api-Token: token', NO_FORM],
    ['has two tokens', 'X-Api-Token: {token}{token}', NO_FORM],
    ['has a line break', 'X-Api-Token: {token}\r\nX-Admin: 1', NO_FORM],
    ['has a header with a space', 'X Api Token: {token}', NO_FORM],
    ['has a value that ends in a space', 'X-Api-Token: {token} ', NO_FORM],
    ['has a value with a letter outside ASCII', 'X-Api-Token: {token}é', NO_FORM],
    ['is empty', '', NO_FORM],
    ['is a list', ['X-Api-Token: {token}'], NO_FORM],
    ['is a number', 7, NO_FORM],
    ['says where the message goes', 'Host: {token}', NOT_OURS],
    ['says where the message ends', 'content-length: {token}', NOT_OURS],
    ['begins another protocol', 'HTTP2-Settings: {token}', NOT_OURS],
    ['is of this hop alone', 'Proxy-Authorization: Bearer {token}', NOT_OURS],
  ])('is refused when it %s', (_what, credential, problem) => {
    expect(() => resolveCredential('billing.credential', credential)).toThrow(
      expect.objectContaining({ field: 'billing.credential', message: `billing.credential ${problem}` }),
    );
  });
});
