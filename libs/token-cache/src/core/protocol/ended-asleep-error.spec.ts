import { TokenResponseInvalidError } from '../contract/token-cache.errors.js';
import { EndedAsleepError } from './ended-asleep-error.js';

it('An error of a token that ended while the machine slept is, for callers, one of the answer', () => {
  const error = new EndedAsleepError('The token had ended');
  expect(error).toBeInstanceOf(TokenResponseInvalidError);
  expect([error.name, error.code]).toEqual(['TokenResponseInvalidError', 'TOKEN_RESPONSE_INVALID']);
});
