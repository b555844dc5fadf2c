import type { KubernetesObject } from '../item.ts';
import type { BadHook, ExecHook } from './hook.ts';
import { isHookFor } from './hook-filter.ts';
import type { RestoreHooks, RestoreHookSpec } from './hook-spec.ts';
import { readDuration, readTruth, WAIT_RANGE } from './hook-values.ts';
import {
  annotatedHook,
  type ExecRules,
  HookReader,
  readExec,
  requestedHook,
  type WrittenHook,
} from './written-hook.ts';

/** A command that is run in a restored pod. */
export interface RestoreExecHook extends ExecHook {
  /** Whether the container must be ready, and not only run. */
  readonly waitForReady: boolean;
  /** How long the container is waited for; left out: as long as the restore waits for one thing. */
  readonly waitTimeoutMs?: number;
}

/** A hook of a request that is for a pod, with where it stands and the name of the group that it is of. */
export interface MatchingHook {
  readonly hook: RestoreHookSpec;
  readonly pointer: string;
  readonly source: `spec ${string}`;
}

const RULES: ExecRules = { timeoutField: 'execTimeout', defaultMode: 'Continue' };
const PREFIX = 'post.hook.restore.velero.io';
const ANNOTATIONS = {
  container: [`${PREFIX}/container`],
  command: [`${PREFIX}/command`],
  onError: [`${PREFIX}/on-error`],
  execTimeout: [`${PREFIX}/exec-timeout`],
  waitTimeout: [`${PREFIX}/wait-timeout`],
  waitForReady: [`${PREFIX}/wait-for-ready`],
};

/** The commands that are run in a restored pod, in order: those of its annotations, or else those of the request. */
export function restoreExecHooksOf(
  pod: KubernetesObject,
  spec: RestoreHooks | undefined,
): readonly (RestoreExecHook | BadHook)[] {
  const annotated = annotatedHook(pod, ANNOTATIONS);
  const isAnnotated = (annotated.valueOf('command') ?? '') !== '';
  const written = isAnnotated ? [annotated] : requestedHooks(pod, spec);
  return written.map((hook) => readHook(hook, pod));
}

/** The hooks of a request that are for a pod, which stands in the namespace that it is restored into. */
export function matchingHooks(
  pod: KubernetesObject,
  { resources = [] }: RestoreHooks = {},
): MatchingHook[] {
  return resources.flatMap((resource, index) =>
    isHookFor(resource, pod)
      ? (resource.postHooks ?? []).map((hook, at) => ({
          hook,
          pointer: `/spec/hooks/resources/${String(index)}/postHooks/${String(at)}`,
          source: `spec ${resource.name}` as const,
        }))
      : [],
  );
}

function requestedHooks(pod: KubernetesObject, spec: RestoreHooks | undefined): WrittenHook[] {
  return matchingHooks(pod, spec)
    .filter(({ hook }) => hook.exec !== undefined)
    .map(({ hook, pointer, source }) => requestedHook(hook.exec, `${pointer}/exec`, source));
}

function readHook(written: WrittenHook, pod: KubernetesObject): RestoreExecHook | BadHook {
  const reader = new HookReader(written);
  const hook = readExec(reader, written, { pod, ...RULES });
  const waitForReady = reader.read('waitForReady', readTruth, false);
  const waitTimeoutMs = reader.read<number | undefined>(
    'waitTimeout',
    readDuration(WAIT_RANGE),
    undefined,
  );
  const wait = waitTimeoutMs === undefined ? {} : { waitTimeoutMs };
  return reader.result({ ...hook, waitForReady, ...wait }, hook.onError);
}
