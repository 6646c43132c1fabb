// Shows the OpenAPI document of this gateway. It asks nobody else.
globalThis.SwaggerUIBundle({ url: 'docs/openapi.json', dom_id: '#docs', validatorUrl: null, deepLinking: true });
