import { VISIBLE_ASCII } from './visible-ascii.js';

describe('Visible ASCII', () => {
  it.each([
    ['the first and the last character', '!~', true],
    ['one character', 'a', true],
    ['a token of base64', 'eyJ+/=.-_', true],
    ['nothing', '', false],
    ['a space before it', ' token', false],
    ['a space after it', 'token ', false],
    ['a space within it', 'to ken', false],
    ['a line end', 'token\n', false],
    ['a control character', 'to\x7fken', false],
    ['a letter of another alphabet', 'tökén', false],
  ])('with %s: %j %s', (_what, text, isVisible) => expect(VISIBLE_ASCII.test(text)).toBe(isVisible));
});
