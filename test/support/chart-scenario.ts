import { expect } from 'vitest';

import type { ScheduleResource } from '../../domain/api-resource.ts';
import { expiryId } from '../../domain/workflow-id.ts';
import { ChartRelease, type Ended, type ReleaseOptions } from './chart-release.ts';
import { dropNamespaces } from './dropped-namespaces.ts';
import { freshNamespace } from './fresh-namespace.ts';
import { Installation } from './installation.ts';
import { deleteNamespace, kubectl } from './kubectl.ts';
import { temporalSchedules } from './temporal-schedules.ts';
import { applyVolumePod } from './volume-pods.ts';

const POD = 'web';
const SCHEDULE = 'often';
const HOOK = 'pre.hook.backup.velero.io';
/** A hook that runs until the test lets it end. */
const HELD_HOOK = 'touch /held; while [ ! -e /go ]; do sleep 0.2; done';
/** What `helm uninstall` and the test leave in the namespace of a release. */
const LEFT = [
  'configmap/kube-root-ca.crt',
  'secret/bucket',
  'secret/holdfast-master-key',
  ...['serviceaccount/caller', 'serviceaccount/default'],
];
const KINDS = [
  ...['deployments', 'daemonsets', 'statefulsets', 'pods', 'services', 'persistentvolumeclaims'],
  ...['configmaps', 'secrets', 'serviceaccounts', 'roles', 'rolebindings', 'networkpolicies'],
  ...['poddisruptionbudgets', 'leases'],
];
/** What belongs to all installations of a cluster, so that helm leaves it there. */
const DEFINITIONS = ['notificationendpoints', 'plugins', 'storagelocations'].map(
  (plural) => `${plural}.holdfast.dev`,
);
/** For what a kubelet or a draining process takes its time. */
const SLOW = { timeout: 120_000 };

/** A release of the chart, and what it backs up: a namespace of one pod, with a hook and a file in a volume. */
export class ChartScenario {
  readonly installation: Installation;
  readonly release: ChartRelease;
  readonly namespace: string;
  readonly #isTemporalEmbedded: boolean;

  private constructor(
    parts: Pick<ChartScenario, 'installation' | 'release' | 'namespace'>,
    { isTemporalEmbedded = false }: ReleaseOptions,
  ) {
    this.installation = parts.installation;
    this.release = parts.release;
    this.namespace = parts.namespace;
    this.#isTemporalEmbedded = isTemporalEmbedded;
  }

  static async start(options: ReleaseOptions = {}): Promise<ChartScenario> {
    const [installation, namespace] = await Promise.all([
      Installation.start({
        parts: options.isTemporalEmbedded === true ? [] : ['temporal'],
        // A version of workers that has no run left is to be told of at once.
        temporal: { drainSeconds: 1 },
      }),
      freshNamespace('chart'),
    ]);
    const [release] = await Promise.all([
      ChartRelease.install(installation, options),
      applyVolumePod({
        ...{ namespace, name: POD, node: 'node-b', claims: ['data'] },
        fill: 'echo kept > data/file',
        annotations: {
          [`${HOOK}/container`]: 'main',
          [`${HOOK}/command`]: '["sh","-c","echo hooked"]',
        },
      }),
    ]);
    return new ChartScenario({ installation, release, namespace }, options);
  }

  async stop(): Promise<void> {
    await this.release.remove();
    await dropNamespaces(this.namespace);
    await this.installation.stop();
  }

  /** Expects the command line to find nothing wrong. */
  async expectHealthy(): Promise<void> {
    const { status, output } = await this.release.holdfast('doctor');
    expect(output).toContain('0 failed');
    expect(status).toBe(0);
  }

  /** Expects a backup to end well. */
  async expectBackedUp(name: string): Promise<void> {
    expect(await this.#backUp(name, '--wait')).toMatchObject({ status: 0 });
  }

  /** Expects what is backed up and lost to come back whole. */
  async expectRestored(): Promise<void> {
    await this.expectBackedUp('first');
    const hooks = await this.release.holdfast('backup', 'hooks', 'first');
    expect(hooks.output).toContain('hooked');
    await deleteNamespace(this.namespace);
    const restore = await this.release.holdfast(
      ...['restore', 'create', 'again', '--from-backup', 'first', '--wait'],
    );
    expect(restore).toMatchObject({ status: 0 });
    await this.#kubectl('wait', '--for=condition=Ready', `pod/${POD}`, '--timeout=60s');
    expect(await this.#inPod('cat /volumes/data/file')).toBe('kept\n');
  }

  /** Makes a schedule that goes on from then on, and expects a backup of it. */
  async expectScheduled(): Promise<void> {
    const created = await this.release.holdfast(
      ...['schedule', 'create', SCHEDULE, '--schedule', '@every 15s'],
      ...['--cluster', this.release.name],
      ...['--include-namespaces', this.namespace, '--include-resources', 'configmaps'],
    );
    expect(created).toMatchObject({ status: 0 });
    await expect.poll(() => this.#lastOfSchedule()).toContain(SCHEDULE);
  }

  /** Expects the schedule to make another backup. */
  async expectScheduledAgain(): Promise<void> {
    const now = new Date().toISOString().replace(/\D/g, '').slice(0, 14);
    const isNewer = async (): Promise<boolean> =>
      (await this.#lastOfSchedule()) > `${SCHEDULE}-${now}`;
    await expect.poll(isNewer).toBe(true);
  }

  /** Expects a backup to end well during which every pod of the release is replaced, and something else may happen. */
  async expectUpgraded(
    name: string,
    upgrade: () => Promise<unknown>,
    meanwhile?: () => Promise<void>,
  ): Promise<void> {
    await this.#inPod('rm -f /held /go');
    const command = `${HOOK}/command=${JSON.stringify(['sh', '-c', HELD_HOOK])}`;
    await this.#kubectl('annotate', 'pod', POD, '--overwrite', `${HOOK}/timeout=5m`, command);
    const pods = await this.#podUids();
    expect(await this.#backUp(name)).toMatchObject({ status: 0 });
    await expect.poll(() => this.#inPod('ls /')).toContain('held');
    await upgrade();
    await meanwhile?.();
    await this.#inPod('touch /go');
    const left = async (): Promise<string[]> =>
      (await this.#podUids()).filter((uid) => pods.includes(uid));
    await expect.poll(left, SLOW).toEqual([]);
    await expect.poll(() => this.backup(name), SLOW).toMatch(/Completed/);
  }

  /** What the command line says of a backup. */
  async backup(name: string): Promise<string> {
    return (await this.release.holdfast('backup', 'get', name)).output;
  }

  /**
   * Expects nothing to be left of a release that is uninstalled but its backups and what reads them, the definitions, and
   * in a Temporal that it was told of the schedule by which backups that have had their time are deleted.
   */
  async expectUninstalled(): Promise<void> {
    if (!this.#isTemporalEmbedded) {
      expect(await this.release.holdfast('schedule', 'delete', SCHEDULE)).toMatchObject({
        status: 0,
      });
    }
    await this.release.uninstall();
    await expect.poll(() => this.#objectsLeft(), SLOW).toEqual(LEFT);
    const wide = 'clusterroles,clusterrolebindings,flowschemas,prioritylevelconfigurations';
    // The binding is that of the test.
    expect(await this.#objectsOfRelease(wide)).toEqual([
      `clusterrolebinding.rbac.authorization.k8s.io/${this.release.name}`,
    ]);
    const definitions = await kubectl('get', 'customresourcedefinitions', '-o', 'name');
    expect(definitions.split('\n').filter((name) => name.endsWith('.holdfast.dev'))).toEqual(
      DEFINITIONS.map((name) => `customresourcedefinition.apiextensions.k8s.io/${name}`),
    );
    if (!this.#isTemporalEmbedded) {
      const schedules = () => temporalSchedules(this.installation.temporalAddress);
      await expect.poll(schedules).toEqual([expiryId(this.release.name)]);
    }
    const store = this.installation.store();
    const kept = await Array.fromAsync(store.list('backups/first/'));
    store.close();
    expect(kept.flat().length).toBeGreaterThan(0);
  }

  #backUp(name: string, ...more: readonly string[]): Promise<Ended> {
    return this.release.holdfast(
      ...['backup', 'create', name, '--include-namespaces', this.namespace, ...more],
    );
  }

  /** Name of the newest backup of the schedule that was Completed, which tells its time. */
  async #lastOfSchedule(): Promise<string> {
    const { output } = await this.release.holdfast('schedule', 'get', SCHEDULE, '-o', 'json');
    const { status } = JSON.parse(output) as ScheduleResource;
    return status.lastSuccess?.backup ?? '';
  }

  async #podUids(): Promise<string[]> {
    const uids = 'jsonpath={range .items[*]}{.metadata.uid}{"\\n"}{end}';
    const printed = await kubectl('-n', this.release.name, 'get', 'pods', '-o', uids);
    return printed.trim().split('\n');
  }

  async #objectsLeft(): Promise<string[]> {
    const kinds = [...KINDS, ...DEFINITIONS].join(',');
    const left = await kubectl('-n', this.release.name, 'get', kinds, '-o', 'name');
    return left.trim().split('\n').sort();
  }

  async #objectsOfRelease(kinds: string): Promise<string[]> {
    const names = await kubectl('get', kinds, '-o', 'name');
    return names.split('\n').filter((name) => name.includes(this.release.name));
  }

  #inPod(script: string): Promise<string> {
    return this.#kubectl('exec', POD, '--', 'sh', '-c', script);
  }

  #kubectl(...args: readonly string[]): Promise<string> {
    return kubectl('-n', this.namespace, ...args);
  }
}
