import type { API_VERSION } from '../api-resource.ts';
import type { LocationPhase } from '../location-check.ts';
import type { LocationStatus, ServerStatus, TaskQueueStatus } from '../server-status.ts';
import { accessText } from './access.ts';
import type { AgentFacts, ClusterFacts, WorkerFacts } from './facts.ts';
import type { Part } from './part.ts';

export const CHECK_RESULTS = ['Ok', 'Warning', 'Failed'] as const;
export type CheckResult = (typeof CHECK_RESULTS)[number];

export const DOCTOR_CHECKS = [
  ...(['Api', 'Temporal', 'SearchAttributes', 'WorkflowWorkers', 'ClusterWorkers'] as const),
  ...(['Permissions', 'Engine', 'Image', 'NodeAgent', 'Location', 'LocationFromWorker'] as const),
  'NotificationEndpoint',
] as const;
type DoctorCheckName = (typeof DOCTOR_CHECKS)[number];

/** One thing that was looked at. */
export interface DoctorCheck {
  readonly name: DoctorCheckName;
  /** Which one of several. */
  readonly subject?: string;
  readonly result: CheckResult;
  /** What was found. */
  readonly message: string;
  /** What to do, where something is to be done. */
  readonly advice?: string;
}

/** Answer to `POST /status:check`: what was looked at of all that backups of a cluster need. */
export interface DiagnosisResource {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: 'Diagnosis';
  readonly cluster: string;
  /** The worst of the checks. */
  readonly result: CheckResult;
  readonly checks: readonly DoctorCheck[];
}

/** What a location does now, and why that is less than it should. */
export interface LocationFinding {
  readonly phase: LocationPhase;
  readonly why?: string;
}

const ROLE = 'the ClusterRole holdfast-cluster-worker of deploy/kubernetes';
const DENIED_SHOWN = 5;

/** The worst of some results. */
export function worstOf(checks: readonly Pick<DoctorCheck, 'result'>[]): CheckResult {
  const rank = Math.max(0, ...checks.map(({ result }) => CHECK_RESULTS.indexOf(result)));
  return CHECK_RESULTS[rank] ?? 'Failed';
}

/** What the status of Temporal and of the workers of one cluster comes to. */
export function temporalChecks(
  { temporal, taskQueues }: Pick<ServerStatus, 'temporal' | 'taskQueues'>,
  cluster: string,
): DoctorCheck[] {
  const { address, namespace, failure, missingSearchAttributes: missing } = temporal;
  const where = `${address}, namespace ${namespace}`;
  if (failure !== undefined) {
    const advice =
      'start Temporal, or correct TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE and its credentials';
    return [
      { name: 'Temporal', result: 'Failed', message: `${where}: ${failure.message}`, advice },
    ];
  }
  const ofWorkflows = taskQueues.find(({ role }) => role === 'workflows');
  const ofCluster = taskQueues.find(
    (queue) => queue.role === 'cluster' && queue.cluster === cluster,
  );
  return [
    { name: 'Temporal', result: 'Ok', message: `${where}, answers` },
    attributesCheck(missing),
    workersCheck('WorkflowWorkers', ofWorkflows, 'start a worker with --role workflows'),
    workersCheck(
      'ClusterWorkers',
      ofCluster,
      `start a worker with --role cluster and HOLDFAST_CLUSTER=${cluster}, or name another cluster with --cluster`,
    ),
  ];
}

/** What the worker and the node agents of a cluster say comes to. */
export function clusterChecks({ worker, agents }: ClusterFacts): DoctorCheck[] {
  return [
    ...('failure' in worker
      ? [failed('ClusterWorkers', worker.failure.message, 'see the log of the cluster worker')]
      : workerChecks(worker.value)),
    ...('failure' in agents
      ? [failed('NodeAgent', agents.failure.message, 'see the log of the cluster worker')]
      : agents.value.map(agentCheck)),
  ];
}

/** What the check of a location, from where the API runs, comes to. */
export function locationCheckOf(subject: string, finding: Part<LocationFinding>): DoctorCheck {
  const advice = `see: holdfast location check ${subject}`;
  if ('failure' in finding) {
    const { message } = finding.failure;
    return { name: 'Location', subject, result: 'Failed', message, advice };
  }
  const { phase, why } = finding.value;
  const results = { Available: 'Ok', Degraded: 'Warning', Unavailable: 'Failed' } as const;
  return {
    ...{ name: 'Location', subject, result: results[phase] },
    message: why === undefined ? `is ${phase}` : `is ${phase}: ${why}`,
    ...(phase === 'Available' ? {} : { advice }),
  };
}

/** A location that is kept and cannot even be opened. */
export function brokenLocationCheck({ name, failure }: LocationStatus): DoctorCheck {
  return {
    ...{ name: 'Location', subject: name, result: 'Failed' },
    message: failure?.message ?? 'cannot be used',
    advice: `correct it: holdfast location replace ${name}`,
  };
}

function attributesCheck(missing: readonly string[] | undefined): DoctorCheck {
  const name = 'SearchAttributes';
  if (missing === undefined) {
    return { name, result: 'Ok', message: 'Temporal does not tell which are registered' };
  }
  return missing.length === 0
    ? { name, result: 'Ok', message: 'all are registered' }
    : {
        ...{ name, result: 'Warning' },
        message: `the namespace lacks ${missing.join(', ')}; runs go on without them, and cannot be searched for by them`,
        advice: `register each: temporal operator search-attribute create --type Keyword --name ${missing[0] ?? ''}`,
      };
}

function workersCheck(
  name: DoctorCheckName,
  queue: TaskQueueStatus | undefined,
  advice: string,
): DoctorCheck {
  const workers = queue?.workers ?? 0;
  if (workers === 0) {
    const message = queue?.failure?.message ?? 'no worker asks for work';
    return failed(name, message, advice);
  }
  return { name, result: 'Ok', message: `${String(workers)} asked for work lately` };
}

function workerChecks({ access, engine, image, locations }: WorkerFacts): DoctorCheck[] {
  return [
    permissionsCheck(access),
    'failure' in engine
      ? {
          ...failed(
            'Engine',
            engine.failure.message,
            'install restic 0.18 or newer, and name it in HOLDFAST_RESTIC',
          ),
          subject: 'cluster worker',
        }
      : { ...engineOk(engine.value), subject: 'cluster worker' },
    imageCheck(image),
    ...locations.map(({ name: subject, answer }): DoctorCheck =>
      'failure' in answer
        ? {
            ...failed(
              'LocationFromWorker',
              answer.failure.message,
              'the worker has a network and credentials of its own; compare them with those of the API',
            ),
            subject,
          }
        : { name: 'LocationFromWorker', subject, result: 'Ok', message: 'answers to the worker' },
    ),
  ];
}

function permissionsCheck(access: WorkerFacts['access']): DoctorCheck {
  const advice = `give its account what ${ROLE} has`;
  if ('failure' in access) {
    return failed('Permissions', access.failure.message, advice);
  }
  const { denied, deniedCount } = access.value;
  if (deniedCount === 0) {
    const message = 'the worker may get, list, create, patch and delete objects of every type';
    return { name: 'Permissions', result: 'Ok', message };
  }
  const shown = denied.slice(0, DENIED_SHOWN).map(accessText).join(', ');
  const more = deniedCount > DENIED_SHOWN ? ` and ${String(deniedCount - DENIED_SHOWN)} more` : '';
  return failed('Permissions', `the worker may not ${shown}${more}`, advice);
}

function imageCheck(image: WorkerFacts['image']): DoctorCheck {
  if ('failure' in image) {
    return failed('Image', image.failure.message, 'see the log of the cluster worker');
  }
  const { image: name, isSeen } = image.value;
  if (name === undefined) {
    return {
      ...{ name: 'Image', result: 'Warning' },
      message:
        'no image of pods that mount a volume is configured; volumes that no pod mounts are not copied or restored',
      advice: 'set HOLDFAST_IMAGE of the cluster worker',
    };
  }
  return {
    ...{ name: 'Image', subject: name, result: 'Ok' },
    message: isSeen
      ? 'is known to run'
      : 'was not needed lately; it is tried before a run depends on it',
  };
}

function agentCheck({ node: subject, isServed, engine }: AgentFacts): DoctorCheck {
  if (!isServed) {
    return {
      ...{ name: 'NodeAgent', subject, result: 'Warning' },
      message: 'no agent asks for work of the node, whose pods have volumes',
      advice: `start a worker with --role node and HOLDFAST_NODE_NAME=${subject}, or look at the DaemonSet holdfast-node-agent`,
    };
  }
  if (engine === undefined) {
    return { name: 'NodeAgent', subject, result: 'Ok', message: 'asks for work' };
  }
  return 'failure' in engine
    ? {
        ...failed('NodeAgent', engine.failure.message, `see the log of the agent of ${subject}`),
        subject,
      }
    : { ...engineOk(engine.value), name: 'NodeAgent', subject };
}

function engineOk({
  kind,
  version,
}: {
  readonly kind: string;
  readonly version: string;
}): DoctorCheck {
  return { name: 'Engine', result: 'Ok', message: `${kind} ${version} starts` };
}

function failed(name: DoctorCheckName, message: string, advice: string): DoctorCheck {
  return { name, result: 'Failed', message, advice };
}
