import type { Fields } from '../fields.ts';

type Mapping = Readonly<Record<string, string>>;

/** Between the two parts of a row of Velero's mapping of images. */
const DELIMITER = ',';

/** The mapping that the data of Velero's ConfigMap `velero.io/change-storage-class` is. */
export function storageClassMappingOf(data: Fields): Mapping {
  return Object.fromEntries(
    Object.entries(data).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

export interface ReadImageMapping {
  readonly mapping: Mapping;
  /** Keys of rows that are none; Velero passes over those, and their images stay as they are. */
  readonly unreadable: readonly string[];
}

/**
 * The mapping that the data of Velero's ConfigMap `velero.io/change-image-name` says: each row, whatever its key, is the
 * part of an image's name, a comma, and what stands there instead.
 */
export function imageMappingOf(data: Fields): ReadImageMapping {
  const unreadable: string[] = [];
  const mapping: [string, string][] = [];
  for (const [key, row] of Object.entries(data)) {
    const parts = typeof row === 'string' ? row.split(DELIMITER).map((part) => part.trim()) : [];
    const [from = '', to = ''] = parts;
    if (parts.length !== 2 || from === '' || to === '') {
      unreadable.push(key);
    } else {
      mapping.push([from, to]);
    }
  }
  return { mapping: Object.fromEntries(mapping), unreadable };
}
