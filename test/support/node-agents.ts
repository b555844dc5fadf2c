import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Applied } from './applied-yaml.ts';
import { holdfastImage } from './holdfast-image.ts';
import type { Installation } from './installation.ts';
import { deleteNamespace, kubectl } from './kubectl.ts';
import { applyManifests } from './manifests.ts';
import { PodRelays } from './pod-relay.ts';

const CREDENTIALS = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_REGION'];
const READY_WAIT_MS = 120_000;

export interface NodeAgentOptions {
  /** Environment besides that of the manifests. */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * The node agents of an installation, as the manifests of `deploy/` make them, in the installation's own namespace. They
 * reach its Temporal server, and an S3 proxy of the test, through relays of this process.
 */
export class NodeAgents {
  readonly #installation: Installation;
  readonly #relays = new PodRelays();
  #applied: Applied | undefined;

  private constructor(installation: Installation) {
    this.#installation = installation;
  }

  /** Deploys them, and waits until each is ready to copy. */
  static async start(
    installation: Installation,
    options: NodeAgentOptions = {},
  ): Promise<NodeAgents> {
    const agents = new NodeAgents(installation);
    try {
      await agents.#deploy(options);
      await agents.#ready();
      return agents;
    } catch (error) {
      await agents.stop();
      throw error;
    }
  }

  /** Names of the nodes that have an agent. */
  async nodes(): Promise<string[]> {
    return [...(await this.#pods()).keys()].sort();
  }

  /** Name of the pod on a node. */
  async podOn(node: string): Promise<string> {
    return (await this.#agentOn(node)).name;
  }

  /** What the agent of a node has logged since it started last. */
  async log(node: string): Promise<string> {
    return this.#kubectl('logs', await this.podOn(node), '--tail=-1');
  }

  /**
   * Kills processes of a node's agent as a crash does: those whose command line has the word, such as `worker/main.ts`
   * or `restic`. Gives their number.
   */
  async kill(node: string, word: string): Promise<number> {
    const { uid } = await this.#agentOn(node);
    const pids = await processesOfPod(uid, word);
    for (const pid of pids) {
      process.kill(pid, 'SIGKILL');
    }
    return pids.length;
  }

  /** Removes them with their namespace. */
  async stop(): Promise<void> {
    await this.#applied?.remove();
    await deleteNamespace(this.#installation.ownNamespace);
    this.#relays.stop();
  }

  async #deploy({ env = {} }: NodeAgentOptions): Promise<void> {
    const image = await holdfastImage();
    const configuration = {
      HOLDFAST_CLUSTER: this.#installation.name,
      HOLDFAST_LOCATIONS: JSON.stringify([
        await this.#relays.locationOf(this.#installation.location('configured')),
      ]),
      HOLDFAST_LOG_LEVEL: 'info',
      TEMPORAL_ADDRESS: await this.#relays.addressOf(this.#installation.temporalAddress),
      ...env,
    };
    const credentials = CREDENTIALS.map((variable) => [variable, process.env[variable] ?? '']);
    const [, newName, newTag] = /^(.*):([^:]*)$/.exec(image) ?? [];
    this.#applied = await applyManifests({
      namespace: this.#installation.ownNamespace,
      nameSuffix: this.#suffix,
      images: [{ name: 'holdfast', newName, newTag }],
      patches: [
        { ...objectNamed('ConfigMap', 'holdfast'), data: configuration },
        {
          ...objectNamed('Secret', 'holdfast-object-storage'),
          stringData: Object.fromEntries(credentials) as object,
        },
      ],
    });
  }

  get #suffix(): string {
    return `-${this.#installation.name}`;
  }

  async #ready(): Promise<void> {
    const daemonSet = `daemonset/holdfast-node-agent${this.#suffix}`;
    await this.#kubectl('rollout', 'status', daemonSet, '--timeout=180s');
    const deadline = Date.now() + READY_WAIT_MS;
    for (const node of await this.nodes()) {
      for (let log = ''; !log.includes('worker ready'); log = await this.log(node)) {
        if (Date.now() > deadline) {
          throw new Error(`the agent of ${node} does not get ready:\n${log}`);
        }
        await sleep(200);
      }
    }
  }

  async #agentOn(node: string): Promise<{ name: string; uid: string }> {
    const pod = (await this.#pods()).get(node);
    if (pod === undefined) {
      throw new Error(`no agent runs on ${node}`);
    }
    return pod;
  }

  /** The agents' pods by node. */
  async #pods(): Promise<ReadonlyMap<string, { name: string; uid: string }>> {
    const fields = '{.spec.nodeName} {.metadata.name} {.metadata.uid}';
    const lines = await this.#kubectl(
      ...['get', 'pods', '-l', 'app.kubernetes.io/component=node-agent'],
      ...['-o', `jsonpath={range .items[*]}${fields}{"\\n"}{end}`],
    );
    const rows = lines.trim().split('\n');
    return new Map(
      rows.map((row) => {
        const [node = '', name = '', uid = ''] = row.split(' ');
        return [node, { name, uid }];
      }),
    );
  }

  #kubectl(...args: string[]): Promise<string> {
    return kubectl('-n', this.#installation.ownNamespace, ...args);
  }
}

function objectNamed(kind: string, name: string): object {
  return { apiVersion: 'v1', kind, metadata: { name } };
}

/** Processes of a pod on this machine, which is every node of the test bed, whose command line has a word. */
async function processesOfPod(uid: string, word: string): Promise<number[]> {
  const found = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const [cgroup, command] = await Promise.all(
      ['cgroup', 'cmdline'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')),
    );
    if (cgroup?.includes(`pod${uid}`) === true && command?.includes(word) === true) {
      found.push(Number(pid));
    }
  }
  return found;
}
