import {
  FAILURE_CODES,
  type FailureCode,
  type FailureReport,
  type FailureType,
} from '../failure.ts';
import type { LogSource, RunLogEntry } from './entry.ts';
import type { LogLevel } from './level.ts';

/** What to do about failures of a type, where the code has no better word. docs/operations.md says more of each code. */
const HINT_OF_TYPE = {
  InvalidRequest: 'correct the request and send it again',
  Unauthenticated: 'give valid credentials',
  PermissionDenied: 'give the account of the worker the right that is missing',
  NotFound: 'see who removed it',
  MethodNotAllowed: 'send a method that the path has',
  Conflict: 'see who else changes it',
  PreconditionFailed: 'look at it again, and repeat what was asked',
  Refused: 'take away what the message names, and run it again',
  UnsupportedFormat: 'check the versions of both sides',
  IntegrityMismatch: 'check the store, and make another backup',
  QuotaExceeded: 'make room',
  Internal: 'the log of the worker has more',
  Throttled: 'nothing: it is tried again',
  RateLimited: 'nothing: it is tried again',
  Unavailable: 'nothing at first: it is tried again; then see why it does not answer',
} as const satisfies Record<FailureType, string>;

const HINT_OF_CODE: Partial<Record<FailureCode, string>> = {
  'cluster-unreachable': 'check the kubeconfig and the network of the worker',
  'cluster-failed': 'see which webhook or aggregated API serves the type',
  'cluster-rejected': 'the report of the run has what the cluster said of it',
  'location-unreachable': 'nothing for a short while: it is tried again; then check its endpoint',
  'location-forbidden': 'check credentials, bucket, region and clock of the location',
  'hook-failed': 'look at the output of the hook above, or at the list of the hooks of the run',
  'pod-gone': 'run it again when the pod is there',
  'mount-refused': 'look at quotas, admission policies and the rights of the worker',
  'mount-failed': 'see the events of the pod that mounts the volume',
  'no-node-agent': 'deploy the node agent there, or skip the volume by a policy',
  'repository-password': 'give this installation the master key that the backups were made with',
  'repository-locked': 'nothing: a lock that nobody holds goes with the next maintenance',
  'repository-damaged': 'check the store and the repository, and make another backup',
  'volume-incomplete': 'see in the list of the volumes which files could not be read',
  'engine-killed': 'give the node agent more memory if it happens again',
  'coverage-gap': 'look at the coverage of the backup',
  'plugin-not-served': 'start the worker of the plugin, or remove the plugin',
  'plugin-failed': "look at the log of the plugin's worker",
  'operation-failed': "look at the log of the plugin's worker",
  'nothing-selected': 'select something else',
};

const OF_PLUGINS = /^(plugin|operation)-/;
const OF_ENGINE = /^(engine|repository)-/;

/** What a line tells of a failure, whoever tells it and when. */
export function failureEntry(
  { code, message, subject, errors = [] }: FailureReport,
  level: LogLevel,
): Omit<RunLogEntry, 'time' | 'step'> {
  const details = errors.map(({ pointer, detail }) => `${pointer}: ${detail}`).join('; ');
  return {
    ...{ level, source: sourceOf(code), message, code },
    ...(subject === undefined ? {} : { object: subject }),
    ...(details === '' ? {} : { cause: details }),
    hint: hintOf(code),
  };
}

function hintOf(code: FailureCode): string {
  return HINT_OF_CODE[code] ?? HINT_OF_TYPE[FAILURE_CODES[code].type];
}

function sourceOf(code: FailureCode): LogSource {
  if (OF_PLUGINS.test(code)) {
    return 'plugin';
  }
  if (code === 'hook-failed') {
    return 'hook';
  }
  return OF_ENGINE.test(code) ? 'engine' : 'holdfast';
}
