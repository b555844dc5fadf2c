import { type Fields, fields, list } from '../../fields.ts';

/** How strategic merge patches treat the lists of one kind; lists that are not here are replaced. */
export interface KindMergeKeys {
  /** By the path of the list, `spec/template/spec/containers`, with `*` for an element of another list. */
  readonly lists: Readonly<Record<string, ListMerge>>;
}

export interface ListMerge {
  /** The field that says which elements are the same; left out for a list of plain values. */
  readonly mergeKey?: string;
}

/** By `apiVersion/kind`: `apps/v1/Deployment`. */
export type MergeKeys = Readonly<Record<string, KindMergeKeys>>;

/** What `MergeKeys` has a kind by. */
export function mergeKeysName(object: { apiVersion?: string; kind?: string }): string {
  return `${object.apiVersion ?? ''}/${object.kind ?? ''}`;
}

type Lists = Readonly<Record<string, ListMerge>>;

/** The kinds of an OpenAPI v3 document of the API server, by their names, with their lists that are merged. */
export function mergeKeysIn(document: unknown): MergeKeys {
  const schemas = fields(fields(fields(document)['components'])['schemas']);
  const reader = new SchemaReader(schemas);
  const kinds = Object.values(schemas).flatMap((schema) => {
    const names = fields(schema)['x-kubernetes-group-version-kind'];
    return list(names).map(
      (name) => [kindName(fields(name)), { lists: reader.listsOf(schema) }] as const,
    );
  });
  return Object.fromEntries(kinds);
}

function kindName({ group, version, kind }: Fields): string {
  const groupVersion = group === '' ? String(version) : `${String(group)}/${String(version)}`;
  return mergeKeysName({ apiVersion: groupVersion, kind: String(kind) });
}

/** Reads each schema once; one that is within itself ends there, since none of Kubernetes merges lists at every depth. */
class SchemaReader {
  readonly #schemas: Fields;
  readonly #read = new Map<string, Lists>();

  constructor(schemas: Fields) {
    this.#schemas = schemas;
  }

  /** The merged lists of a schema, by paths from it. */
  listsOf(schema: unknown): Lists {
    const reference = referenceOf(fields(schema));
    if (reference === undefined) {
      return this.#listsWithin(fields(schema));
    }
    const known = this.#read.get(reference);
    if (known !== undefined) {
      return known;
    }
    this.#read.set(reference, {});
    const lists = this.#listsWithin(fields(this.#schemas[reference]));
    this.#read.set(reference, lists);
    return lists;
  }

  #listsWithin({ properties }: Fields): Lists {
    const lists: Record<string, ListMerge> = {};
    for (const [name, value] of Object.entries(fields(properties))) {
      const property = fields(value);
      const isList = property['type'] === 'array';
      if (isList && isMerged(property)) {
        const mergeKey = property['x-kubernetes-patch-merge-key'];
        lists[name] = typeof mergeKey === 'string' ? { mergeKey } : {};
      }
      const inner = this.listsOf(isList ? property['items'] : property);
      for (const [path, merge] of Object.entries(inner)) {
        lists[`${name}/${isList ? '*/' : ''}${path}`] = merge;
      }
    }
    return lists;
  }
}

function isMerged(property: Fields): boolean {
  const strategy = property['x-kubernetes-patch-strategy'];
  return typeof strategy === 'string' && strategy.split(',').includes('merge');
}

/** The name of the schema that a property refers to, by itself or as the first of `allOf`. */
function referenceOf(schema: Fields): string | undefined {
  const [first] = list(schema['allOf']);
  const reference = schema['$ref'] ?? fields(first)['$ref'];
  return typeof reference === 'string' ? reference.split('/').at(-1) : undefined;
}
