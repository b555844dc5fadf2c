import { parseQuantity } from '../quantity.ts';
import { inside, type StrictReader } from './strict-reader.ts';
import { VOLUME_TYPES, type VolumeType } from './volume-type.ts';

/** What a volume policy asks of a volume; a condition that is left out holds for every volume. */
export interface VolumeConditions {
  readonly capacity?: CapacityRange;
  readonly storageClass?: readonly string[];
  /** Empty for any NFS volume. */
  readonly nfs?: { readonly server?: string; readonly path?: string };
  /** Empty for any CSI volume. */
  readonly csi?: {
    readonly driver?: string;
    readonly volumeAttributes?: Readonly<Record<string, string>>;
  };
  readonly volumeTypes?: readonly VolumeType[];
  /** Labels that the volume's claim must have, these values and maybe others. */
  readonly pvcLabels?: Readonly<Record<string, string>>;
  readonly pvcPhase?: readonly string[];
  readonly pvcVolumeMode?: readonly string[];
  readonly pvcAccessModes?: readonly string[];
}

/** Both ends count. */
export interface CapacityRange {
  readonly lowBytes: number;
  /** Left out where there is no upper end. */
  readonly highBytes?: number;
}

type ReadCondition<Condition> = (
  reader: StrictReader,
  value: unknown,
  pointer: string,
) => Condition;

const READERS: {
  readonly [Name in keyof VolumeConditions]-?: ReadCondition<VolumeConditions[Name]>;
} = {
  capacity: readCapacity,
  storageClass: (reader, value, pointer) => reader.texts(value, pointer),
  nfs: (reader, value, pointer) => {
    reader.mapping(value, pointer, ['server', 'path']);
    return reader.textMapping(value, pointer);
  },
  csi: readCsi,
  volumeTypes: readVolumeTypes,
  pvcLabels: (reader, value, pointer) => reader.textMapping(value, pointer),
  pvcPhase: oneOf(['Pending', 'Bound', 'Lost']),
  pvcVolumeMode: oneOf(['Filesystem', 'Block']),
  pvcAccessModes: oneOf(['ReadWriteOnce', 'ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOncePod']),
};

/** Reads the conditions of one volume policy; the reader has what is wrong with them. */
export function readConditions(
  reader: StrictReader,
  value: unknown,
  pointer: string,
): VolumeConditions {
  const given = reader.mapping(value, pointer, Object.keys(READERS));
  const read = Object.entries(READERS)
    .filter(([name]) => given[name] !== undefined)
    .map(([name, readOne]) => [name, readOne(reader, given[name], inside(pointer, name))] as const);
  return Object.fromEntries(read);
}

/** `"10Gi,100Gi"`; an empty or zero upper end is none, as in Velero. */
function readCapacity(reader: StrictReader, value: unknown, pointer: string): CapacityRange {
  const ends = typeof value === 'string' ? value.split(',').map((end) => end.trim()) : [];
  const [low, high] = ends.map((end) => (end === '' ? 0 : parseQuantity(end)));
  if (ends.length !== 2 || low === undefined || high === undefined) {
    reader.refuse(pointer, 'must be two quantities such as "10Gi,100Gi"; either may be empty');
    return { lowBytes: 0 };
  }
  if (high !== 0 && high < low) {
    reader.refuse(pointer, 'must have its smaller quantity first');
  }
  return { lowBytes: low, ...(high === 0 ? {} : { highBytes: high }) };
}

function readCsi(
  reader: StrictReader,
  value: unknown,
  pointer: string,
): NonNullable<VolumeConditions['csi']> {
  const { driver, volumeAttributes } = reader.mapping(value, pointer, [
    'driver',
    'volumeAttributes',
  ]);
  if (volumeAttributes !== undefined && (driver === undefined || driver === '')) {
    reader.refuse(`${pointer}/driver`, 'must name the driver whose volumeAttributes are compared');
  }
  return {
    ...(driver === undefined ? {} : { driver: reader.text(driver, `${pointer}/driver`) }),
    ...(volumeAttributes === undefined
      ? {}
      : {
          volumeAttributes: reader.textMapping(volumeAttributes, `${pointer}/volumeAttributes`),
        }),
  };
}

function readVolumeTypes(reader: StrictReader, value: unknown, pointer: string): VolumeType[] {
  return readWords(reader, value, { pointer, words: VOLUME_TYPES });
}

/** A list of words, or one of them alone. */
function oneOf(words: readonly string[]): ReadCondition<string[]> {
  return (reader, value, pointer) =>
    readWords(reader, typeof value === 'string' ? [value] : value, { pointer, words });
}

function readWords<Word extends string>(
  reader: StrictReader,
  value: unknown,
  { pointer, words }: { readonly pointer: string; readonly words: readonly Word[] },
): Word[] {
  return reader.elements(value, pointer).flatMap((element, index) => {
    const known = words.find((word) => word === element);
    if (known === undefined) {
      reader.refuse(inside(pointer, String(index)), `must be one of ${words.join(', ')}`);
    }
    return known ?? [];
  });
}
