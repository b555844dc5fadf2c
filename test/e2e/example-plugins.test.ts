import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { BackupResource } from '../../domain/api-resource.ts';
import { applyYaml } from '../support/applied-yaml.ts';
import { dropNamespaces } from '../support/dropped-namespaces.ts';
import {
  type ExampleLanguage,
  ExamplePlugin,
  pythonEnvironment,
} from '../support/example-plugin.ts';
import { freshNamespace } from '../support/fresh-namespace.ts';
import { startHoldfast } from '../support/holdfast.ts';
import { Installation } from '../support/installation.ts';
import { kubectl } from '../support/kubectl.ts';
import { applyVolumePod } from '../support/volume-pods.ts';

// Goal: the example plugins do what they say, and outlive their own death. Method: each as a process of its own beside a
// real installation, and a claim with data in a real pod.

const LANGUAGES: readonly ExampleLanguage[] = ['typescript', 'python'];
const DATA_BYTES = 3_000_000;
/** So slow that an upload goes on until it is cut off. */
const SLOW = { bytesPerSecond: 100_000 };
const FILL = `mkdir -p data/a/b data/empty; echo hello > data/a/b/hello; ln -s a/b/hello data/link
head -c ${String(DATA_BYTES)} /dev/urandom > data/random`;
const LIST =
  'find . -type f | sort | xargs sha256sum; find . -type l | sort; find . -type d | sort';
/** What leaves the worker in Python when a library raises, and when the plugin itself says something. */
const PYTHON_FAILURES = `
import asyncio, json
from google.protobuf.json_format import MessageToDict
from temporalio.api.failure.v1 import Failure
from temporalio.converter import DefaultFailureConverter, DefaultPayloadConverter
from temporalio.worker import ActivityInboundInterceptor
from quiet import Quiet
from told import Told

class Failing(ActivityInboundInterceptor):
    async def execute_activity(self, error):
        try:
            raise KeyError("password: s3cr3t")
        except KeyError as cause:
            raise error from cause

async def sent(error):
    try:
        await Quiet().intercept_activity(Failing(None)).execute_activity(error)
    except Exception as failure:
        message = Failure()
        DefaultFailureConverter().to_failure(failure, DefaultPayloadConverter(), message)
        return MessageToDict(message)

async def main():
    print(json.dumps([await sent(ValueError("s3cr3t")), await sent(Told("the vault is sealed"))]))

asyncio.run(main())
`;
const PYTHON_EXAMPLE = fileURLToPath(new URL('../../examples/plugins/python/', import.meta.url));
const run = promisify(execFile);
let installation: Installation;
let namespace: string;
let folder: string;

beforeAll(async () => {
  [installation, namespace, folder] = await Promise.all([
    Installation.start(),
    freshNamespace('examples'),
    mkdtemp(join(tmpdir(), 'holdfast-examples-')),
  ]);
  await applyVolumePod({
    ...{ namespace, name: 'web', node: 'node-a', claims: ['data', 'other'], fill: FILL },
  });
  await kubectl('-n', namespace, 'label', 'pvc', 'data', 'holdfast.dev/example-upload=true');
  await applyYaml(`
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
  namespace: ${namespace}
  labels: {holdfast.dev/example-mask: 'true'}
  annotations: {example.dev/masked-keys: 'password,absent'}
data: {password: s3cr3t, colour: green}
`);
});

afterAll(async () => {
  await installation.stop();
  await dropNamespaces(namespace, installation.ownNamespace);
  await rm(folder, { recursive: true });
});

function started(language: ExampleLanguage, more: { bytesPerSecond?: number } = {}) {
  return ExamplePlugin.start(installation, {
    ...{ language, name: language, folder: join(folder, language) },
    ...more,
  });
}

async function register(language: ExampleLanguage): Promise<void> {
  const flags = ['--server', installation.apiUrl, '--cluster', installation.name];
  const args = ['plugin', 'register', language, '--call-timeout', '5s', ...flags];
  const command = startHoldfast(args);
  expect(await command.status, command.stderr).toBe(0);
}

async function begin(name: string): Promise<void> {
  await installation.createBackup(name, [namespace], {
    ...{ includedResources: ['persistentvolumeclaims', 'configmaps'], snapshotVolumes: false },
  });
}

async function look(name: string): Promise<BackupResource['status']> {
  return (await installation.request<BackupResource>('GET', `/backups/${name}`)).body.status;
}

/** How much of the upload is done, when it is over a number of bytes. */
async function uploadedMoreThan(name: string, bytes: number): Promise<number> {
  let done = 0;
  await expect
    .poll(async () => (done = (await look(name)).operations?.running?.[0]?.done ?? 0))
    .toBeGreaterThan(bytes);
  return done;
}

/** Files of uploads that the plugin keeps; notes that one was cancelled are none. */
async function kept(language: ExampleLanguage): Promise<string[]> {
  const names = await readdir(join(folder, language));
  const isNote = names.map(async (name) =>
    (await readFile(join(folder, language, name), 'utf8')).includes('"Cancelled"'),
  );
  const notes = await Promise.all(isNote);
  return names.filter((_, index) => notes[index] !== true);
}

async function listing(directory: string): Promise<string> {
  return (await run('sh', ['-c', LIST], { cwd: directory })).stdout;
}

describe.each(LANGUAGES)('the example in %s', (language) => {
  let plugin: ExamplePlugin;

  beforeAll(async () => {
    plugin = await started(language, SLOW);
    await register(language);
  });

  afterAll(async () => {
    await installation.request('DELETE', `/plugins/${language}?cluster=${installation.name}`);
    await plugin.end('SIGTERM');
  });

  test('ends its upload when the backup is cancelled, and keeps nothing of it', async () => {
    const name = `cut-${language}`;
    await begin(name);
    await uploadedMoreThan(name, 0);
    expect(await kept(language)).toHaveLength(2);
    await installation.request('POST', `/backups/${name}:cancel`);
    const { status } = await installation.ended('backups', name);
    expect(status.phase, plugin.errors).toBe('Cancelled');
    expect(await kept(language)).toEqual([]);
  });

  test('uploads a volume, and the backup waits for it though the worker is killed', async () => {
    const name = `whole-${language}`;
    await begin(name);
    const first = await uploadedMoreThan(name, 0);
    expect(await uploadedMoreThan(name, first)).toBeLessThan(DATA_BYTES);
    await plugin.end('SIGKILL');
    expect((await kept(language)).sort()).toEqual([
      expect.stringMatching(/json$/),
      expect.stringMatching(/tar\.part$/),
    ]);
    plugin = await started(language);

    const { status } = await installation.ended('backups', name);
    expect(status, plugin.errors).toMatchObject({
      phase: 'Completed',
      operations: { total: 1, completed: 1, failed: 0 },
    });
    const [, archive = 'none'] = (await kept(language)).sort();
    const copy = join(folder, `copy-${language}`);
    await mkdir(copy);
    await run('tar', ['xf', join(folder, language, archive), '-C', copy]);
    const original = ['exec', 'web', '--', 'sh', '-c', `cd /volumes/data; ${LIST}`];
    expect(await listing(copy)).toBe(await kubectl('-n', namespace, ...original));
  });

  test('masks what the backup is not to hold, and removes the upload with the backup', async () => {
    const path = `/backups/whole-${language}`;
    const settings = `${path}/items/configmaps/settings?namespace=${namespace}`;
    expect((await installation.request('GET', settings)).body).toMatchObject({
      data: { password: 'masked', colour: 'green' },
    });
    await installation.request('DELETE', path);
    await expect.poll(() => kept(language)).toEqual([]);
  });
});

test('nothing leaves the worker in Python but what is meant for it', async () => {
  const env = { ...process.env, ...(await pythonEnvironment()) };
  const { stdout } = await run('python3', ['-c', PYTHON_FAILURES], { env, cwd: PYTHON_EXAMPLE });
  expect(JSON.parse(stdout)).toEqual([
    expect.objectContaining({
      message: 'ValueError; see the log of the plugin',
      applicationFailureInfo: { type: 'ValueError' },
    }),
    expect.objectContaining({
      message: 'the vault is sealed',
      applicationFailureInfo: { type: 'PluginFailure' },
    }),
  ]);
  expect(stdout).not.toContain('s3cr3t');
  expect(stdout).not.toContain('"cause"');
});
