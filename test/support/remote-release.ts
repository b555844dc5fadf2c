import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { parse } from 'yaml';

import { type ChartRelease, createBucketSecret } from './chart-release.ts';
import type { EmptyCluster } from './empty-cluster.ts';
import { CHART, helm } from './helm.ts';
import { holdfastImage } from './holdfast-image.ts';
import { startHoldfast } from './holdfast.ts';
import { kubectl } from './kubectl.ts';

const EXAMPLE = join(CHART, 'examples/remote-cluster.yaml');
const NAMESPACE = 'holdfast';
const WAIT = ['--wait', '--timeout', '240s'];

/** What an installation takes, in a cluster of its own, that is served by the API and the workflow workers of a release. */
export class RemoteRelease {
  /** The name of the cluster, as requests have it. */
  readonly name: string;
  readonly #cluster: EmptyCluster;
  readonly #folder: string;

  private constructor(name: string, cluster: EmptyCluster, folder: string) {
    this.name = name;
    this.#cluster = cluster;
    this.#folder = folder;
  }

  /** Makes all that has to be there before the chart is installed, the master key of the first cluster among it. */
  static async prepare(release: ChartRelease, cluster: EmptyCluster): Promise<RemoteRelease> {
    const example = parse(await readFile(EXAMPLE, 'utf8')) as { config: { cluster: string } };
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-remote-'));
    const remote = new RemoteRelease(example.config.cluster, cluster, folder);
    await Promise.all([
      remote.#prepareNamespace(release),
      holdfastImage().then((image) => cluster.load(image)),
    ]);
    await remote.#writeValues(release);
    return remote;
  }

  async install(): Promise<void> {
    const values = ['--values', EXAMPLE, '--values', join(this.#folder, 'values.yaml')];
    await helm('install', NAMESPACE, CHART, ...this.#flags, ...values, ...WAIT);
  }

  async uninstall(): Promise<void> {
    await helm('uninstall', NAMESPACE, ...this.#flags, ...WAIT);
  }

  kubectl(...args: readonly string[]): Promise<string> {
    return kubectl('--kubeconfig', this.#cluster.kubeconfig, ...args);
  }

  async stop(): Promise<void> {
    await rm(this.#folder, { recursive: true });
  }

  get #flags(): string[] {
    return ['--kubeconfig', this.#cluster.kubeconfig, '--namespace', NAMESPACE];
  }

  async #prepareNamespace(release: ChartRelease): Promise<void> {
    await this.kubectl('create', 'namespace', NAMESPACE);
    const label = 'pod-security.kubernetes.io/enforce=privileged';
    await this.kubectl('label', 'namespace', NAMESPACE, label);
    await createBucketSecret(...this.#flags);
    const key = join(this.#folder, 'master-key');
    await run({}, 'keys', 'export', '-o', key, '--namespace', release.name);
    await run(
      { KUBECONFIG: this.#cluster.kubeconfig },
      'keys',
      'import',
      key,
      '--namespace',
      NAMESPACE,
    );
  }

  /** Where the example has names of a Temporal and a bucket that are not here, the test has its own. */
  async #writeValues({ shared }: ChartRelease): Promise<void> {
    const { location, temporal, ...image } = shared;
    const noFiles = { enabled: false, caSecret: '', clientSecret: '' };
    const values = {
      ...image,
      temporal: { namespace: 'default', tls: noFiles, ...temporal },
      config: { locations: [location] },
      extraEnv: await this.#apiServer(),
    };
    await writeFile(join(this.#folder, 'values.yaml'), JSON.stringify(values));
  }

  /** Services of the second cluster have no proxy: its pods go to the API server itself. */
  async #apiServer(): Promise<object[]> {
    const path = 'jsonpath={.clusters[0].cluster.server}';
    const { hostname, port } = new URL(await this.kubectl('config', 'view', '--output', path));
    return [
      { name: 'KUBERNETES_SERVICE_HOST', value: hostname },
      { name: 'KUBERNETES_SERVICE_PORT', value: port },
    ];
  }
}

async function run(env: NodeJS.ProcessEnv, ...args: readonly string[]): Promise<void> {
  const command = startHoldfast(args, env);
  if ((await command.status) !== 0) {
    throw new Error(`holdfast ${args.join(' ')}: ${command.stdout}${command.stderr}`);
  }
}
