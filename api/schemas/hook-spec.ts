import { Type } from 'typebox';

import { HOOK_ERROR_MODES } from '../../domain/hooks/hook.ts';
import type { Fields } from '../../domain/fields.ts';
import { STRICT } from './run.ts';
import { LabelSelector, nameList } from './selection.ts';

/** Their number and sizes; all hooks of a request together are bounded as well. */
const RESOURCES_MAX = 100;
const HOOKS_MAX = 50;
const WORDS_MAX = 500;
const CONTAINERS_MAX = 20;
const TEXT_LENGTH_MAX = 10_000;
const DURATION_LENGTH_MAX = 50;

const FILTER_FIELDS = {
  includedNamespaces: nameList('Namespaces of pods, or patterns; all when empty.'),
  excludedNamespaces: nameList('Namespaces of pods, or patterns.'),
  includedResources: nameList('Types; hooks run in pods alone.'),
  excludedResources: nameList('Types that are left out.'),
  labelSelector: LabelSelector,
};

const Command = Type.Array(Type.String({ maxLength: TEXT_LENGTH_MAX }), {
  description: 'Program and arguments; no shell is between.',
  minItems: 1,
  maxItems: WORDS_MAX,
});

const EXEC_FIELDS = {
  container: Type.Optional(
    Type.String({ description: 'The first of the pod when left out.', maxLength: 253 }),
  ),
  command: Command,
};

function errorMode(byDefault: string) {
  return Type.Optional(
    Type.Enum([...HOOK_ERROR_MODES], {
      description: `What a failure does: Fail is an error, Continue a warning; ${byDefault} when left out.`,
    }),
  );
}

function duration(description: string) {
  return Type.Optional(Type.String({ description, maxLength: DURATION_LENGTH_MAX }));
}

const BackupHook = Type.Object(
  {
    exec: Type.Object(
      {
        ...EXEC_FIELDS,
        onError: errorMode('Fail'),
        timeout: duration('How long the command may run; 30s when left out, at most 4h.'),
      },
      STRICT,
    ),
  },
  STRICT,
);

const RestoreHook = Type.Object(
  {
    init: Type.Optional(
      Type.Object(
        {
          initContainers: Type.Array(
            Type.Unsafe<Fields>(Type.Object({}, { additionalProperties: true })),
            {
              description: 'Containers, as in a pod, that start before those of the pod.',
              maxItems: CONTAINERS_MAX,
            },
          ),
          timeout: duration('Has no effect, as in Velero.'),
        },
        STRICT,
      ),
    ),
    exec: Type.Optional(
      Type.Object(
        {
          ...EXEC_FIELDS,
          onError: errorMode('Continue'),
          execTimeout: duration('How long the command may run; 30s when left out, at most 4h.'),
          waitTimeout: duration(
            'How long the container is waited for; resourceTimeout when left out.',
          ),
          waitForReady: Type.Optional(
            Type.Boolean({ description: 'true: the container must be ready, and not only run.' }),
          ),
        },
        STRICT,
      ),
    ),
  },
  STRICT,
);

function resources<Hooks extends object>(hooks: Hooks) {
  return Type.Optional(
    Type.Array(
      Type.Object(
        {
          name: Type.String({ minLength: 1, maxLength: 253 }),
          ...Type.Partial(Type.Object(FILTER_FIELDS)).properties,
          ...hooks,
        },
        STRICT,
      ),
      { maxItems: RESOURCES_MAX },
    ),
  );
}

/** `spec.hooks` of a backup. */
export const BackupHooksSchema = Type.Object(
  {
    resources: resources({
      pre: Type.Optional(Type.Array(BackupHook, { maxItems: HOOKS_MAX })),
      post: Type.Optional(Type.Array(BackupHook, { maxItems: HOOKS_MAX })),
    }),
    thawAfter: duration(
      'How long after its first pre hook the post hooks of a pod run at the latest; 1h when left out.',
    ),
  },
  {
    ...STRICT,
    description:
      'Commands that run in pods before and after their volumes are copied, where pods have no annotations for them.',
  },
);

/** `spec.hooks` of a restore. */
export const RestoreHooksSchema = Type.Object(
  {
    resources: resources({
      postHooks: Type.Optional(Type.Array(RestoreHook, { maxItems: HOOKS_MAX })),
    }),
  },
  {
    ...STRICT,
    description:
      'Init containers that restored pods get, and commands that run in them, where they have no annotations for them. Namespaces are those of the cluster.',
  },
);
