import { readFile } from 'node:fs/promises';

import type { KubernetesObject, OwnerReference } from '../../domain/item.ts';
import { applyYaml } from './applied-yaml.ts';
import { kubectl } from './kubectl.ts';

/** The names of a workload cluster's objects. */
export interface ClusterApiNames {
  readonly clusterClass: string;
  readonly cluster: string;
  readonly machine: string;
  readonly resourceSet: string;
  readonly binding: string;
}

const CLUSTER_API_TYPES = {
  clusterClass: { plural: 'clusterclasses.cluster.x-k8s.io', kind: 'ClusterClass' },
  cluster: { plural: 'clusters.cluster.x-k8s.io', kind: 'Cluster' },
  machine: { plural: 'machines.cluster.x-k8s.io', kind: 'Machine' },
  resourceSet: {
    plural: 'clusterresourcesets.addons.cluster.x-k8s.io',
    kind: 'ClusterResourceSet',
  },
  binding: {
    plural: 'clusterresourcesetbindings.addons.cluster.x-k8s.io',
    kind: 'ClusterResourceSetBinding',
  },
} as const satisfies Record<keyof ClusterApiNames, { plural: string; kind: string }>;

const CLUSTER_GROUP = 'cluster.x-k8s.io';
const ADDONS_GROUP = 'addons.cluster.x-k8s.io';

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly [field: string]: unknown;
}

/** A cluster with Cluster API's types, and objects as its controllers leave them. */
export class ClusterApi {
  readonly namespace: string;
  readonly #names: ClusterApiNames;
  readonly #kubeconfig: string;

  constructor(kubeconfig: string, namespace: string, names: ClusterApiNames) {
    this.#kubeconfig = kubeconfig;
    this.namespace = namespace;
    this.#names = names;
  }

  /** Puts definitions and objects into the cluster, each owner before what it owns. */
  async apply(): Promise<void> {
    const file = new URL('../testbed/manifests/cluster-api-definitions.yaml', import.meta.url);
    await applyYaml(await readFile(file, 'utf8'), this.#kubeconfig);
    const definitions = Object.values(CLUSTER_API_TYPES).map(({ plural }) => plural);
    await this.kubectl(
      'wait',
      '--for=condition=Established',
      'crd',
      ...definitions,
      '--timeout=60s',
    );
    await this.kubectl('create', 'namespace', this.namespace);
    const { clusterClass, cluster, machine, resourceSet, binding } = this.#names;
    await this.#put(clusterGroup('ClusterClass', clusterClass), []);
    const classRef = { topology: { classRef: { name: clusterClass } } };
    const clusterOwner = await this.#put(
      { ...clusterGroup('Cluster', cluster), spec: classRef },
      [],
    );
    const setOwner = await this.#put(addon('ClusterResourceSet', resourceSet), []);
    const controller = { controller: true, blockOwnerDeletion: true };
    await this.#put(addon('ClusterResourceSetBinding', binding), [setOwner, clusterOwner]);
    const machineOwner = await this.#put(
      { ...clusterGroup('Machine', machine), spec: { clusterName: cluster } },
      [{ ...clusterOwner, ...controller }],
    );
    await this.#put(secret(`${cluster}-kubeconfig`), [{ ...clusterOwner, ...controller }]);
    await this.#put(secret(`${machine}-bootstrap`), [{ ...machineOwner, ...controller }]);
  }

  /** Deletes all of it, and waits until it is gone. */
  async remove(): Promise<void> {
    await this.kubectl('delete', 'namespace', this.namespace, '--timeout=120s');
    const definitions = Object.values(CLUSTER_API_TYPES).map(({ plural }) => plural);
    await this.kubectl('delete', 'crd', ...definitions, '--timeout=120s');
  }

  /** All objects, by kind and name. */
  async read(): Promise<ReadonlyMap<string, KubernetesObject>> {
    const types = [...Object.values(CLUSTER_API_TYPES).map(({ plural }) => plural), 'secrets'];
    const text = await this.kubectl('-n', this.namespace, 'get', types.join(','), '-o', 'json');
    // What kubectl prints are the API server's own objects.
    const { items } = JSON.parse(text) as { items: KubernetesObject[] };
    return new Map(items.map((object) => [`${object.kind ?? ''}/${object.metadata.name}`, object]));
  }

  kubectl(...args: string[]): Promise<string> {
    return kubectl('--kubeconfig', this.#kubeconfig, ...args);
  }

  async #put(
    object: Manifest,
    ownerReferences: readonly OwnerReference[],
  ): Promise<OwnerReference> {
    const { apiVersion, kind, metadata } = object;
    const whole = {
      ...object,
      metadata: { ...metadata, namespace: this.namespace, ownerReferences },
    };
    await applyYaml(JSON.stringify(whole), this.#kubeconfig);
    const type =
      apiVersion === 'v1' ? kind : `${kind}.${apiVersion.split('/').reverse().join('.')}`;
    const uid = await this.kubectl(
      ...['-n', this.namespace, 'get', type, metadata.name, '-o', 'jsonpath={.metadata.uid}'],
    );
    return { apiVersion, kind, name: metadata.name, uid };
  }
}

function clusterGroup(kind: string, name: string): Manifest {
  return { apiVersion: `${CLUSTER_GROUP}/v1beta2`, kind, metadata: { name } };
}

function addon(kind: string, name: string): Manifest {
  return { apiVersion: `${ADDONS_GROUP}/v1beta2`, kind, metadata: { name }, spec: {} };
}

function secret(name: string): Manifest {
  return { apiVersion: 'v1', kind: 'Secret', type: 'cluster.x-k8s.io/secret', metadata: { name } };
}
