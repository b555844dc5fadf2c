import { execFile } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';

import type { BackupSpec } from '../../domain/backup.ts';
import type { KubernetesObject } from '../../domain/item.ts';
import { backupKeys } from '../../domain/object-key.ts';
import { type Applied, applyManifest, applyYaml } from './applied-yaml.ts';
import type { Installation } from './installation.ts';
import { kubectl } from './kubectl.ts';

/**
 * One rule of selection: what is asked for, and the entries of the tarball that come of it. Rows say `sel` for the
 * name that the fixture's objects begin with, and `hf-own` for Holdfast's own namespace.
 */
export interface SelectionRow {
  readonly rule: string;
  readonly spec: Partial<Omit<BackupSpec, 'cluster' | 'ttl'>>;
  /** YAML of resource policies that the request goes with. */
  readonly policies?: string;
  /** In any order; with `isOrdered` in the order of the tarball. */
  readonly entries: readonly string[];
  readonly isOrdered?: true;
  /** Whether the entries of the types' versions are compared as well, which hold the same objects once more. */
  readonly isVersioned?: true;
}

/** The fixture's name for `sel` in the rows. */
const PREFIX = `sel-${String(process.pid)}`;
const NAMESPACES = ['a', 'b', 'b-2', 'hidden', 'going'].map((name) => `${PREFIX}-${name}`);
const DEFINITIONS = [
  ...['gadgets', 'idles'].map((plural) => `${plural}.${PREFIX}.holdfast.test`),
  'volumesnapshots.snapshot.storage.k8s.io',
];
/** ConfigMaps with a finalizer, by namespace and name. */
const HELD = [
  ['a', 'going'],
  ['going', 'x'],
] as const;

/** What every cluster holds, so that rows for the whole cluster can tell whether it is there. */
const WELL_KNOWN: ReadonlySet<string> = new Set([
  'resources/clusterroles.rbac.authorization.k8s.io/cluster/system:node.json',
  'resources/priorityclasses.scheduling.k8s.io/cluster/system-node-critical.json',
]);
/** What Kubernetes puts into every namespace by itself, and the events that it writes. */
const NOISE =
  /\/(kube-root-ca\.crt|default)\.json$|\/events\/namespaces\/[^/]+\/[^/]+\.[0-9a-f]+\.json$/;
const PREFERRED = /-preferredversion\//;

type OwnNamespace = Pick<Installation, 'ownNamespace'>;

const run = promisify(execFile);

/**
 * Puts the objects of the manifest `selection.yaml` into the cluster, with Holdfast's own namespace and the policies of
 * the rows, and has one object and one namespace deleted that do not go while the fixture stands.
 */
export async function applySelectionFixture(
  installation: Installation,
  rows: readonly SelectionRow[],
): Promise<Applied> {
  const { ownNamespace } = installation;
  const applied: Applied[] = [];
  const remove = async (): Promise<void> => {
    await letGo();
    for (const one of applied.reverse()) {
      await one.remove();
    }
    const gone = [...NAMESPACES, ownNamespace];
    await kubectl('wait', '--for=delete', '--timeout=240s', 'namespace', ...gone);
  };
  try {
    applied.push(await applyManifest('selection-definitions', PREFIX));
    await kubectl('wait', '--for=condition=Established', '--timeout=60s', 'crd', ...DEFINITIONS);
    applied.push(await applyManifest('selection', PREFIX));
    applied.push(await applyYaml(ownNamespaceYaml(ownNamespace, rows)));
    await kubectl('-n', `${PREFIX}-a`, 'delete', 'configmap', 'going', '--wait=false');
    await kubectl('delete', 'namespace', `${PREFIX}-going`, '--wait=false');
    const bound = ['--for=jsonpath={.status.phase}=Bound', '--timeout=60s'];
    await kubectl('-n', `${PREFIX}-a`, 'wait', ...bound, 'pvc/data', 'pvc/spare');
  } catch (error) {
    await remove();
    throw error;
  }
  return { remove };
}

/** Takes away what keeps objects that are being deleted. */
async function letGo(): Promise<void> {
  for (const [namespace, name] of HELD) {
    const at = ['-n', `${PREFIX}-${namespace}`, 'configmap', name];
    if ((await kubectl('get', ...at, '--ignore-not-found', '-o', 'name')) !== '') {
      await kubectl('patch', ...at, '--type=merge', '-p', '{"metadata":{"finalizers":null}}');
    }
  }
}

/** A text of a row with the names that it has in the cluster. */
function named(text: string, { ownNamespace: own }: OwnNamespace): string {
  return text.replaceAll(/\bsel\b/g, PREFIX).replaceAll('hf-own', own);
}

/** A text of the cluster with the names that rows have. */
export function plain(text: string, { ownNamespace: own }: OwnNamespace): string {
  return text.replaceAll(PREFIX, 'sel').replaceAll(own, 'hf-own');
}

/** The request of a row, which asks for no volume's data: nothing copies it yet. */
export function requestOf(
  { rule, spec, policies }: SelectionRow,
  installation: Installation,
): object {
  const whole = {
    ...{ snapshotVolumes: false, defaultVolumesToFsBackup: false },
    ...spec,
    ...(policies === undefined
      ? {}
      : { resourcePolicy: { kind: 'configmap', name: nameOfRow(rule) } }),
  };
  // Names in the text alone change, so that it stays the JSON of an object.
  const given = JSON.parse(named(JSON.stringify(whole), installation)) as object;
  return { metadata: { name: nameOfRow(rule) }, spec: { cluster: installation.name, ...given } };
}

/** The name that a row gives to its backup and to its ConfigMap. */
export function nameOfRow(rule: string): string {
  return rule
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 90)
    .replaceAll(/^-|-$/g, '');
}

/** A backup's tarball as the system's tar reads it, downloaded from the store. */
export class StoredTarball {
  readonly #folder: string;
  readonly #file: string;
  readonly #installation: Installation;

  private constructor(folder: string, installation: Installation) {
    this.#folder = folder;
    this.#file = join(folder, 'backup.tar.gz');
    this.#installation = installation;
  }

  static async download(name: string, installation: Installation): Promise<StoredTarball> {
    const tarball = new StoredTarball(await mkdtemp(join(tmpdir(), 'holdfast-tar-')), installation);
    const store = installation.store();
    const { body } = await store.get(backupKeys(name).archive);
    await pipeline(body, createWriteStream(tarball.#file));
    store.close();
    return tarball;
  }

  /** The entries of the fixture's own objects and of a few that every cluster has, in the order of the tarball. */
  async entries(): Promise<string[]> {
    const { stdout } = await run('tar', ['tzf', this.#file], { maxBuffer: 64 * 1024 * 1024 });
    return stdout
      .trim()
      .split('\n')
      .filter(
        (entry) =>
          entry.includes(PREFIX) ||
          entry.includes(this.#installation.ownNamespace) ||
          WELL_KNOWN.has(entry),
      )
      .map((entry) => plain(entry, this.#installation))
      .filter((entry) => !NOISE.test(entry));
  }

  /** One object, by an entry as rows write it. */
  async object(entry: string): Promise<KubernetesObject> {
    const name = named(entry, this.#installation);
    const { stdout } = await run('tar', ['xzOf', this.#file, name], { maxBuffer: 1024 * 1024 });
    // The tarball holds what the API server gave.
    return JSON.parse(plain(stdout, this.#installation)) as KubernetesObject;
  }

  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true });
  }
}

/** The entries that a row compares. */
export function comparedEntries(
  { isOrdered, isVersioned }: Pick<SelectionRow, 'isOrdered' | 'isVersioned'>,
  entries: readonly string[],
): string[] {
  const compared =
    isVersioned === true ? [...entries] : entries.filter((entry) => !PREFERRED.test(entry));
  return isOrdered === true ? compared : compared.sort();
}

/** Holdfast's own namespace, with a ConfigMap for each row that has policies, and one beside. */
function ownNamespaceYaml(namespace: string, rows: readonly SelectionRow[]): string {
  const installation = { ownNamespace: namespace };
  const maps = rows.flatMap(({ rule, policies }) =>
    policies === undefined ? [] : [{ name: nameOfRow(rule), data: { policies } }],
  );
  const own = { name: 'own', data: {}, labels: { app: 'own' } };
  const objects = [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    ...[own, ...maps].map(({ data, ...metadata }) => ({
      ...{ apiVersion: 'v1', kind: 'ConfigMap' },
      metadata: { ...metadata, namespace },
      data,
    })),
  ];
  return objects.map((object) => named(JSON.stringify(object), installation)).join('\n---\n');
}
