import fastify from 'fastify';
import { expect, test } from 'vitest';

import { compileSerializersOnce } from '../../../api/plugins/serializers.ts';

const object = (...names: string[]) => ({
  type: 'object',
  properties: Object.fromEntries(names.map((name) => [name, { type: 'string' }])),
});
const PROBLEM = { $id: 'Problem', ...object('code') };
const problem = () => ({ $ref: 'Problem#' });
const ROUTES = ['one', 'two', 'three', 'four'];

/** An app whose routes answer what no schema has whole: `ok` with 200, and the rest with a problem. */
function buildApp() {
  const app = fastify();
  compileSerializersOnce(app);
  app.addSchema(PROBLEM);
  for (const name of ROUTES) {
    const response = { 200: object(name), 404: problem(), 409: problem(), 503: problem() };
    app.get(`/${name}`, { schema: { response } }, () => ({ one: '1', two: '2', three: '3' }));
    app.get(`/${name}/bad`, { schema: { response } }, (_, reply) =>
      reply.code(409).send({ code: name, secret: 'hidden' }),
    );
  }
  return app;
}

test('each route answers what its own schema has, and the same problem as the others', async () => {
  const app = buildApp();
  for (const [index, name] of ROUTES.entries()) {
    const known = index < 3 ? { [name]: String(index + 1) } : {};
    expect((await app.inject(`/${name}`)).json()).toEqual(known);
    expect((await app.inject(`/${name}/bad`)).json()).toEqual({ code: name });
  }
  await app.close();
});

test('a schema is compiled for the first route that has it, and not for those after', async () => {
  const app = buildApp();
  const compiled: string[] = [];
  app.setSerializerCompiler(({ schema }) => {
    compiled.push(JSON.stringify(schema));
    return JSON.stringify;
  });
  await app.ready();
  const firstRoute = [object('one'), problem(), problem(), problem()];
  const others = [object('one'), problem(), object('two'), object('three'), object('four')];
  expect(compiled.sort()).toEqual(
    [...firstRoute, ...others].map((schema) => JSON.stringify(schema)).sort(),
  );
  await app.close();
});
