import { API_BASE } from '../../domain/api-resource.ts';

/** What a method does to a thing; of a list GET gets all, and POST makes one more. */
const VERBS: Readonly<Record<string, string>> = {
  ...{ get: 'get', post: 'create', put: 'replace', patch: 'patch', delete: 'delete' },
};
const PARAMETER = /^\{[^}]+\}/;

/**
 * The name of an operation, as functions of generated clients have it, from what it is about: `listBackups`, `getBackup`,
 * `createBackup`, `cancelBackup`, `getBackupItems`. Other paths tell a list from a thing of its own.
 */
export function operationId(method: string, path: string, paths: readonly string[]): string {
  const [place = '', action] = path.replace(API_BASE, '').split(':');
  const isList = paths.some((other) => other.startsWith(`${path}/{`));
  const segments = place.split('/').filter((segment) => segment !== '');
  const nouns = segments.filter((segment) => !PARAMETER.test(segment)).map(capitalised);
  const verb = action ?? verbOf(method, isList);
  const isOne = PARAMETER.test(segments.at(-1) ?? '') || verb === 'create';
  const last = isOne ? nouns.length : nouns.length - 1;
  return `${verb}${nouns.map((noun, at) => (at < last ? singular(noun) : noun)).join('')}`;
}

function verbOf(method: string, isList: boolean): string {
  return isList && method === 'get' ? 'list' : (VERBS[method] ?? method);
}

/** `StorageLocations` for `storage-locations`. */
function capitalised(words: string): string {
  return words.replace(/(?:^|-)([a-z])/g, (_all, letter: string) => letter.toUpperCase());
}

function singular(noun: string): string {
  return noun.replace(/s$/, '');
}
