import { type OpenAPIObject } from '@nestjs/swagger';

type PathItem = OpenAPIObject['paths'][string];

/** Methods that OpenAPI knows. The proxy forwards every other one as well. */
const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'] as const;

/** The route of the proxy, which is no controller of Nest: `/proxy/*` by every method. */
export const PROXY_PATH = '/proxy/{integration}/{path}';

/** The proxy in the document. */
export function proxyPaths(): OpenAPIObject['paths'] {
  const parameter = (name: string, description: string) => ({
    name,
    in: 'path' as const,
    required: true,
    description,
    schema: { type: 'string' },
  });
  const item: PathItem = {
    parameters: [
      parameter('integration', 'Name of the integration'),
      parameter('path', "The rest of the path, slashes included: it is put behind the upstream's base"),
    ],
  };
  for (const method of METHODS) {
    item[method] = {
      tags: ['proxy'],
      operationId: `proxy_${method}`,
      summary: "Forwards the request to the integration's upstream, with its token",
      responses: { '2XX': { description: "The upstream's answer, whatever its status" } },
    };
  }
  return { [PROXY_PATH]: item };
}
