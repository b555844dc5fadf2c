import { randomUUID } from 'node:crypto';

import { API_VERSION } from '../../domain/api-resource.ts';
import {
  brokenLocationCheck,
  type DiagnosisResource,
  clusterChecks,
  type DoctorCheck,
  locationCheckOf,
  type LocationFinding,
  temporalChecks,
  worstOf,
} from '../../domain/diagnosis/checks.ts';
import { endpointCheck, endpointsUnknownCheck } from '../../domain/diagnosis/endpoint-check.ts';
import type { ClusterFacts } from '../../domain/diagnosis/facts.ts';
import { Failure } from '../../domain/failure.ts';
import type { LocationStatus } from '../../domain/server-status.ts';
import { diagnoseWorkflowId } from '../../domain/workflow-id.ts';
import { DIAGNOSE_WORKFLOW, type DiagnoseInput } from '../../workflows/contract.ts';
import type { LocationService } from '../locations/service.ts';
import type { EndpointService } from '../notifications/service.ts';
import { answerOf } from '../runs/answer-run.ts';
import type { TemporalRuns } from '../runs/temporal.ts';
import { partOf } from '../status/part.ts';
import type { StatusService } from '../status/service.ts';

/** Longer than the steps of the workflow take together, each of which says by itself what is wrong. */
const CLUSTER_WAIT_MS = 30_000;
/** A location that takes longer is told of. */
const LOCATION_WAIT_MS = 30_000;
const ENDPOINTS_WAIT_MS = 10_000;

interface DiagnosisSources {
  readonly temporal: TemporalRuns;
  readonly status: StatusService;
  readonly locations: LocationService;
  readonly endpoints: EndpointService;
}

/** Looks at all that backups of a cluster need. */
export class DiagnosisService {
  readonly #sources: DiagnosisSources;

  constructor(sources: DiagnosisSources) {
    this.#sources = sources;
  }

  /** Each part as it is now; a part that does not answer is a check that failed. */
  async diagnose(cluster: string, signal: AbortSignal): Promise<DiagnosisResource> {
    const status = await this.#sources.status.status(cluster);
    const temporal = temporalChecks(status, cluster);
    const hasWorkers = worstOf(temporal) !== 'Failed';
    const [ofCluster, ofLocations, ofEndpoints] = await Promise.all([
      hasWorkers ? this.#clusterChecks(cluster, signal) : [],
      Promise.all(status.locations.map((location) => this.#locationCheck(location))),
      this.#endpointChecks(),
    ]);
    const api = { name: 'Api', result: 'Ok', message: `version ${status.version}` } as const;
    const checks = [api, ...temporal, ...ofCluster, ...ofLocations, ...ofEndpoints];
    return {
      ...{ apiVersion: API_VERSION, kind: 'Diagnosis', cluster },
      ...{ result: worstOf(checks), checks },
    };
  }

  async #clusterChecks(cluster: string, signal: AbortSignal): Promise<DoctorCheck[]> {
    const input: DiagnoseInput = { cluster };
    const late = {
      code: 'timed-out',
      message: 'the cluster worker asked for work lately, and does not answer in time',
    } as const;
    const ask = (): Promise<unknown> =>
      answerOf(this.#sources.temporal, {
        ...{ workflow: DIAGNOSE_WORKFLOW, workflowId: diagnoseWorkflowId(cluster, randomUUID()) },
        ...{ input, summary: `How the cluster ${cluster} is` },
        wait: { waitMs: CLUSTER_WAIT_MS, signal },
        late: (cause) => new Failure(late.code, late.message, { cause }),
      });
    const facts = await partOf(ask, { timeoutMs: 2 * CLUSTER_WAIT_MS, late });
    return 'failure' in facts
      ? [
          {
            ...{ name: 'ClusterWorkers', result: 'Failed', message: facts.failure.message },
            advice: 'see the log of the cluster worker',
          },
        ]
      : // The contract of the workflow says what it answers.
        clusterChecks(facts.value as ClusterFacts);
  }

  /** A location that does not even answer is not tried further. */
  async #locationCheck(location: LocationStatus): Promise<DoctorCheck> {
    const { name, failure } = location;
    if (failure?.code === 'invalid-request') {
      return brokenLocationCheck(location);
    }
    const message = 'its operations take too long';
    const finding = await partOf(() => this.#finding(name), {
      timeoutMs: LOCATION_WAIT_MS,
      late: { code: 'location-unreachable', message },
    });
    return locationCheckOf(name, finding);
  }

  async #endpointChecks(): Promise<DoctorCheck[]> {
    const late = { code: 'cluster-unreachable', message: 'the cluster does not answer' } as const;
    const found = await partOf(() => this.#sources.endpoints.list(), {
      ...{ timeoutMs: ENDPOINTS_WAIT_MS, late },
    });
    return 'failure' in found
      ? [endpointsUnknownCheck(found.failure.message)]
      : found.value.items.map(endpointCheck);
  }

  async #finding(name: string): Promise<LocationFinding> {
    const { status } = await this.#sources.locations.check(name);
    const worst = (status?.checks ?? []).find(({ result }) => result === 'failed');
    const why = worst && `${worst.name} failed: ${worst.failure?.message ?? 'no reason was given'}`;
    return { phase: status?.phase ?? 'Unavailable', ...(why === undefined ? {} : { why }) };
  }
}
