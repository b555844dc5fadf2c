import type { FastifyInstance } from 'fastify';

type Serialize = (data: unknown) => string;

/**
 * Compiles each schema of answers once, where Fastify does for each route and status anew: most of them are the same
 * problem. Routes that were registered before are not concerned.
 */
export function compileSerializersOnce(app: FastifyInstance): void {
  const compiled = new Map<string, Serialize>();
  let isFirst = true;
  app.addHook('onRoute', (route) => {
    if (route.schema?.response === undefined) {
      return;
    }
    // Fastify makes its own compiler only for a route that brings none, and all others then find it.
    if (isFirst) {
      isFirst = false;
      return;
    }
    route.serializerCompiler = (definition) => {
      const key = JSON.stringify(definition.schema);
      const known = compiled.get(key);
      if (known !== undefined) {
        return known;
      }
      if (app.serializerCompiler === undefined) {
        throw new Error('no route without a compiler of its own was registered first');
      }
      const serialize = app.serializerCompiler(definition);
      compiled.set(key, serialize);
      return serialize;
    };
  });
}
