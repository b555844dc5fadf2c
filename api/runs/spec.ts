import { createHash } from 'node:crypto';

import type {
  CreateBackupRequest,
  CreateRestoreRequest,
  ProblemError,
} from '../../domain/api-resource.ts';
import {
  ALL_NAMESPACES,
  type BackupSpec,
  DEFAULT_CLUSTER,
  DEFAULT_TTL,
} from '../../domain/backup.ts';
import { canonicalJson } from '../../domain/canonical-json.ts';
import { parseDuration } from '../../domain/duration.ts';
import { Failure } from '../../domain/failure.ts';
import type { RestoreSpec } from '../../domain/restore.ts';
import { RequestFailure } from '../errors.ts';

/** The spec of a new backup with its defaults; lists in order, so that equal requests are equal. */
export function backupSpec({ spec = {} }: CreateBackupRequest): BackupSpec {
  const ttl = spec.ttl ?? DEFAULT_TTL;
  const errors = namespaceErrors(spec);
  try {
    parseDuration(ttl, '/spec/ttl');
  } catch (error) {
    errors.push(
      problemError('/spec/ttl', error instanceof Failure ? error.message : 'is not valid'),
    );
  }
  requireNone(errors);
  return {
    cluster: spec.cluster ?? DEFAULT_CLUSTER,
    includedNamespaces: ordered(spec.includedNamespaces ?? [ALL_NAMESPACES]),
    excludedNamespaces: ordered(spec.excludedNamespaces ?? []),
    ttl,
  };
}

/** The spec of a new restore with its defaults. */
export function restoreSpec({ spec }: CreateRestoreRequest): RestoreSpec {
  const namespaceMapping = spec.namespaceMapping ?? {};
  const errors = namespaceErrors(spec);
  const targets = Object.values(namespaceMapping);
  if (new Set(targets).size < targets.length) {
    const detail = 'maps two namespaces to one; give each a namespace of its own';
    errors.push(problemError('/spec/namespaceMapping', `/spec/namespaceMapping ${detail}`));
  }
  requireNone(errors);
  return {
    cluster: spec.cluster ?? DEFAULT_CLUSTER,
    backupName: spec.backupName,
    includedNamespaces: ordered(spec.includedNamespaces ?? [ALL_NAMESPACES]),
    excludedNamespaces: ordered(spec.excludedNamespaces ?? []),
    namespaceMapping,
  };
}

/** Tells a repeated request from another one. */
export function specDigest(spec: BackupSpec | RestoreSpec): string {
  return createHash('sha256').update(canonicalJson(spec)).digest('hex');
}

function namespaceErrors(
  spec: Partial<Pick<BackupSpec, 'includedNamespaces' | 'excludedNamespaces'>>,
): ProblemError[] {
  const { includedNamespaces = [], excludedNamespaces = [] } = spec;
  const errors: ProblemError[] = [];
  if (includedNamespaces.includes(ALL_NAMESPACES) && new Set(includedNamespaces).size > 1) {
    const detail = 'has "*" beside names; use "*" alone, or names alone';
    errors.push(problemError('/spec/includedNamespaces', `/spec/includedNamespaces ${detail}`));
  }
  const both = excludedNamespaces.filter((name) => includedNamespaces.includes(name));
  if (both.length > 0) {
    const detail = `names ${both.join(', ')}, which is included too; name it in one place`;
    errors.push(problemError('/spec/excludedNamespaces', `/spec/excludedNamespaces ${detail}`));
  }
  return errors;
}

function problemError(pointer: string, detail: string): ProblemError {
  return { pointer, code: 'invalid-request', detail };
}

function requireNone(errors: readonly ProblemError[]): void {
  if (errors.length > 0) {
    throw new RequestFailure(errors);
  }
}

function ordered(names: readonly string[]): string[] {
  return [...new Set(names)].sort();
}
