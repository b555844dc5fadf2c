import { apiVersionOf, type KubernetesObject, type ResourceType } from '../item.ts';
import { fields } from '../fields.ts';
import { OWN_GROUP } from '../selection/own-parts.ts';
import type { PluginDescription } from './contract.ts';
import { PLUGIN_TIMES, type PluginSpec, type RegisteredPlugin } from './plugin.ts';

/** The custom resource in which registered plugins are kept, in Holdfast's own namespace. */
export const PLUGIN: ResourceType = {
  group: OWN_GROUP,
  version: 'v1',
  resource: 'plugins',
  kind: 'Plugin',
  isNamespaced: true,
};

export const DEFINITION: ResourceType = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  resource: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  isNamespaced: false,
};

const MANAGED = {
  'app.kubernetes.io/name': 'holdfast',
  'app.kubernetes.io/managed-by': 'holdfast',
};

function timeSchema({ min, max }: (typeof PLUGIN_TIMES)[keyof PluginSpec], description: string) {
  const [least, most] = [min, max].map((ms) => `duration('${String(ms / 1000)}s')`);
  return {
    ...{ type: 'string', maxLength: 64, description },
    pattern: String.raw`^(\d+(\.\d+)?(ms|h|m|s))+$`,
    'x-kubernetes-validations': [
      {
        rule: `duration(self) >= ${String(least)} && duration(self) <= ${String(most)}`,
        message: `must be from ${String(min / 1000)}s to ${String(max / 3_600_000)}h`,
      },
    ],
  };
}

const SPEC_SCHEMA = {
  type: 'object',
  description: 'What was asked for.',
  required: ['unavailableTimeout', 'callTimeout'],
  properties: {
    unavailableTimeout: timeSchema(
      PLUGIN_TIMES.unavailableTimeout,
      'How long a call waits for a worker of the plugin.',
    ),
    callTimeout: timeSchema(PLUGIN_TIMES.callTimeout, 'How long one call may take.'),
  },
};

/** Written together with the spec, hence no subresource: no plugin is registered that has not described itself. */
const STATUS_SCHEMA = {
  type: 'object',
  description: 'What the plugin said of itself.',
  required: ['describedAt', 'description'],
  properties: {
    describedAt: { type: 'string', format: 'date-time', description: 'When it said so.' },
    actions: { type: 'string', description: 'Names of its actions, for people.' },
    description: {
      type: 'object',
      description: 'Its answer to describePlugin; docs/plugin-contract-v1.json has the schema.',
      'x-kubernetes-preserve-unknown-fields': true,
    },
  },
};

/** deploy/kubernetes/plugin-definition.yaml is the same. */
export const PLUGIN_DEFINITION: KubernetesObject = {
  apiVersion: apiVersionOf(DEFINITION),
  kind: DEFINITION.kind,
  metadata: { name: `${PLUGIN.resource}.${PLUGIN.group}` },
  spec: {
    group: PLUGIN.group,
    scope: 'Namespaced',
    names: {
      ...{ kind: PLUGIN.kind, listKind: 'PluginList' },
      ...{ plural: PLUGIN.resource, singular: 'plugin' },
    },
    versions: [
      {
        ...{ name: PLUGIN.version, served: true, storage: true },
        schema: {
          openAPIV3Schema: {
            type: 'object',
            description: 'A plugin of Holdfast. Register one with: holdfast plugin register NAME',
            required: ['spec', 'status'],
            properties: { spec: SPEC_SCHEMA, status: STATUS_SCHEMA },
          },
        },
        additionalPrinterColumns: [
          { name: 'Version', type: 'string', jsonPath: '.status.description.version' },
          { name: 'Actions', type: 'string', jsonPath: '.status.actions' },
          { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
        ],
      },
    ],
  },
};

/** A plugin as it is kept. */
export function pluginObject(plugin: RegisteredPlugin, namespace: string): KubernetesObject {
  const { name, spec, description, describedAt } = plugin;
  return {
    ...{ apiVersion: apiVersionOf(PLUGIN), kind: PLUGIN.kind },
    metadata: { name, namespace, labels: MANAGED },
    spec: { ...spec },
    status: { describedAt, actions: actionsText(description), description: { ...description } },
  };
}

/** The parts of a kept plugin, none of them checked. */
export function partsOfPlugin({ metadata, spec, status }: KubernetesObject) {
  const { describedAt, description } = fields(status);
  return {
    name: metadata.name,
    spec: fields(spec),
    description,
    describedAt: typeof describedAt === 'string' ? describedAt : '',
  };
}

function actionsText({ backupActions = [], restoreActions = [] }: PluginDescription): string {
  return [
    ...backupActions.map(({ name }) => `backup/${name}`),
    ...restoreActions.map(({ name }) => `restore/${name}`),
  ].join(',');
}
