import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { Client, Connection } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';

import type { ObjectStore } from '../../storage/object-store/port.ts';
import { readAll } from '../../storage/object-store/read-all.ts';
import type { Place } from './secret-search.ts';

/** A value that nobody else has, of letters and digits. */
export function plantedValue(what: string): string {
  return `planted0${what}0${randomBytes(12).toString('hex')}`;
}

/** The file of static tokens for one caller. */
export async function writeTokens(file: string, username: string, token: string): Promise<void> {
  const sha256 = createHash('sha256').update(token).digest('hex');
  await writeFile(file, JSON.stringify([{ username, groups: [], sha256 }]));
}

/** A caller with a token who remembers every answer as it came. */
export class RememberingCaller {
  readonly answers: Place[] = [];
  readonly #apiUrl: string;
  readonly #token: string;

  constructor(apiUrl: string, token: string) {
    this.#apiUrl = apiUrl;
    this.#token = token;
  }

  async ask<Body>(method: string, path: string, body?: object): Promise<Body> {
    const response = await fetch(`${this.#apiUrl}/api/v1${path}`, {
      method,
      body: body === undefined ? null : JSON.stringify(body),
      headers: {
        authorization: `Bearer ${this.#token}`,
        prefer: 'wait=30',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
    });
    const content = Buffer.from(await response.arrayBuffer());
    const headers = JSON.stringify([...response.headers]);
    const place = `${method} ${path}: ${String(response.status)}`;
    this.answers.push({ place, content }, { place: `${place} headers`, content: headers });
    const isJson = /[/+]json/.test(response.headers.get('content-type') ?? '');
    // Each test names the type that it expects and looks at what came.
    return (isJson && content.length > 0 ? JSON.parse(content.toString()) : undefined) as Body;
  }
}

/** All that a Temporal server tells of its workflows and schedules. */
export async function toldByTemporal(address: string): Promise<Place[]> {
  const connection = await Connection.connect({ address });
  const client = new Client({ connection });
  const places: Place[] = [];
  for await (const { workflowId, runId } of client.workflow.list()) {
    const handle = client.workflow.getHandle(workflowId, runId);
    const history = historyToJSON(await handle.fetchHistory());
    const { raw } = await handle.describe();
    places.push(
      { place: `history of ${workflowId}`, content: history },
      { place: `description of ${workflowId}`, content: withBytes(raw) },
    );
  }
  for await (const { scheduleId } of client.schedule.list()) {
    const { raw } = await client.schedule.getHandle(scheduleId).describe();
    places.push({ place: `schedule ${scheduleId}`, content: withBytes(raw) });
  }
  await connection.close();
  return places;
}

/** JSON whose bytes are in base64. */
function withBytes(value: object): string {
  return JSON.stringify(value, (_, one: unknown) =>
    one instanceof Uint8Array ? Buffer.from(one).toString('base64') : one,
  );
}

/** Files of a folder whose names begin so. */
export async function filesOf(folder: string, start: string): Promise<Place[]> {
  const names = (await readdir(folder)).filter((name) => name.startsWith(start));
  return Promise.all(
    names.map(async (name) => ({ place: name, content: await readFile(join(folder, name)) })),
  );
}

/** All objects of a location. */
export async function objectsOf(store: ObjectStore): Promise<Place[]> {
  const places: Place[] = [];
  for await (const page of store.list('')) {
    for (const { key } of page) {
      places.push({ place: key, content: await readAll(store, key) });
    }
  }
  return places;
}
