import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { expect, test } from 'vitest';

// Goal: a part of the test bed that ends before it answers is started again, but not for ever. Method: the script that
// waits for parts, and a part that ends as often as the test says.

const LIB = new URL('lib/', import.meta.url).pathname;
const run = promisify(execFile);

/** What waiting for a part says that answers from its so-many-th start on. */
async function startsOf(answers: number): Promise<{ status: number; said: string }> {
  const script = `
    set -euo pipefail
    RUN_DIR=$(mktemp -d) START_WAIT=2
    trap 'rm -r "$RUN_DIR"' EXIT
    mkdir "$RUN_DIR/logs"
    . "$1/say.sh"; . "$1/process.sh"; . "$1/parts.sh"
    starts=1
    launch() { starts=$((starts + 1)); echo "start $starts" >>"$RUN_DIR/logs/$1.log"; }
    is_ready() { is_running "$@"; }
    is_running() { ((starts >= ${String(answers)})); }
    echo 'start 1' >"$RUN_DIR/logs/etcd.log"
    await etcd`;
  try {
    const { stderr } = await run('bash', ['-c', script, 'bash', LIB]);
    return { status: 0, said: stderr };
  } catch (error) {
    // A command that fails throws its exit status and what it wrote.
    const { code, stderr } = error as { code: number; stderr: string };
    return { status: code, said: stderr };
  }
}

test('a part that answers is waited for once', async () => {
  expect(await startsOf(1)).toEqual({ status: 0, said: '' });
});

test('a part that ends is started again, and its last words are shown', async () => {
  const { status, said } = await startsOf(3);
  expect(status).toBe(0);
  expect(said).toContain('etcd has ended; starting it again\nstart 1\n');
  expect(said.match(/starting it again/g)).toHaveLength(2);
});

test('a part that ends each time fails the run', async () => {
  const { status, said } = await startsOf(4);
  expect(status).toBe(1);
  expect(said).toMatch(/error: etcd did not start; its log is .*etcd\.log\n$/);
});
