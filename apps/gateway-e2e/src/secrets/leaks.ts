/** Something that must not be found anywhere: what it is for people, and its value. */
export interface Secret {
  readonly name: string;
  readonly value: string;
}

/** Everything that was written to one place, by the name of the place. */
export type Places = Readonly<Record<string, string>>;

/** The forms in which a secret may be written, by name. */
export function formsOf(value: string): Readonly<Record<string, readonly string[]>> {
  const base64 = [0, 1, 2].map((offset) => base64At(value, offset));
  return {
    'as it is': [value],
    'in JSON': [JSON.stringify(value).slice(1, -1)],
    'URL-encoded': [encodeURIComponent(value), encodeURIComponent(value).toLowerCase(), encodeURI(value)],
    'in base64': base64,
    'in base64url': base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
    'in hex': [Buffer.from(value).toString('hex'), Buffer.from(value).toString('hex').toUpperCase()],
  };
}

/** Which secret is found in which place, and in which form. */
export function leaksIn(places: Places, secrets: readonly Secret[]): string[] {
  return secrets.flatMap(({ name, value }) =>
    Object.entries(formsOf(value)).flatMap(([form, texts]) =>
      Object.entries(places)
        .filter(([, content]) => texts.some((text) => content.includes(text)))
        .map(([place]) => `${name} ${form} in ${place}`),
    ),
  );
}

/** What of the base64 of a longer text, in which the value begins after `offset` bytes of a group, is the value's alone. */
function base64At(value: string, offset: number): string {
  const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(value)]);
  const whole = Buffer.from(bytes.subarray(0, bytes.length - (bytes.length % 3))).toString('base64');
  return whole.slice(offset === 0 ? 0 : 4);
}
