import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { Operations } from '../../examples/plugins/typescript/operations.ts';

// Goal: an upload that is not whole is never said to be. Method: the uploads of both examples, with a kubectl that fails as
// the real one cannot be made to.

const PYTHON = fileURLToPath(new URL('../../examples/plugins/python/', import.meta.url));
const PYTHON_DRIVER = `
import asyncio, json, sys
from pathlib import Path
from operations import Operations

async def main(folder):
    operations = Operations(Path(folder), None)
    operations.resume()
    operations.begin("request", "shop", "data")
    while operations.status("request")["phase"] == "Running":
        await asyncio.sleep(0.01)
    print(json.dumps(operations.status("request")))

asyncio.run(main(sys.argv[1]))
`;
const PYTHON_RESUMED = `
import sys
from pathlib import Path
from operations import Operations

Operations(Path(sys.argv[1]), None).resume()
print("{}")
`;
const PYTHON_REMOVED = `
import asyncio, json, sys
from pathlib import Path
from operations import Operations

async def main(folder):
    operations = Operations(Path(folder), None)
    operations.resume()
    await operations.remove("request")
    operations.begin("request", "shop", "data")
    print(json.dumps(operations.status("request")))

asyncio.run(main(sys.argv[1]))
`;
const POD = {
  metadata: { name: 'web' },
  spec: {
    containers: [{ name: 'main', volumeMounts: [{ name: 'v', mountPath: '/data' }] }],
    volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }],
  },
};
const END = 'head -c 1024 /dev/zero';
const run = promisify(execFile);
const { PATH = '' } = process.env;
let folder: string;
let programs: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-uploads-'));
  programs = await mkdtemp(join(tmpdir(), 'holdfast-programs-'));
  process.env['PATH'] = `${programs}:${PATH}`;
});

afterEach(async () => {
  process.env['PATH'] = PATH;
  await Promise.all([folder, programs].map((one) => rm(one, { recursive: true })));
});

/** What `kubectl` does when it is to run `tar`, and which pods there are. */
async function kubectlThat(tar: string, pods: readonly object[] = [POD]): Promise<void> {
  const script = `#!/bin/sh
case "$*" in
  get*) cat <<'JSON'
${JSON.stringify({ items: pods })}
JSON
  ;;
  *du*) echo '2048 /data' ;;
  *) ${tar} ;;
esac
`;
  await writeFile(join(programs, 'kubectl'), script, { mode: 0o755 });
}

const UPLOADS = {
  typescript: async (): Promise<unknown> => {
    const operations = new Operations({ folder });
    await operations.resume();
    await operations.begin('request', { namespace: 'shop', claim: 'data' });
    for (;;) {
      const status = await operations.status('request');
      if (status.phase !== 'Running') {
        return status;
      }
      await sleep(10);
    }
  },
  python: async (): Promise<unknown> => python(PYTHON_DRIVER),
};

/** What a program says of the folder. */
async function python(program: string): Promise<unknown> {
  const env = { ...process.env, PYTHONPATH: PYTHON, PYTHONDONTWRITEBYTECODE: '1' };
  const { stdout } = await run('python3', ['-c', program, folder], { env });
  return JSON.parse(stdout);
}

describe.each(['typescript', 'python'] as const)('an upload of the example in %s', (language) => {
  test('is complete when the archive has its end', async () => {
    await kubectlThat(`echo data; ${END}`);
    expect(await UPLOADS[language]()).toEqual({
      ...{ requestId: 'request', phase: 'Completed' },
      progress: { done: 1029, total: 1029, unit: 'bytes' },
    });
    expect((await readdir(folder)).sort()).toEqual(['request.json', 'request.tar']);
  });

  test.each([
    { tar: 'echo data', pods: [POD], said: 'the archive was cut short' },
    { tar: `${END}; echo gone >&2; exit 2`, pods: [POD], said: 'tar in pod web ended with 2' },
    { tar: END, pods: [], said: 'no running pod mounts the claim shop/data' },
  ])('has failed, and is not kept, when $said', async ({ tar, pods, said }) => {
    await kubectlThat(tar, pods);
    expect(await UPLOADS[language]()).toEqual({
      ...{ requestId: 'request', phase: 'Failed' },
      // Not what a program says: that may be anything.
      error: said,
    });
    expect(await readdir(folder)).toEqual(['request.json']);
  });
});

const REMOVED = {
  typescript: async (): Promise<unknown> => {
    const operations = new Operations({ folder });
    await operations.resume();
    await operations.remove('request');
    await operations.begin('request', { namespace: 'shop', claim: 'data' });
    return operations.status('request');
  },
  python: async (): Promise<unknown> => python(PYTHON_REMOVED),
};

/** A worker begins. */
const RESUMED = {
  typescript: async (): Promise<unknown> => new Operations({ folder }).resume(),
  python: async (): Promise<unknown> => python(PYTHON_RESUMED),
};

test.each(['typescript', 'python'] as const)(
  'an upload of the example in %s that was removed is not begun by a call that comes late',
  async (language) => {
    await kubectlThat(`echo data; ${END}`);
    const cancelled = { requestId: 'request', phase: 'Cancelled' };
    expect(await REMOVED[language]()).toEqual(cancelled);
    // After some days the note goes, when the worker begins.
    const note = join(folder, 'request.json');
    await utimes(note, 0, 0);
    await RESUMED[language]();
    expect(await readdir(folder)).toEqual([]);
  },
);

test('an id that leads out of the folder is refused', async () => {
  const operations = new Operations({ folder });
  await expect(operations.remove('../elsewhere')).rejects.toThrow('not a request id');
});
