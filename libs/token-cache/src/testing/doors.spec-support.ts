import axios from 'axios';
import { Agent, request } from 'undici';
import { useToken } from '../axios/use-token.js';
import { type TokenClient } from '../core/token-client.js';
import { tokenInterceptor } from '../undici/token-interceptor.js';

/** Sends a GET with the token of `billing`; gives the status that the caller gets. */
export type Door = (tokens: TokenClient, url: string, headers: Record<string, string>) => Promise<number>;

/** The clients that the library has an adapter for. */
export const DOORS: Record<string, Door> = {
  fetch: async (tokens, url, headers) => (await tokens.fetch('billing', url, { headers })).status,
  undici: async (tokens, url, headers) => {
    const dispatcher = new Agent().compose(tokenInterceptor(tokens, 'billing'));
    const { statusCode, body } = await request(url, { headers, dispatcher });
    await body.dump();
    await dispatcher.close();
    return statusCode;
  },
  axios: async (tokens, url, headers) => {
    const client = axios.create({ validateStatus: () => true });
    useToken(client, tokens, 'billing');
    return (await client.get(url, { headers })).status;
  },
};
