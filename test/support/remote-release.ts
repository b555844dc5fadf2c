import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { parse } from 'yaml';

import { type ChartRelease, createBucketSecret } from './chart-release.ts';
import { listCluster } from './cluster-listing.ts';
import type { EmptyCluster } from './empty-cluster.ts';
import { CHART, helm } from './helm.ts';
import { holdfastImage } from './holdfast-image.ts';
import { startHoldfast } from './holdfast.ts';
import { kubectl } from './kubectl.ts';
import type { SecuredTemporal } from './secured-temporal.ts';

const EXAMPLE = join(CHART, 'examples/remote-cluster.yaml');
const NAMESPACE = 'holdfast';
const WAIT = ['--wait', '--timeout', '240s'];

/** What the example says of the cluster, and of the Secrets that it needs. */
interface ExampleValues {
  readonly config: { readonly cluster: string };
  readonly temporal: { readonly tls: { readonly caSecret: string; readonly clientSecret: string } };
}

/** Where a remote release is to be, and what it dials. */
export interface RemotePlace {
  readonly cluster: EmptyCluster;
  readonly temporal: SecuredTemporal;
}

/** What an installation takes, in a cluster of its own, that is served by the API and the workflow workers of a release. */
export class RemoteRelease {
  readonly #example: ExampleValues;
  readonly #place: RemotePlace;
  readonly #folder: string;

  private constructor(example: ExampleValues, place: RemotePlace, folder: string) {
    this.#example = example;
    this.#place = place;
    this.#folder = folder;
  }

  /** Makes all that has to be there before the chart is installed, the master key of the first cluster among it. */
  static async prepare(release: ChartRelease, place: RemotePlace): Promise<RemoteRelease> {
    const example = parse(await readFile(EXAMPLE, 'utf8')) as ExampleValues;
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-remote-'));
    const remote = new RemoteRelease(example, place, folder);
    await Promise.all([
      remote.#prepareNamespace(release),
      holdfastImage().then((image) => place.cluster.load(image)),
    ]);
    await remote.#writeValues(release);
    return remote;
  }

  /** The name of the cluster, as requests have it. */
  get name(): string {
    return this.#example.config.cluster;
  }

  async install(): Promise<void> {
    const values = ['--values', EXAMPLE, '--values', join(this.#folder, 'values.yaml')];
    await helm('install', NAMESPACE, CHART, ...this.#flags, ...values, ...WAIT);
  }

  async uninstall(): Promise<void> {
    await helm('uninstall', NAMESPACE, ...this.#flags, ...WAIT);
  }

  kubectl(...args: readonly string[]): Promise<string> {
    return kubectl('--kubeconfig', this.#kubeconfig, ...args);
  }

  /** Addresses of its pods. */
  async podAddresses(): Promise<string[]> {
    const path = 'jsonpath={.items[*].status.podIP}';
    return (await this.kubectl('--namespace', NAMESPACE, 'get', 'pods', '--output', path)).split(
      ' ',
    );
  }

  /** All objects of its cluster, by their paths. */
  async objects(): Promise<string[]> {
    return [...(await listCluster(this.#kubeconfig)).keys()];
  }

  async stop(): Promise<void> {
    await rm(this.#folder, { recursive: true });
  }

  get #kubeconfig(): string {
    return this.#place.cluster.kubeconfig;
  }

  get #flags(): string[] {
    return ['--kubeconfig', this.#kubeconfig, '--namespace', NAMESPACE];
  }

  async #prepareNamespace(release: ChartRelease): Promise<void> {
    await this.kubectl('create', 'namespace', NAMESPACE);
    const label = 'pod-security.kubernetes.io/enforce=privileged';
    await this.kubectl('label', 'namespace', NAMESPACE, label);
    await createBucketSecret(...this.#flags);
    await this.#createTlsSecrets();
    const key = join(this.#folder, 'master-key');
    await run({}, 'keys', 'export', '-o', key, '--namespace', release.name);
    const there = { KUBECONFIG: this.#kubeconfig };
    await run(there, 'keys', 'import', key, '--namespace', NAMESPACE);
  }

  /** What the example names, by which its pods and Temporal know each other. */
  async #createTlsSecrets(): Promise<void> {
    const { caSecret, clientSecret } = this.#example.temporal.tls;
    const { caFile, client } = this.#place.temporal;
    const ca = ['generic', caSecret, `--from-file=ca.crt=${caFile}`];
    const pair = ['tls', clientSecret, '--cert', client.certFile, '--key', client.keyFile];
    await this.kubectl('--namespace', NAMESPACE, 'create', 'secret', ...ca);
    await this.kubectl('--namespace', NAMESPACE, 'create', 'secret', ...pair);
  }

  /** Where the example has names of a Temporal and a bucket that are not here, the test has its own. */
  async #writeValues({ shared }: ChartRelease): Promise<void> {
    const { location, ...image } = shared;
    const values = {
      ...image,
      temporal: { namespace: 'default', address: this.#place.temporal.address },
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
