import { Type } from 'typebox';

import { PluginDescriptionSchema } from '../../domain/plugins/contract.ts';
import { PLUGIN_DEFAULTS } from '../../domain/plugins/plugin.ts';
import { PLUGIN_HEALTH } from '../../domain/plugins/registry.ts';
import { ApiVersion, FailureReportSchema, LabelName, oneOf, STRICT } from './run.ts';

const { unavailableTimeout, callTimeout } = PLUGIN_DEFAULTS;

const SPEC_FIELDS = {
  cluster: LabelName,
  unavailableTimeout: Type.String({
    maxLength: 64,
    description: `How long a call of a run waits for a worker of the plugin; ${unavailableTimeout} when left out.`,
  }),
  callTimeout: Type.String({
    maxLength: 64,
    description: `How long one call may take; ${callTimeout} when left out.`,
  }),
};

export const PluginParams = Type.Object({ name: LabelName }, STRICT);
export const PluginQuery = Type.Object({ cluster: Type.Optional(LabelName) }, STRICT);

export const RegisterPlugin = Type.Object(
  {
    metadata: Type.Object({ name: LabelName }, STRICT),
    spec: Type.Optional(Type.Partial(Type.Object(SPEC_FIELDS, STRICT), STRICT)),
  },
  { ...STRICT, $id: 'RegisterPlugin' },
);

export const Plugin = Type.Object(
  {
    apiVersion: ApiVersion,
    kind: Type.Literal('Plugin'),
    metadata: Type.Object({ name: Type.String() }),
    spec: Type.Object(SPEC_FIELDS),
    status: Type.Object({
      health: oneOf(
        PLUGIN_HEALTH,
        'Ready; NotServed: no worker takes its calls; Failed: it throws, or takes too long; Invalid: its answer breaks the contract. In lists it is not called, and one that is served is Ready.',
      ),
      failure: Type.Optional(FailureReportSchema),
      hasChanged: Type.Optional(
        Type.Literal(true, {
          description: 'It describes itself otherwise now; register it again.',
        }),
      ),
      taskQueue: Type.String({ description: 'The queue that its workers serve.' }),
      describedAt: Type.String({ format: 'date-time' }),
      version: Type.Optional(Type.String()),
      backupActions: Type.Array(Type.String()),
      restoreActions: Type.Array(Type.String()),
      description: Type.Optional(
        Type.Ref('PluginDescription', {
          description: 'What it said of itself when it was registered; left out in lists.',
        }),
      ),
    }),
  },
  { $id: 'Plugin' },
);

export const PluginList = Type.Object(
  {
    apiVersion: ApiVersion,
    kind: Type.Literal('PluginList'),
    items: Type.Array(Type.Ref('Plugin')),
  },
  { $id: 'PluginList' },
);

/** As the contract of plugins has it, under the name that the other schemas know. */
export const PluginDescription = Type.Object(PluginDescriptionSchema.properties, {
  $id: 'PluginDescription',
  description: 'What a plugin says of itself.',
});
