import { type BackupProblems, joinProblems } from './backup.ts';
import type { CoverageReason, CoverageReport, LeftOutItems } from './coverage.ts';
import { apiVersionOf, groupResource, type KubernetesObject, type ResourceType } from './item.ts';
import type { WhyNot } from './keep-object.ts';
import { type RelatedItems, RelatedGatherer } from './selection/related-items.ts';
import { hookNotes } from './hooks/hook-notes.ts';
import {
  type ClaimFacts,
  claimFacts,
  type PersistentVolumeFacts,
  persistentVolumeFacts,
  type PodFacts,
  podFacts,
} from './volumes/volume-facts.ts';

/** What one part of an export notes beside the objects that it writes; parts are added to each other. */
export interface BackupNotes {
  readonly tallies: readonly TypeTally[];
  readonly related: RelatedItems;
  readonly pods: readonly PodFacts[];
  readonly claims: readonly ClaimFacts[];
  /** Claims that were listed and do not go to the archive; one may be here twice. */
  readonly absentClaims: readonly AbsentClaim[];
  readonly persistentVolumes: readonly PersistentVolumeFacts[];
  readonly hooks: CoverageReport['hooks'];
  readonly problems: BackupProblems;
}

/** A claim that is not in the backup though the request would take it. */
export interface AbsentClaim {
  readonly namespace: string;
  readonly name: string;
  readonly reason: CoverageReason;
}

/** What became of the objects of one type in one version. */
export interface TypeTally {
  /** `resource.group`. */
  readonly type: string;
  readonly apiVersion: string;
  readonly kind: string;
  /** Objects that went to the archive. */
  readonly kept: number;
  readonly leftOut: readonly LeftOutItems[];
  /** Why the type was not listed, or not to its end. */
  readonly reason?: CoverageReason;
  /** Kept objects by namespace, where it was asked for. */
  readonly namespaces?: Readonly<Record<string, number>>;
}

/** Names of left out objects that are told for one reason and type. */
const EXAMPLES_MAX = 20;
/** Texts of plugins that are told for one reason and type, and their characters. */
const TEXTS_MAX = 5;
const TEXT_MAX = 300;

interface OpenLeftOut {
  items: number;
  examples: string[];
  texts?: string[];
}

interface OpenTally extends Omit<TypeTally, 'leftOut' | 'namespaces'> {
  kept: number;
  reason?: CoverageReason;
  readonly leftOut: Map<CoverageReason, OpenLeftOut>;
  readonly namespaces: Map<string, number>;
}

/** Gathers the notes of an export while it goes over the objects. */
export class NoteTaker {
  readonly related: RelatedGatherer;
  readonly #tallies = new Map<string, OpenTally>();
  readonly #pods: PodFacts[] = [];
  readonly #claims: ClaimFacts[] = [];
  readonly #absentClaims: AbsentClaim[] = [];
  readonly #volumes = new Map<string, PersistentVolumeFacts>();
  readonly #hooks: CoverageReport['hooks'][number][] = [];

  readonly #onPod: (pod: KubernetesObject, isKept: boolean) => void;

  /** `wanted` are the types of which related objects are taken; `onPod` is told of each pod. */
  constructor(
    wanted: readonly string[],
    onPod: (pod: KubernetesObject, isKept: boolean) => void = () => undefined,
  ) {
    this.#onPod = onPod;
    this.related = new RelatedGatherer(wanted);
  }

  /** An object goes to the archive. */
  keep(type: ResourceType, object: KubernetesObject): void {
    const tally = this.#tally(type);
    tally.kept += 1;
    const { namespace } = object.metadata;
    if (namespace !== undefined) {
      tally.namespaces.set(namespace, (tally.namespaces.get(namespace) ?? 0) + 1);
    }
    this.related.see(type, object);
    this.#look(type, object, true);
  }

  /** An object of another version than the preferred one goes to the archive. */
  keepOtherVersion(type: ResourceType): void {
    this.#tally(type).kept += 1;
  }

  /** An object was listed and does not go to the archive. What was never asked for is not counted. */
  leaveOut(type: ResourceType, { metadata }: KubernetesObject, reason: WhyNot): void {
    if (reason === 'not-selected') {
      return;
    }
    const { namespace, name } = metadata;
    if (groupResource(type) === 'persistentvolumeclaims') {
      this.#absentClaims.push({ namespace: namespace ?? '', name, reason });
    }
    const { leftOut } = this.#tally(type);
    const entry = leftOut.get(reason) ?? { items: 0, examples: [] };
    leftOut.set(reason, entry);
    entry.items += 1;
    if (entry.examples.length < EXAMPLES_MAX) {
      entry.examples.push(namespace === undefined ? name : `${namespace}/${name}`);
    }
  }

  /** What somebody says of an object that was left out; the same is told once. */
  explain(type: ResourceType, reason: CoverageReason, text: string): void {
    const entry = this.#tally(type).leftOut.get(reason);
    if (entry !== undefined) {
      entry.texts = joinTexts(entry.texts ?? [], [text.slice(0, TEXT_MAX)]);
    }
  }

  /** A type could not be listed, or not to its end. */
  fail(type: ResourceType, reason: CoverageReason): void {
    this.#tally(type).reason = reason;
  }

  /** Takes down what the choice of volumes and hooks has to know; the object itself need not be in the backup. */
  look(type: ResourceType, object: KubernetesObject): void {
    this.#look(type, object, false);
  }

  #look(type: ResourceType, object: KubernetesObject, isKept: boolean): void {
    if (type.group !== '') {
      return;
    }
    if (type.resource === 'pods') {
      this.#pods.push(podFacts(object));
      this.#onPod(object, isKept);
      this.#hooks.push(...hookNotes(object));
    } else if (type.resource === 'persistentvolumeclaims') {
      this.#claims.push(claimFacts(object));
    } else if (type.resource === 'persistentvolumes') {
      this.#volumes.set(object.metadata.name, persistentVolumeFacts(object));
    }
  }

  notes(problems: BackupProblems): BackupNotes {
    return {
      tallies: [...this.#tallies.values()].map(({ leftOut, namespaces, ...tally }) => ({
        ...tally,
        leftOut: [...leftOut].map(([reason, entry]) => ({ reason, ...entry })),
        namespaces: Object.fromEntries(namespaces),
      })),
      related: this.related.all(),
      pods: this.#pods,
      claims: this.#claims,
      absentClaims: this.#absentClaims,
      persistentVolumes: [...this.#volumes.values()],
      hooks: this.#hooks,
      problems,
    };
  }

  #tally(type: ResourceType): OpenTally {
    const key = `${groupResource(type)} ${type.version}`;
    const known = this.#tallies.get(key);
    if (known !== undefined) {
      return known;
    }
    const tally = {
      type: groupResource(type),
      apiVersion: apiVersionOf(type),
      kind: type.kind,
      kept: 0,
      leftOut: new Map<CoverageReason, OpenLeftOut>(),
      namespaces: new Map<string, number>(),
    };
    this.#tallies.set(key, tally);
    return tally;
  }
}

/** The notes of several parts as those of one. */
export function addNotes(parts: readonly BackupNotes[]): BackupNotes {
  const related = new RelatedGatherer(parts.flatMap((part) => Object.keys(part.related.names)));
  const tallies = new Map<string, TypeTally>();
  for (const part of parts) {
    related.add(part.related);
    for (const tally of part.tallies) {
      const key = `${tally.type} ${tally.apiVersion}`;
      tallies.set(key, addTallies(tallies.get(key), tally));
    }
  }
  return {
    tallies: [...tallies.values()],
    related: related.all(),
    pods: parts.flatMap(({ pods }) => pods),
    claims: parts.flatMap(({ claims }) => claims),
    absentClaims: parts.flatMap(({ absentClaims }) => absentClaims),
    persistentVolumes: parts.flatMap(({ persistentVolumes }) => persistentVolumes),
    hooks: parts.flatMap(({ hooks }) => hooks),
    problems: joinProblems(parts.map(({ problems }) => problems)),
  };
}

function joinTexts(...texts: readonly (readonly string[])[]): string[] {
  return [...new Set(texts.flat())].slice(0, TEXTS_MAX);
}

function addTallies(left: TypeTally | undefined, right: TypeTally): TypeTally {
  if (left === undefined) {
    return right;
  }
  const reasons = new Set([...left.leftOut, ...right.leftOut].map(({ reason }) => reason));
  // In a map, for a namespace may have the name of something that every object inherits.
  const counts = new Map(Object.entries(left.namespaces ?? {}));
  for (const [namespace, items] of Object.entries(right.namespaces ?? {})) {
    counts.set(namespace, (counts.get(namespace) ?? 0) + items);
  }
  const namespaces = Object.fromEntries(counts);
  return {
    ...left,
    ...right,
    kept: left.kept + right.kept,
    leftOut: [...reasons].map((reason) => {
      const entries = [...left.leftOut, ...right.leftOut].filter((one) => one.reason === reason);
      const texts = joinTexts(entries.flatMap((one) => one.texts ?? []));
      return {
        ...{ reason, ...(texts.length === 0 ? {} : { texts }) },
        items: entries.reduce((sum, { items }) => sum + items, 0),
        examples: entries.flatMap(({ examples }) => examples).slice(0, EXAMPLES_MAX),
      };
    }),
    namespaces,
  };
}
