import type { EXIT } from '../../cli/exit-codes.ts';
import type { FailureCode } from '../../domain/failure.ts';

/** A file of the folder of tests, and the title of a test in it. */
export type NamedTest = readonly [file: string, title: string];

/**
 * For each code, a test in which the product says it, and which fails where it says another one. That it does is tried
 * when a row is written: change the code where the product says it, and see the test fail.
 */
export const FAILURE_TESTS: Readonly<Record<FailureCode, NamedTest>> = {
  'invalid-request': ['api/broken-requests.test.ts', '%s is a problem'],
  'invalid-name': [
    'api/routes/backup-filters.test.ts',
    'one problem tells all faults of the filters',
  ],
  'unknown-field': ['api/routes/backup-filters.test.ts', 'the unknown field $pointer is named'],
  'method-not-allowed': [
    'api/problems.test.ts',
    'a request is told which methods its path has: %s %s',
  ],
  unauthenticated: ['api/access/guard.test.ts', 'does not know who sends %j'],
  forbidden: ['e2e/access.test.ts', 'the owner of a namespace is refused %s'],
  'cluster-unauthenticated': [
    'activities/kubernetes/listing.test.ts',
    'a server that does not know the worker is told apart from a right that is missing',
  ],
  'cluster-forbidden': [
    'activities/kubernetes/exec.test.ts',
    'an account that may get and create pods/exec runs commands, and one that may not is told so',
  ],
  'repository-password': [
    'activities/engine/restic/backup.test.ts',
    'reads again only what changed since the volume was last copied',
  ],
  'secrets-forbidden': [
    'api/routes/contents.test.ts',
    'an API that is not set up to show values of Secrets refuses %s',
  ],
  'location-forbidden': [
    'activities/engine/restic/bucket.test.ts',
    'does not wait where credentials are refused',
  ],
  'temporal-forbidden': ['api/temporal.test.ts', 'Temporal answers $what: the problem is $code'],
  'not-found': ['api/problems.test.ts', '$what is a problem of status $status'],
  'log-missing': ['api/run-log/run-log.test.ts', 'a run without a log is a problem'],
  'repository-missing': [
    'conformance/volume-engine.ts',
    'has nothing to say of a repository that is not there',
  ],
  'snapshot-missing': [
    'activities/engine/restic/trouble.test.ts',
    'calls a part that is read back a sample, and what is not there missing',
  ],
  'master-key-missing': [
    'activities/volumes/master-key.test.ts',
    'no key, and one that is no key, are told with what to do',
  ],
  'object-missing': [
    'activities/plugins/plugin-operations.test.ts',
    'a deletion is told to plugins with operations, and to those that want to know',
  ],
  'already-exists': [
    'activities/backup/ownership.test.ts',
    'the claim of another Holdfast stands, and its files with it',
  ],
  'already-finished': [
    'api/cancel.test.ts',
    'a run that closes before its cancellation arrives has ended',
  ],
  'still-running': [
    'activities/delete-run.test.ts',
    'a restore that reads the backup keeps it, and one that has ended or died does not',
  ],
  'object-locked': [
    'activities/delete-run.test.ts',
    'nothing of a backup goes while its bucket keeps it, and the failure says until when',
  ],
  held: ['activities/delete-run.test.ts', 'a hold that comes while the deletion is noted is met'],
  'being-deleted': [
    'api/runs/holds.test.ts',
    'a hold that comes after the deletion has begun is refused, also at the last moment',
  ],
  'idempotency-key-reused': [
    'e2e/api-lists.test.ts',
    'a key stands for one request, whoever sends it again, and a generated name for one run',
  ],
  'precondition-failed': [
    'activities/backup/ownership.test.ts',
    'a run that lost its name commits nothing',
  ],
  'condition-ignored': ['storage/location-check.test.ts', '$what'],
  'clock-differs': ['storage/location-check.test.ts', '$what'],
  'location-unavailable': [
    'e2e/locations.test.ts',
    'what cannot be used is refused with the field or the operation, and nothing is kept',
  ],
  'location-fixed': [
    'cli/recover-command.test.ts',
    'a place that no location has is told with where to configure it, if it cannot be kept',
  ],
  'location-owned': [
    'activities/backup/ownership.test.ts',
    'the claim of another Holdfast stands, and its files with it',
  ],
  'in-use': [
    'e2e/locations.test.ts',
    'a location that is used is neither moved nor deleted, and one of the configuration never',
  ],
  'unknown-location': ['e2e/bad-input.test.ts', 'a location that is not known is refused'],
  'location-read-only': [
    'activities/delete-run.test.ts',
    'nothing is deleted in a read-only location',
  ],
  'namespace-not-found': [
    'activities/backup/check-request.test.ts',
    'a namespace, a type and a policy that are wrong are told in one refusal',
  ],
  'type-not-found': [
    'activities/backup/check-request.test.ts',
    'a namespace, a type and a policy that are wrong are told in one refusal',
  ],
  'type-not-restorable': [
    'domain/restore/restore-types.test.ts',
    'all names that mean nothing, or what no restore touches, are refused together',
  ],
  'policy-not-usable': [
    'activities/backup/check-request.test.ts',
    'a namespace, a type and a policy that are wrong are told in one refusal',
  ],
  'ambiguous-name': [
    'domain/coverage-report.test.ts',
    'names that several types have are warnings, and hooks are told',
  ],
  'managed-elsewhere': [
    'activities/backup/planned-coverage.test.ts',
    'namespaces that Argo CD manages are a warning, where they are taken',
  ],
  'coverage-gap': [
    'domain/coverage-report.test.ts',
    'objects that were listed and are not in the archive are an error, type by type',
  ],
  'nothing-selected': [
    'activities/backup/check-request.test.ts',
    'a pattern that matches nothing is refused alone, and not beside a name that does',
  ],
  'backup-not-found': [
    'activities/restore/open-restore.test.ts',
    'a backup that goes while its restore claims the name is not restored',
  ],
  'restore-not-found': [
    'activities/restore/restore-source.test.ts',
    'a restore that is not there cannot be tried again',
  ],
  'type-not-served': [
    'domain/restore/version-choice.test.ts',
    'a refusal names each type with its versions on both sides, the silent server, and the remedy',
  ],
  'mapping-not-usable': [
    'activities/restore/check-storage-classes.test.ts',
    'a class for $says that nothing has is refused with its field',
  ],
  'modifier-not-usable': [
    'activities/restore/read-modifiers.test.ts',
    'all that is wrong is told at once, and the first in the message',
  ],
  'plan-changed': [
    'activities/restore/preview-restore.test.ts',
    'a restore that is bound to a plan begins only while the plan holds',
  ],
  'backup-not-usable': [
    'activities/restore/open-restore.test.ts',
    'a backup without an index, as those of Velero, is refused with that reason',
  ],
  'mount-refused': [
    'activities/volumes/image.test.ts',
    'an image that nobody named is refused with the name of the variable',
  ],
  'mount-failed': [
    'activities/volumes/image.test.ts',
    'an image that cannot be pulled is told with the node and the remedy, and the pod goes',
  ],
  'pod-not-running': [
    'activities/hooks/undo-freeze.test.ts',
    'a pod that cannot take its thaw is thawed when it can, also before its deadline',
  ],
  'command-not-started': [
    'activities/kubernetes/exec.test.ts',
    '%s is told, without a word of the command',
  ],
  'pod-gone': [
    'activities/restore-hooks/run-restore-hooks.test.ts',
    'one %s has its own end, and the others have theirs',
  ],
  'hook-failed': [
    'activities/hooks/freeze-pod.test.ts',
    'a hook that fails and must not ends the hooks of its pod, and says why',
  ],
  'volume-not-consistent': [
    'e2e/hooks.test.ts',
    'a hook that may fail keeps nothing back, and is a warning',
  ],
  'plugin-not-found': [
    'activities/plugins/plugin-registry.test.ts',
    'a cluster that does not know plugins has none, and learns of them with the first',
  ],
  'plugin-not-served': [
    'e2e/plugin-faults.test.ts',
    'a plugin that dies for good during an operation fails the operation',
  ],
  'plugin-answer-invalid': [
    'domain/plugins/operation.test.ts',
    'has failed, and may be at work: $title',
  ],
  'plugin-failed': [
    'activities/plugins/page-actions.test.ts',
    'what is skipped or fails is left out for that reason, and another version of it too',
  ],
  'plugin-not-asked': [
    'domain/plugins/plugin-action.test.ts',
    'tells in one report of all items of a type that came later',
  ],
  'operation-failed': ['domain/plugins/operation.test.ts', 'says why: $message'],
  'operation-timed-out': [
    'e2e/plugin-faults.test.ts',
    'an operation that does not end in time is cancelled, and said to have failed for that',
  ],
  'operation-moved-nothing': ['domain/plugins/operation.test.ts', 'has failed when it $text'],
  'volume-not-mounted': [
    'activities/node/open-volume.test.ts',
    'gives up a volume that is not mounted in time, or that nobody is to wait for',
  ],
  'volume-moved': [
    'activities/node/volume-mount.test.ts',
    'calls void what was done to a volume that was unmounted meanwhile',
  ],
  'volume-shrank': [
    'domain/volumes/volume-outcomes.test.ts',
    'files that could not be read are an error, and a volume that shrank is a warning',
  ],
  'volume-not-restored': [
    'activities/volumes/plan-volume-restore.test.ts',
    'claims that were made get data; one that is made later has none, and is said to have failed',
  ],
  'volume-incomplete': [
    'domain/volumes/volume-outcomes.test.ts',
    'files that could not be read are an error, and a volume that shrank is a warning',
  ],
  'cluster-rejected': ['activities/restore/give-back.test.ts', '$says'],
  'engine-not-usable': [
    'activities/engine/restic/trouble.test.ts',
    'refuses a restic that is not one: %s',
  ],
  'master-key-not-usable': [
    'activities/engine/repository-password.test.ts',
    'refuses %j as a master key and does not show it',
  ],
  'unsupported-format': [
    'api/contents/service.test.ts',
    'the coverage is what was stored, and told to be missing or of another layout',
  ],
  'archive-mismatch': [
    'api/routes/restore-items.test.ts',
    'a file that is damaged is a problem and no list',
  ],
  'copy-mismatch': [
    'activities/engine/proven-copy.test.ts',
    'refuses a copy without a file that is in the volume',
  ],
  'repository-damaged': [
    'activities/engine/restic/initialise.test.ts',
    'does not put a new key into a repository that lost its configuration',
  ],
  'quota-exceeded': [
    'activities/engine/restic/trouble.test.ts',
    'ends when the file system of the repository is full',
  ],
  'volume-full': [
    'activities/engine/restic/trouble.test.ts',
    'ends when the volume that is restored is full',
  ],
  'listing-expired': [
    'activities/backup/export-pages.test.ts',
    'a listing of several moments is a warning, and one that fell short an error',
  ],
  throttled: [
    'activities/restore/apply-shards.test.ts',
    'a cluster that throttles everything fails the attempt, so that the shard is applied again',
  ],
  'rate-limited': [
    'api/plugins/rate-limit.test.ts',
    'a caller who sends too many is refused, and told when to come again',
  ],
  overloaded: [
    'api/plugins/hardening.test.ts',
    'while turns of the event loop take too long, requests are refused and the process lives',
  ],
  'not-ready': [
    'api/metrics/app.test.ts',
    'probes are answered on the port of the metrics too, and nothing else is',
  ],
  'cluster-failed': [
    'activities/backup/export-pages.test.ts',
    'a listing of several moments is a warning, and one that fell short an error',
  ],
  'cluster-unreachable': [
    'activities/kubernetes/exec.test.ts',
    'a connection that breaks off is told as such, and the next one works',
  ],
  'location-unreachable': [
    'activities/engine/restic/bucket.test.ts',
    'gives up a location that does not answer, and says meanwhile what it waits for',
  ],
  'issuer-unreachable': [
    'api/access/oidc-tokens.test.ts',
    'an issuer that is away is no fault of the token, and is asked again',
  ],
  'temporal-unreachable': [
    'api/routes/contents.test.ts',
    'a backup that only Temporal knows of is looked for there',
  ],
  'repository-locked': [
    'activities/engine/restic/trouble.test.ts',
    'waits for a lock as long as it may, and can have every lock removed',
  ],
  'volume-unreadable': [
    'activities/engine/restic/trouble.test.ts',
    'does not restore when something else is at the path of the volume',
  ],
  'engine-killed': [
    'activities/engine/restic/backup.test.ts',
    'ends what an earlier attempt left running, and goes on where restic was killed',
  ],
  'repository-busy': [
    'e2e/leases.test.ts',
    'a run that is cancelled, or waits for too long, leaves the queue',
  ],
  'preview-timeout': [
    'api/runs/preview-runs.test.ts',
    'a preview takes as long as its client waits, and says so when that is too short',
  ],
  'no-worker': [
    'e2e/bad-input.test.ts',
    'a cluster without a worker is told at once, and nothing is queued',
  ],
  'no-node-agent': [
    'e2e/volumes.test.ts',
    'without node agents nothing is copied, and each volume says so',
  ],
  'timed-out': [
    'activities/engine/restic/trouble.test.ts',
    'ends a restic that moves nothing, and says since when',
  ],
  'engine-failed': [
    'activities/engine/restic/backup.test.ts',
    'ends what an earlier attempt left running, and goes on where restic was killed',
  ],
  'notification-failed': [
    'activities/notifications/deliver-notification.test.ts',
    'an answer %i is a failure that is tried again after a pause',
  ],
  'no-cluster': ['api/problems.test.ts', '$what is a problem of status $status'],
  'endpoint-gone': [
    'activities/notifications/deliver-notification.test.ts',
    'a receiver that is gone is not tried again',
  ],
  internal: ['api/access/static-tokens.test.ts', 'who calls is not told where the file is'],
};

/** For each exit status, a test in which a command ends with it. */
export const EXIT_TESTS: Readonly<Record<keyof typeof EXIT, NamedTest>> = {
  ok: ['e2e/cli.test.ts', 'without --wait a command ends when the request is accepted'],
  error: ['e2e/cli.test.ts', 'an API that does not answer ends with 1'],
  usage: [
    'e2e/cli.test.ts',
    'a wrong flag or argument ends with 2, and prints nothing on standard output',
  ],
  partiallyFailed: [
    'e2e/cli.test.ts',
    'a restore that a quota stopped half-way ends with 3, or with 0 where that is enough',
  ],
  failed: ['e2e/cli.test.ts', 'a backup that failed ends with 4 and names the failure'],
  notFound: ['e2e/cli.test.ts', 'what is not there ends with 5, and what is in the way with 7'],
  denied: [
    'cli/keys-command.test.ts',
    'a cluster that refuses, one that does not answer and a wrong flag are told apart',
  ],
  conflict: ['e2e/cli.test.ts', 'what is not there ends with 5, and what is in the way with 7'],
  timedOut: ['e2e/cli.test.ts', 'a wait that takes too long ends with 124, and the run goes on'],
  interrupted: ['e2e/cli.test.ts', 'Ctrl-C while waiting ends with 130, and the run goes on'],
};
