/** Sends a command to the demo. */
export async function post(url: URL, body: object = {}): Promise<void> {
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(body) });
  if (!response.ok)
    throw new Error(`POST ${url.pathname} was answered with ${response.status}: ${await response.text()}`);
}

export async function read<T>(url: URL): Promise<T> {
  return (await (await fetch(url)).json()) as T;
}
