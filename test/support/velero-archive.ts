import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const VERSION_FILE = 'metadata/version';
const VERSION_TEXT = '1.1.0\n';
/** A regular file with mode 0755. */
const FILE_MODE = '-rwxr-xr-x';
/** `tar --list --verbose --full-time`: mode, owner, size, date, time, name. */
const LINE = /^(\S+) +\S+ +\d+ +\S+ +\S+ (.*)$/;
/** pkg/archive/parser.go: type, maybe version, scope, maybe namespace, name. */
const PATH = /^resources\/([^/]+)\/(?:([^/]+)\/)?(?:cluster|namespaces\/([^/]+))\/([^/]+)\.json$/;
const PREFERRED = '-preferredversion';
/** White space in a JSON text, outside of its strings. */
const STRINGS = /"(?:[^"\\]|\\.)*"/g;

/** An object of an archive, once for each version that it is stored in. */
export interface ArchivedObject {
  /** `deployments.apps`. */
  readonly type: string;
  readonly apiVersion: string;
  readonly kind: string;
  /** `shop/web`, or `pv-1`. */
  readonly key: string;
  /** The text that is stored. */
  readonly text: string;
}

interface Entry {
  readonly path: string;
  readonly type: string;
  /** Empty for the folder without a version. */
  readonly version: string;
  readonly namespace: string;
  readonly name: string;
  readonly text: string;
}

/** Everything in which a tarball differs from Velero's, in words, and the objects in it. `tar` reads it. */
export async function archiveFaults(
  archive: Buffer,
): Promise<{ faults: string[]; objects: ArchivedObject[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-velero-'));
  try {
    const file = join(folder, 'archive.tar.gz');
    await writeFile(file, archive);
    const { stdout } = await run(
      'tar',
      ['--list', '--verbose', '--full-time', '--quoting-style=literal', '-zf', file],
      { maxBuffer: 2 ** 28 },
    );
    await run('tar', ['-xzf', file, '-C', folder, '--no-same-owner', '--delay-directory-restore']);
    return await faultsOf(stdout.trimEnd().split('\n'), folder);
  } catch {
    return { faults: ['tar cannot read it'], objects: [] };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Listed {
  readonly mode: string;
  readonly path: string;
}

async function faultsOf(
  lines: readonly string[],
  folder: string,
): Promise<{ faults: string[]; objects: ArchivedObject[] }> {
  const listed = lines.map((line): Listed => {
    const [, mode = '', path = ''] = LINE.exec(line) ?? [];
    return { mode, path };
  });
  const read = await readEntries(listed, folder);
  const entries = read.filter((entry) => entry.name !== '');
  return {
    faults: [
      ...listingFaults(listed),
      ...(await versionFaults(folder)),
      ...read
        .filter(({ name }) => name === '')
        .map(({ path }) => `${path} is no path that Velero parses`),
      ...pairFaults(entries),
      ...entries.flatMap(entryFaults),
    ],
    objects: entries.filter(({ version }) => version !== '').map(objectOf),
  };
}

function listingFaults(listed: readonly Listed[]): string[] {
  const seen = new Set<string>();
  return [
    ...(listed[0]?.path === VERSION_FILE ? [] : [`the first entry is not ${VERSION_FILE}`]),
    ...listed
      .filter(({ mode }) => mode !== FILE_MODE)
      .map(({ path, mode }) => `${path} is no regular file with mode 0755: ${mode}`),
    ...listed
      .filter(({ path }) => seen.has(path) || !seen.add(path))
      .map(({ path }) => `${path} is there twice`),
  ];
}

async function versionFaults(folder: string): Promise<string[]> {
  const text = await readFile(join(folder, VERSION_FILE), 'utf8').catch(() => '');
  return text === VERSION_TEXT ? [] : ['the version is not 1.1.0 and the end of a line'];
}

/** Entries of objects; one whose path is none of Velero's has no name. */
async function readEntries(listed: readonly Listed[], folder: string): Promise<Entry[]> {
  const entries: Entry[] = [];
  const files = listed.filter(({ mode, path }) => mode.startsWith('-') && path !== VERSION_FILE);
  for (const { path } of files) {
    const [, type = '', version = '', namespace = '', name = ''] = PATH.exec(path) ?? [];
    const text = await readFile(join(folder, path), 'utf8');
    entries.push({ path, type, version, namespace, name, text });
  }
  return entries;
}

/** Each object stands without a version and in the preferred one, in the same bytes. */
function pairFaults(entries: readonly Entry[]): string[] {
  const preferred = new Map(
    entries.filter(({ version }) => version.endsWith(PREFERRED)).map((one) => [idOf(one), one]),
  );
  const plain = new Map(
    entries.filter(({ version }) => version === '').map((one) => [idOf(one), one]),
  );
  return [
    ...[...plain.values()].flatMap((one) => {
      const twin = preferred.get(idOf(one));
      return twin === undefined
        ? [`${one.path} has no twin in a preferred version`]
        : twin.text === one.text
          ? []
          : [`${one.path} and its twin differ`];
    }),
    ...entries
      .filter((one) => one.version !== '' && !plain.has(idOf(one)))
      .map(({ path }) => `${path} has no twin without a version`),
  ];
}

function idOf({ type, namespace, name }: Entry): string {
  return `${type}/${namespace}/${name}`;
}

/** The content of an entry is what its path says, as compact JSON. */
function entryFaults(entry: Entry): string[] {
  const { path, type, namespace, name, text } = entry;
  const object = parsed(text);
  if (object === undefined) {
    return [`${path} is no JSON object`];
  }
  const { apiVersion = '', kind = '', metadata = {} } = object;
  const version = entry.version.replace(PREFERRED, '');
  const [group, served] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
  const typeGroup = type.includes('.') ? type.slice(type.indexOf('.') + 1) : '';
  const checks: readonly (readonly [boolean, string])[] = [
    [!/\s/.test(text.replaceAll(STRINGS, '""')), 'is not compact'],
    [kind !== '', 'has no kind'],
    [metadata.name === name, 'has another name'],
    [(metadata.namespace ?? '') === namespace, 'has another namespace'],
    [group === typeGroup, 'is of another group'],
    [version === '' || version === served, 'is of another version'],
  ];
  return checks.filter(([isRight]) => !isRight).map(([, fault]) => `${path} ${fault}`);
}

interface StoredObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: { readonly name?: string; readonly namespace?: string };
}

function parsed(text: string): StoredObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    // What is in it is compared field by field.
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function objectOf({ type, namespace, name, text }: Entry): ArchivedObject {
  const { apiVersion = '', kind = '' } = parsed(text) ?? {};
  return { type, apiVersion, kind, key: namespace === '' ? name : `${namespace}/${name}`, text };
}
