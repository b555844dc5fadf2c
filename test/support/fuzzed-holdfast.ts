import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { applyYaml } from './applied-yaml.ts';
import { EmptyCluster } from './empty-cluster.ts';
import { Installation } from './installation.ts';
import { kubectl } from './kubectl.ts';
import { type PluginWorker, startPlugin } from './plugin-worker.ts';

/** What fuzzed requests are about; `hooks.py` of the fuzzer puts it into them. */
export interface KnownThings {
  /** Names that are there, by the kind of their path. */
  readonly names: Readonly<Record<string, readonly string[]>>;
  /** Values of further parameters of paths and queries that mean something. */
  readonly parameters: Readonly<Record<string, readonly string[]>>;
  /** Specs whose fields the schema leaves to who reads them, by the kind of their path. */
  readonly specs: Readonly<Record<string, readonly object[]>>;
  readonly cluster: string;
  readonly namespaces: readonly string[];
}

const ADMIN = '--clusterrole=cluster-admin';
const NAMESPACE = 'shop';
const TOKEN = 'fuzz-token';
/** Whatever is fuzzed for as long as a campaign. */
const MANY = '1000000';
const OBJECTS = `
apiVersion: v1
kind: ConfigMap
metadata: { name: till, namespace: ${NAMESPACE} }
data: { currency: EUR }
---
apiVersion: v1
kind: Secret
metadata: { name: till, namespace: ${NAMESPACE} }
stringData: { pin: "4711" }
`;

/** A Holdfast with a cluster of its own, for whatever a fuzzer sends may come true there, and one thing of each kind. */
export class FuzzedHoldfast {
  readonly token = TOKEN;
  readonly #cluster: EmptyCluster;
  readonly #installation: Installation;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #folder: string;
  #plugin: PluginWorker | undefined;

  private constructor(parts: {
    cluster: EmptyCluster;
    installation: Installation;
    environment: NodeJS.ProcessEnv;
    folder: string;
  }) {
    this.#cluster = parts.cluster;
    this.#installation = parts.installation;
    this.#environment = parts.environment;
    this.#folder = parts.folder;
  }

  static async start(): Promise<FuzzedHoldfast> {
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-fuzz-'));
    const environment = { HOLDFAST_REVEAL_SECRETS: 'true' };
    const cluster = await EmptyCluster.start({ hasControllers: true });
    const installation = await Installation.start({
      ...{ kubeconfig: cluster.kubeconfig, patience: '10s', environment: { api: environment } },
    }).catch(async (error: unknown) => {
      await cluster.stop();
      throw error;
    });
    const holdfast = new FuzzedHoldfast({ cluster, installation, environment, folder });
    try {
      await holdfast.#fill();
      return holdfast;
    } catch (error) {
      await holdfast.stop();
      throw error;
    }
  }

  get url(): string {
    return this.#installation.apiUrl;
  }

  get known(): KnownThings {
    const { name: cluster } = this.#installation;
    const first = { backups: ['first'], restores: ['first'], schedules: ['daily'] };
    return {
      names: { ...first, plugins: ['here'], 'storage-locations': ['default'] },
      parameters: {
        ...{ type: ['secrets', 'configmaps'], itemName: ['till'], namespace: [NAMESPACE] },
        ...{ cluster: [cluster], location: ['default'], backup: ['first'], restore: ['first'] },
      },
      specs: {
        'storage-locations': [
          { provider: 'folder', path: join(this.#folder, 'location') },
          this.#bucket(),
        ],
        'notification-endpoints': [{ url: 'http://127.0.0.1:9/events', events: ['backup.*'] }],
      },
      ...{ cluster, namespaces: [NAMESPACE] },
    };
  }

  /** Starts the API anew as one that knows a single caller, who may do everything. */
  async askWhoCalls(): Promise<void> {
    const file = join(this.#folder, 'tokens.json');
    const sha256 = createHash('sha256').update(TOKEN).digest('hex');
    await writeFile(file, JSON.stringify([{ username: 'fuzzer', groups: [], sha256 }]));
    await this.#kubectl('create', 'clusterrolebinding', 'fuzzer', '--user=fuzzer', ADMIN);
    Object.assign(this.#environment, {
      ...{ HOLDFAST_AUTH: 'Tokens', HOLDFAST_AUTH_TOKENS_FILE: file, HOLDFAST_AUDIT_LOG: 'off' },
      ...{ HOLDFAST_RATE_LIMIT_READS: MANY, HOLDFAST_RATE_LIMIT_WRITES: MANY },
    });
    await this.#installation.kill('api');
    await this.#installation.startPart('api');
  }

  async stop(): Promise<void> {
    await this.#plugin?.stop();
    await this.#installation.stop();
    await this.#cluster.stop();
    await rm(this.#folder, { recursive: true });
  }

  /** Another place in the bucket. */
  #bucket(): object {
    const location = this.#installation.location('direct');
    return { ...location, name: undefined, prefix: `${this.#installation.prefix}/more` };
  }

  async #fill(): Promise<void> {
    const installation = this.#installation;
    for (const namespace of [NAMESPACE, installation.ownNamespace]) {
      await this.#kubectl('create', 'namespace', namespace);
    }
    await applyYaml(OBJECTS, this.#cluster.kubeconfig);
    await installation.createBackup('first', [NAMESPACE]);
    await installation.ended('backups', 'first');
    await installation.createRestore('first', { backupName: 'first' });
    await installation.ended('restores', 'first');
    const template = { cluster: installation.name, includedNamespaces: [NAMESPACE] };
    await installation.request('POST', '/schedules', {
      ...{ metadata: { name: 'daily' }, spec: { schedule: '@daily', paused: true, template } },
    });
    this.#plugin = await startPlugin(installation, 'here', {
      describePlugin: () => Promise.resolve({ contract: 'v1', backupActions: [] }),
    });
  }

  #kubectl(...args: string[]): Promise<string> {
    return kubectl('--kubeconfig', this.#cluster.kubeconfig, ...args);
  }
}
