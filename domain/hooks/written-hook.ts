import { fields, isBlank, list, nameOf } from '../fields.ts';
import type { KubernetesObject } from '../item.ts';
import type { BadHook, ExecHook, HookErrorMode, HookSource } from './hook.ts';
import {
  readCommand,
  readContainer,
  readDuration,
  readErrorMode,
  type Reading,
  RUN_RANGE,
} from './hook-values.ts';

/** A hook as somebody wrote it: texts of annotations, or fields of a request, which may be of any shape. */
export interface WrittenHook {
  readonly source: HookSource;
  readonly valueOf: (field: string) => unknown;
  /** Where a value stands, for people. */
  readonly placeOf: (field: string) => string;
}

/** What of a command differs between the hooks of a backup and those of a restore. */
export interface ExecRules {
  readonly timeoutField: 'timeout' | 'execTimeout';
  readonly defaultMode: HookErrorMode;
}

const DEFAULT_TIMEOUT_MS = 30_000;

/** Reads the values of a hook and gathers all that is wrong with them. */
export class HookReader {
  readonly #written: WrittenHook;
  readonly #faults: { readonly place: string; readonly fault: string }[] = [];

  constructor(written: WrittenHook) {
    this.#written = written;
  }

  /** A value; `fallback` stands for one that is not there, is empty, or cannot be read. */
  read<Value>(field: string, parse: (value: unknown) => Reading<Value>, fallback: Value): Value {
    const value = this.#written.valueOf(field);
    if (isBlank(value)) {
      return fallback;
    }
    const reading = parse(value);
    if ('fault' in reading) {
      this.refuse(field, reading.fault);
      return fallback;
    }
    return reading.value;
  }

  refuse(field: string, fault: string): void {
    this.#faults.push({ place: this.#written.placeOf(field), fault });
  }

  /** The hook, if nothing is wrong with it. */
  result<Hook>(hook: Hook, onError: HookErrorMode): Hook | BadHook {
    if (this.#faults.length === 0) {
      return hook;
    }
    return {
      ...({ kind: 'bad', source: this.#written.source, onError } as const),
      fault: this.#faults.map(({ place, fault }) => `${place} ${fault}`).join('; '),
      places: this.#faults.map(({ place }) => place),
    };
  }
}

/** Reads the command of a hook for a pod. What is wrong is noted, and has a value that nobody is to use. */
export function readExec(
  reader: HookReader,
  { source, valueOf }: WrittenHook,
  { pod, timeoutField, defaultMode }: ExecRules & { readonly pod: KubernetesObject },
): ExecHook {
  const containers = containerNames(pod);
  if (isBlank(valueOf('command'))) {
    reader.refuse('command', 'is missing; write a program and its arguments');
  }
  const command = reader.read<readonly string[] | undefined>('command', readCommand, undefined);
  return {
    kind: 'exec',
    source,
    container: reader.read('container', readContainer(containers), containers[0] ?? ''),
    command: command ?? [],
    // A mode that cannot be read counts as the strict one.
    onError: reader.read(
      'onError',
      readErrorMode,
      isBlank(valueOf('onError')) ? defaultMode : 'Fail',
    ),
    timeoutMs: reader.read(timeoutField, readDuration(RUN_RANGE), DEFAULT_TIMEOUT_MS),
  };
}

/** The hook that annotations describe; `keys` are those of the fields, of which the first one that is not empty counts. */
export function annotatedHook(
  { metadata }: KubernetesObject,
  keys: Readonly<Record<string, readonly string[]>>,
): WrittenHook {
  const annotations = metadata.annotations ?? {};
  const keyOf = (field: string): string | undefined => {
    const candidates = keys[field] ?? [];
    return candidates.find((key) => !isBlank(annotations[key])) ?? candidates[0];
  };
  return {
    source: 'annotations',
    valueOf: (field) => annotations[keyOf(field) ?? ''],
    placeOf: (field) => `annotation ${keyOf(field) ?? field}`,
  };
}

/** The hook that a part of a request describes. */
export function requestedHook(part: unknown, pointer: string, source: HookSource): WrittenHook {
  return {
    source,
    valueOf: (field) => fields(part)[field],
    placeOf: (field) => `${pointer}/${field}`,
  };
}

/** The containers in which a command can be run: also those of the start that go on running. */
function containerNames({ spec }: KubernetesObject): string[] {
  const { containers, initContainers } = fields(spec);
  const sidecars = list(initContainers).filter(
    (container) => fields(container)['restartPolicy'] === 'Always',
  );
  return [...list(containers), ...sidecars].map(nameOf);
}
