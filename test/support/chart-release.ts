import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { CHART, helm } from './helm.ts';
import { startHoldfast } from './holdfast.ts';
import { earlierImage, holdfastImage } from './holdfast-image.ts';
import type { Installation } from './installation.ts';
import { deleteNamespace, kubectl } from './kubectl.ts';
import { PodRelays } from './pod-relay.ts';
import { loadTemporalImage } from './temporal-image.ts';

const CREDENTIALS = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_REGION'];
const SECRET = 'bucket';
const CALLER = 'caller';
/** As the documentation calls it. */
export const WORKER_DEPLOYMENT = 'holdfast';
const STORAGE_CLASS = 'standard';
const WAIT = ['--wait', '--timeout', '240s'];
/** The definitions are the cluster's: Holdfast of another version may have made them before. */
const OWN_DEFINITIONS = '--force-conflicts';

/** What a command of the command line has given. */
export interface Ended {
  readonly status: number | null;
  readonly output: string;
}

export interface ReleaseOptions {
  /** Whether the chart brings a Temporal, in place of that of the installation. */
  readonly isTemporalEmbedded?: boolean;
  /** Whether it begins with an image whose workers are another version of the same workflows. */
  readonly isEarlier?: boolean;
}

/** What releases have in common that work with one bucket. */
export interface SharedValues {
  readonly imageRegistry: string | undefined;
  readonly image: { readonly repository: string | undefined; readonly tag: string | undefined };
  readonly location: object;
}

/** Holdfast as the chart installs it in the test bed's cluster, with the location of an installation. */
export class ChartRelease {
  /** Name of the release, of its namespace, and of the cluster as its runs have it. */
  readonly name: string;
  readonly #relays = new PodRelays();
  readonly #folder: string;
  #token = '';
  #shared: SharedValues | undefined;

  private constructor(name: string, folder: string) {
    this.name = name;
    this.#folder = folder;
  }

  static async install(
    installation: Installation,
    options: ReleaseOptions = {},
  ): Promise<ChartRelease> {
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-release-'));
    const release = new ChartRelease(installation.ownNamespace, folder);
    try {
      await release.#prepare(installation, options);
      await helm('install', release.name, CHART, OWN_DEFINITIONS, ...release.#flags, ...WAIT);
      return release;
    } catch (error) {
      await release.remove();
      throw error;
    }
  }

  /** What a release in another cluster has to be told as well. */
  get shared(): SharedValues {
    if (this.#shared === undefined) {
      throw new Error('nothing is installed yet');
    }
    return this.#shared;
  }

  /** Changes values, given as `--set` takes them, and waits until every part runs with them. */
  async upgrade(...values: readonly string[]): Promise<void> {
    const set = values.flatMap((value) => ['--set', value]);
    await helm('upgrade', this.name, CHART, ...this.#flags, ...set, ...WAIT);
  }

  async uninstall(): Promise<void> {
    await helm('uninstall', this.name, '--namespace', this.name, ...WAIT);
  }

  /** A command of the command line, which finds the API by the kubeconfig. */
  async holdfast(...args: readonly string[]): Promise<Ended> {
    const command = startHoldfast([...args, '--namespace', this.name], {
      HOLDFAST_TOKEN: this.#token,
    });
    const status = await command.status;
    return { status, output: `${command.stdout}${command.stderr}` };
  }

  /** What `helm` and the test have made, with the namespace. */
  async remove(): Promise<void> {
    await helm('uninstall', this.name, '--namespace', this.name, '--ignore-not-found');
    await kubectl('delete', 'clusterrolebinding', this.name, '--ignore-not-found');
    await deleteNamespace(this.name);
    this.#relays.stop();
    await rm(this.#folder, { recursive: true });
  }

  get #flags(): string[] {
    return ['--namespace', this.name, '--values', join(this.#folder, 'values.yaml')];
  }

  async #prepare(installation: Installation, options: ReleaseOptions): Promise<void> {
    await kubectl('create', 'namespace', this.name);
    await kubectl(
      ...['label', 'namespace', this.name, 'pod-security.kubernetes.io/enforce=privileged'],
    );
    await createBucketSecret('--namespace', this.name);
    await this.#kubectl('create', 'serviceaccount', CALLER);
    const role = ['--clusterrole=cluster-admin', `--serviceaccount=${this.name}:${CALLER}`];
    await kubectl('create', 'clusterrolebinding', this.name, ...role);
    const token = await this.#kubectl('create', 'token', CALLER, '--audience', 'holdfast');
    this.#token = token.trim();
    // As where nothing but a mirror is reached: one prefix for all images.
    const name = await (options.isEarlier === true ? earlierImage() : holdfastImage());
    const image = /^(.*)\/([^/]*):([^:]*)$/.exec(name);
    const [, imageRegistry, repository, tag] = image ?? [];
    const location = await this.#relays.locationOf(installation.location('configured'));
    const temporal = await this.#temporal(installation, options);
    this.#shared = { imageRegistry, image: { repository, tag }, location };
    const chartValues = {
      ...{ imageRegistry, image: { repository, tag }, temporal },
      credentials: { existingSecret: SECRET },
      config: {
        ...{ cluster: this.name, locations: [location] },
        ...(options.isEarlier === true ? { workerDeployment: WORKER_DEPLOYMENT } : {}),
      },
      // Another release of this cluster may have them.
      accessRoles: { enabled: false },
    };
    await writeFile(join(this.#folder, 'values.yaml'), JSON.stringify(chartValues));
  }

  async #temporal(installation: Installation, options: ReleaseOptions): Promise<object> {
    if (options.isTemporalEmbedded === true) {
      await loadTemporalImage();
      return { embedded: { enabled: true, storageClassName: STORAGE_CLASS } };
    }
    return { address: await this.#relays.addressOf(installation.temporalAddress) };
  }

  #kubectl(...args: readonly string[]): Promise<string> {
    return kubectl('--namespace', this.name, ...args);
  }
}

/** Makes the Secret with the credentials of the bucket, where flags of kubectl say. */
export async function createBucketSecret(...flags: readonly string[]): Promise<void> {
  const values = CREDENTIALS.map((key) => `--from-literal=${key}=${process.env[key] ?? ''}`);
  await kubectl(...flags, 'create', 'secret', 'generic', SECRET, ...values);
}
