import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';

import { fields } from '../../domain/fields.ts';

type TransformObject = NonNullable<FastifyDynamicSwaggerOptions['transformObject']>;

/**
 * Says in the OpenAPI document that a body may be left out where the route takes `null`, which is what a request without
 * a body is for the validation. The plugin says of every body that it is required.
 */
export const withOptionalBodies: TransformObject = (document) => {
  if (!('openapiObject' in document)) {
    return document.swaggerObject;
  }
  const { openapiObject } = document;
  for (const operation of Object.values(fields(openapiObject.paths)).flatMap(operationsOf)) {
    const body = fields(operation)['requestBody'];
    if (typeof body === 'object' && body !== null && takesNull(body)) {
      Object.assign(body, { required: false });
    }
  }
  return openapiObject;
};

function operationsOf(path: unknown): unknown[] {
  return Object.values(fields(path));
}

function takesNull(body: object): boolean {
  const { schema } = fields(fields(fields(body)['content'])['application/json']);
  const choices = fields(schema)['anyOf'];
  return Array.isArray(choices) && choices.some((choice) => fields(choice)['type'] === 'null');
}
