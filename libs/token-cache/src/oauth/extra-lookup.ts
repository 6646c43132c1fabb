import { TokenSourceUnavailableError } from '../core/contract/token-cache.errors.js';
import { asking } from './asking.js';
import { isHeaderValue } from './extra-fields.js';
import { trimSecret } from './oauth-client.config.js';
import { type ExtraValue, type OAuthClientOptions } from './oauth-client.options.js';
import { type RequestForm } from './request-form.js';

type Fields = [name: string, value: string][];

const HEADER_REMEDY = 'it must return visible ASCII, to stand in a header';
const PARAMETER_REMEDY = 'it must return a string that is not empty';

/**
 * The parameters and headers of a form, and those that functions of the options return.
 *
 * @throws TokenSourceUnavailableError when a function fails, or returns what cannot be sent
 */
export async function withLookedUpFields(
  form: RequestForm,
  { headers = {}, parameters = {} }: OAuthClientOptions,
  integration: string,
  signal: AbortSignal,
): Promise<Pick<RequestForm, 'headers' | 'parameters'>> {
  const values = async (kind: string, fields: Readonly<Record<string, unknown>>, remedy: string): Promise<Fields> => {
    const asked = functionsIn(fields).map(async ([name, ask]): Promise<[string, string]> => {
      const what = `${kind}.${name}() of "${integration}"`;
      const found = await asking({ what, remedy }, signal, ask);
      const value = typeof found === 'string' ? trimSecret(found) : '';
      if (kind === 'headers' ? isHeaderValue(value) : value !== '') return [name, value];
      throw new TokenSourceUnavailableError(`${what} returned nothing that can be sent: ${remedy}`, {
        binds: 'process',
      });
    });
    return Promise.all(asked);
  };
  const sent = new URLSearchParams(form.parameters);
  for (const [name, value] of await values('parameters', parameters, PARAMETER_REMEDY)) sent.append(name, value);
  const lookedUp = await values('headers', headers, HEADER_REMEDY);
  return { headers: { ...form.headers, ...Object.fromEntries(lookedUp) }, parameters: sent };
}

function functionsIn(fields: Readonly<Record<string, unknown>>): [string, Exclude<ExtraValue, string>][] {
  return Object.entries(fields).flatMap(([name, values]) =>
    [values]
      .flat()
      .flatMap((value): [string, Exclude<ExtraValue, string>][] =>
        typeof value === 'function' ? [[name, value as Exclude<ExtraValue, string>]] : [],
      ),
  );
}
