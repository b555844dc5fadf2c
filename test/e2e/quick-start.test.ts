import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { EXIT } from '../../cli/exit-codes.ts';
import { DocumentationReader, type PageWalk } from '../support/docs/page-walk.ts';
import { helm } from '../support/helm.ts';
import { startHoldfast } from '../support/holdfast.ts';
import { holdfastImage } from '../support/holdfast-image.ts';
import { Installation } from '../support/installation.ts';
import { deleteNamespace, kubectl } from '../support/kubectl.ts';
import { PodRelays } from '../support/pod-relay.ts';
import { temporalSchedules } from '../support/temporal-schedules.ts';

// Goal: who follows the quick start gets what it promises. Method: its commands as they stand, by the real helm in the test
// bed's cluster, with its variables set, and with namespaces and an account of the names that it has. The release has
// another name, as roles of the cluster are called after it, and the definitions stay, as other tests need them.

const RELEASE = `holdfast-${String(process.pid)}`;
const INSTALL = { '--install holdfast ': `--install ${RELEASE} ` };

let installation: Installation;
const relays = new PodRelays();
let reader: DocumentationReader;
let page: PageWalk;
/** What the reader has of their own. */
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  [installation, reader] = await Promise.all([
    Installation.start({ parts: ['temporal'] }),
    DocumentationReader.start(),
    removed(),
  ]);
  const [, repository, tag] = /^(.*):([^:]*)$/.exec(await holdfastImage()) ?? [];
  env = {
    IMAGE_REPOSITORY: repository,
    IMAGE_TAG: tag,
    TEMPORAL: `temporal.address=${await relays.addressOf(installation.temporalAddress)}`,
    BUCKET: process.env['S3_BUCKET'],
    PREFIX: installation.prefix,
    ENDPOINT: process.env['S3_ENDPOINT'],
    STORAGE_CLASS: 'standard',
    TEMPORAL_ADDRESS: installation.temporalAddress,
  };
  page = reader.page('docs/quick-start.md', {
    env,
    names: { ...INSTALL, 'uninstall holdfast ': `uninstall ${RELEASE} ` },
  });
});

afterAll(async () => {
  await removed();
  relays.stop();
  await installation.stop();
  await reader.stop();
});

/** Whatever the pages make in the cluster, also by a walk that was cut off. */
async function removed(): Promise<void> {
  await helm('uninstall', RELEASE, '--namespace', 'holdfast', '--ignore-not-found');
  await kubectl('delete', 'clusterrolebinding', 'holdfast-admin', '--ignore-not-found');
  await Promise.all(['holdfast', 'shop', 'shop-copy'].map(deleteNamespace));
}

async function tokenOf(account: string): Promise<string> {
  const flags = ['--namespace', 'holdfast', '--audience', 'holdfast'];
  return (await kubectl('create', 'token', account, ...flags)).trim();
}

test('it is installed, knows its caller, and finds nothing wrong', async () => {
  await page.next();
  expect(await page.next()).toContain('Temporal');
  expect(await page.next()).toContain('0 failed');
});

test('an application is backed up, lost, and there again with its data', async () => {
  await page.next();
  expect(await page.next()).toContain('Completed');
  expect((await page.next()).trim().split('\n').at(-1)).toBe('10 apples');
});

test('a schedule makes a backup', async () => {
  expect(await page.next()).toContain('PROTECTION');
  const covered = async (): Promise<string> => {
    const command = startHoldfast(['namespace', 'get', 'shop'], {
      HOLDFAST_TOKEN: await tokenOf('admin'),
    });
    await command.status;
    return command.stdout;
  };
  await expect.poll(covered, { interval: 2000 }).toMatch(/Covered +nightly-/);
});

test('what the README says works where it is installed already', async () => {
  await reader.page('README.md', { env, names: INSTALL }).rest();
});

test('an account for a program does what it is for, and nothing else', async () => {
  await reader.page('docs/access.md', { env }).rest();
  const beyond = startHoldfast(['backup', 'create', 'beyond', '--include-namespaces', 'default'], {
    HOLDFAST_TOKEN: await tokenOf('robot'),
  });
  expect(await beyond.status, beyond.stderr).toBe(EXIT.denied);
});

test('the first look at what is wrong finds nothing', async () => {
  await reader.page('docs/troubleshooting.md', { env }).rest();
  expect((await stat(join(reader.folder, 'holdfast-debug.tar.gz'))).size).toBeGreaterThan(0);
});

// Pods are replaced one by one, twice.
test(
  'it is upgraded, and gets other credentials and another key',
  { timeout: 600_000 },
  async () => {
    const names = {
      'get values holdfast ': `get values ${RELEASE} `,
      'helm upgrade holdfast ': `helm upgrade ${RELEASE} `,
      'deployment/holdfast-': `deployment/${RELEASE}-`,
      'daemonset/holdfast-': `daemonset/${RELEASE}-`,
    };
    await reader.page('docs/day-two.md', { env, names }).rest();
    const [old, fresh] = await Promise.all(
      ['old-master-key', 'new-master-key'].map((name) =>
        readFile(join(reader.folder, name), 'utf8'),
      ),
    );
    expect(fresh).toMatch(/^[0-9a-f]{64}$/m);
    expect(fresh).not.toBe(old);
  },
);

test('what is removed leaves the backups in the bucket, and nothing in Temporal', async () => {
  await page.rest();
  await expect.poll(() => temporalSchedules(installation.temporalAddress)).toEqual([]);
  const store = installation.store();
  const kept = (await Array.fromAsync(store.list('backups/first/'))).flat();
  store.close();
  expect(kept.map(({ key }) => key)).toContain('backups/first/velero-backup.json');
});
