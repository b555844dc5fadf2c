import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';

import { type Fields, fields } from '../../domain/fields.ts';
import { operationId } from './operation-ids.ts';

type TransformObject = NonNullable<FastifyDynamicSwaggerOptions['transformObject']>;

/** What the plugin does not say of the operations in the OpenAPI document, or not as it is. */
export const describeOperations: TransformObject = (document) => {
  if (!('openapiObject' in document)) {
    return document.swaggerObject;
  }
  const { openapiObject } = document;
  const paths = fields(openapiObject.paths);
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(fields(methods))) {
      const name = operationId(method, path, Object.keys(paths));
      Object.assign(fields(operation), { operationId: name });
      letBodyBeLeftOut(fields(operation));
    }
  }
  return openapiObject;
};

/**
 * Says that a body may be left out where the route takes `null`, which is what a request without a body is for the
 * validation. The plugin says of every body that it is required.
 */
function letBodyBeLeftOut(operation: Fields): void {
  const body = operation['requestBody'];
  if (typeof body === 'object' && body !== null && takesNull(body)) {
    Object.assign(body, { required: false });
  }
}

function takesNull(body: object): boolean {
  const { schema } = fields(fields(fields(body)['content'])['application/json']);
  const choices = fields(schema)['anyOf'];
  return Array.isArray(choices) && choices.some((choice) => fields(choice)['type'] === 'null');
}
