/** A kept connection may be closed by the other end just as a request is sent on it: the test would fail of that. */
const headers = { connection: 'close' };

/** Sends a command to the demo. */
export async function post(url: URL, body: object = {}): Promise<void> {
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!response.ok)
    throw new Error(`POST ${url.pathname} was answered with ${response.status}: ${await response.text()}`);
}

export async function read<T>(url: URL): Promise<T> {
  return (await (await fetch(url, { headers })).json()) as T;
}
