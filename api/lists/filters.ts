import { isNamespaceSelected } from '../../domain/backup.ts';
import { Failure } from '../../domain/failure.ts';
import { matchesLabels, parseLabelSelector } from '../../domain/selection/label-selector.ts';
import { SCHEDULE_LABEL } from '../../domain/velero-record.ts';

/** Filters of lists of runs and schedules; of what is left out nothing is asked. */
export interface ListFilters {
  readonly labelSelector?: string | undefined;
  readonly phase?: string | undefined;
  readonly schedule?: string | undefined;
  readonly namespace?: string | undefined;
  readonly createdAfter?: string | undefined;
  readonly createdBefore?: string | undefined;
}

/** What filters look at. */
interface Filtered {
  readonly metadata: {
    readonly creationTimestamp: string;
    readonly labels?: Readonly<Record<string, string>> | undefined;
  };
  readonly status: { readonly phase: string };
}

/** Which namespaces a thing is about, and which schedule. */
interface Taken {
  readonly includedNamespaces?: readonly string[];
  readonly excludedNamespaces?: readonly string[];
  readonly scheduleName?: string | undefined;
}

/** Says whether a thing is one of those asked for. Throws `invalid-request` for a filter that cannot be read. */
export function listFilter<Thing extends Filtered>(
  filters: ListFilters,
  takenOf: (thing: Thing) => Taken | undefined,
): (thing: Thing) => boolean {
  const tests = [
    ...labelTest(filters.labelSelector),
    ...timeTests(filters),
    ...(filters.phase === undefined ? [] : [phaseTest(filters.phase)]),
  ];
  const { schedule, namespace } = filters;
  return (thing) => {
    const taken = takenOf(thing) ?? {};
    return (
      (schedule === undefined || isOfSchedule(thing, taken, schedule)) &&
      (namespace === undefined || isAbout(taken, namespace)) &&
      tests.every((test) => test(thing))
    );
  };
}

type Test = (thing: Filtered) => boolean;

function phaseTest(phase: string): Test {
  return ({ status }) => status.phase === phase;
}

function labelTest(text: string | undefined): Test[] {
  if (text === undefined) {
    return [];
  }
  const selector = readSelector(text);
  return [({ metadata }) => matchesLabels(selector, metadata.labels)];
}

function readSelector(text: string) {
  try {
    return parseLabelSelector(text);
  } catch (error) {
    if (error instanceof Failure) {
      throw new Failure(error.code, `labelSelector: ${error.message}`, {
        subject: 'labelSelector',
      });
    }
    throw error;
  }
}

function timeTests({ createdAfter, createdBefore }: ListFilters): Test[] {
  const timeOf = ({ metadata }: Filtered): number => Date.parse(metadata.creationTimestamp);
  const after = createdAfter === undefined ? undefined : Date.parse(createdAfter);
  const before = createdBefore === undefined ? undefined : Date.parse(createdBefore);
  return [
    ...(after === undefined ? [] : [(thing: Filtered) => timeOf(thing) > after]),
    ...(before === undefined ? [] : [(thing: Filtered) => timeOf(thing) < before]),
  ];
}

/** Of a backup that Velero has made, its label alone tells. */
function isOfSchedule({ metadata }: Filtered, { scheduleName }: Taken, schedule: string): boolean {
  return (scheduleName ?? metadata.labels?.[SCHEDULE_LABEL]) === schedule;
}

function isAbout(taken: Taken, namespace: string): boolean {
  const { includedNamespaces = [], excludedNamespaces = [] } = taken;
  return isNamespaceSelected({ includedNamespaces, excludedNamespaces }, namespace);
}
