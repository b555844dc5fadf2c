import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { contentsApi, openFolder } from '../../support/contents-api.ts';
import { LAUNCHER } from '../../support/holdfast.ts';
import { storeBackup } from '../../support/stored-backup.ts';

// Goal: a shell completes what the command line takes, with names from the API. Method: the real shells, each as far as
// this machine has it, with what `holdfast completion` prints; the API has two backups.

const TEMPORAL = process.env['TEMPORAL_ADDRESS'] ?? '127.0.0.1:7233';
const run = promisify(execFile);
let app: FastifyInstance;
let folder: string;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  const { store } = await openFolder();
  await storeBackup(store, 'first', []);
  await storeBackup(store, 'second', []);
  app = await contentsApi(store, { isRevealAllowed: false, temporalAddress: TEMPORAL });
  const server = await app.listen({ host: '127.0.0.1', port: 0 });
  folder = await mkdtemp(join(tmpdir(), 'holdfast-completion-'));
  await symlink(LAUNCHER, join(folder, 'holdfast'));
  env = { ...process.env, PATH: `${folder}:${process.env['PATH'] ?? ''}`, HOLDFAST_SERVER: server };
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { stdout } = await run(LAUNCHER, ['completion', shell]);
    await writeFile(join(folder, shell), stdout);
  }
});

afterAll(() => app.close());

function isThere(shell: string): boolean {
  try {
    execFileSync(shell, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** What the function that bash has registered gives for a line. */
const BASH = `source "$1"
[[ $(complete -p holdfast) == *'-F _holdfast holdfast' ]] || exit 9
COMP_LINE=$2 COMP_POINT=\${#2} COMP_CWORD=1
_holdfast
printf '%s\\n' "\${COMPREPLY[@]}"`;
/** The same of zsh, whose own words and matcher are stood for. */
const ZSH = `words=("\${(@s: :)2}") CURRENT=\${#words}
compset() { : }
_files() { print files }
compadd() { shift; for one in "$@"; [[ $one == \${(M)cur}* ]] && print -- $one; true }
source "$1"
_holdfast`;
const FISH = 'source $argv[1]; complete -C $argv[2] | string replace -r "\\t.*" ""; true';

const SHELLS = {
  bash: (line: string) => run('bash', ['-c', BASH, 'bash', join(folder, 'bash'), line], { env }),
  zsh: (line: string) => run('zsh', ['-fc', ZSH, 'zsh', join(folder, 'zsh'), line], { env }),
  fish: (line: string) => run('fish', ['-Nc', FISH, join(folder, 'fish'), line], { env }),
} as const;

const ALL = ['bash', 'zsh', 'fish'] as const;
const THERE = ALL.filter(isThere);
const missing = ALL.filter((shell) => !THERE.includes(shell));
if (missing.length > 0) {
  process.stderr.write(`not tested, as this machine does not have them: ${missing.join(', ')}\n`);
}

test('bash at least is there', () => {
  expect(THERE).toContain('bash');
});

describe.each(THERE)('%s', (shell) => {
  const complete = async (line: string): Promise<string[]> => {
    const { stdout } = await SHELLS[shell](line);
    return stdout
      .split('\n')
      .filter((word) => word !== '')
      .sort();
  };
  test.each([
    ['holdfast ba', ['backup']],
    ['holdfast backup de', ['delete', 'describe']],
    ['holdfast backup describe ', ['first', 'second']],
    ['holdfast get backups s', ['second']],
    ['holdfast backup get -o ', ['json', 'name', 'table', 'wide', 'yaml']],
    ['holdfast backup get --no', ['--no-headers']],
    ['holdfast restore create --from-backup f', ['first']],
    ['holdfast completion fi', ['fish']],
  ])('completes "%s"', async (line, words) => {
    expect(await complete(line)).toEqual(words);
  });
});

test('bash completes a value behind "=", and names of the server that the line names', async () => {
  const { stdout } = await SHELLS.bash('holdfast backup create --fail-on=p');
  expect(stdout).toBe('partial\n');
  const away = await SHELLS.bash('holdfast backup get --server http://127.0.0.1:9 f');
  expect(away.stdout.trim()).toBe('');
});
