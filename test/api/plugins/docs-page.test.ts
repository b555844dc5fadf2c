import { afterAll, beforeAll, expect, test } from 'vitest';

import committed from '../../../api/openapi.json' with { type: 'json' };
import { apiWithoutTemporal } from '../../support/api-without-temporal.ts';

// Goal: the page of the API works where there is no network but the API. Method: what it names is asked for.

let app: Awaited<ReturnType<typeof apiWithoutTemporal>>;

beforeAll(async () => {
  app = await apiWithoutTemporal();
});

afterAll(async () => {
  await app.close();
});

test.each(['/docs', '/docs/'])('the page at %s names only files that the API has', async (url) => {
  const page = await app.inject(url);
  expect(page.statusCode).toBe(200);
  expect(page.headers['content-type']).toContain('text/html');
  expect(page.body).not.toMatch(/(src|href)="(https?:)?\/\//);
  const files = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file = '']) => file);
  expect(files.length).toBeGreaterThan(4);
  for (const file of files) {
    const path = new URL(file, 'http://api/docs/').pathname;
    expect((await app.inject(path)).statusCode, path).toBe(200);
  }
});

test('the page shows the OpenAPI document, runs its own scripts alone and has none of its own', async () => {
  const page = await app.inject('/docs');
  expect(page.headers['content-security-policy']).toContain(
    "default-src 'none'; script-src 'self'",
  );
  expect(page.headers['content-security-policy']).not.toContain('unsafe');
  expect(page.body).not.toMatch(/<script(?![^>]*src=)|<style|style=|onload=/);
  expect((await app.inject('/docs/json')).json()).toEqual(committed);
});

test('a file that the page does not have is a problem', async () => {
  const answer = await app.inject('/docs/static/nothing.js');
  expect(answer.headers['content-type']).toContain('application/problem+json');
  expect(answer.json()).toMatchObject({ status: 404, code: 'not-found' });
});
