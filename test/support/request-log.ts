import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

/** How the names of Holdfast's own namespaces begin, of which each installation of a test has one. */
const OWN_NAMESPACES = 'hf-';

/** What an account asked the test bed's cluster for, however often. */
export interface Asked {
  /** Name of the account. */
  readonly account: string;
  readonly verb: string;
  readonly apiGroup: string;
  /** With its subresource: `pods/exec`. */
  readonly resource: string;
  /** Whether in a namespace of Holdfast itself. */
  readonly isOwn: boolean;
  readonly isAllowed: boolean;
}

/** What the test asks of an event of the audit log; there is more. */
interface AuditEvent {
  readonly verb: string;
  readonly user: { readonly username: string };
  readonly objectRef?: {
    readonly apiGroup?: string;
    readonly resource?: string;
    readonly subresource?: string;
    readonly namespace?: string;
  };
  readonly annotations?: Readonly<Record<string, string>>;
}

/** All different things that accounts have asked for, by the audit log from a byte on; reads it line by line, as it is long. */
export async function askedFor(log: string, start: number): Promise<Asked[]> {
  const all = new Map<string, Asked>();
  for await (const line of createInterface({ input: createReadStream(log, { start }) })) {
    // The API server documents the format; a field that is missing fails the test that reads it.
    const event = JSON.parse(line) as AuditEvent;
    // Paths such as /apis are for everybody.
    if (event.objectRef?.resource !== undefined) {
      const asked = askedBy(event, event.objectRef);
      all.set(JSON.stringify(asked), asked);
    }
  }
  return [...all.values()];
}

function askedBy(
  { user, verb, annotations }: AuditEvent,
  { apiGroup = '', resource = '', subresource, namespace = '' }: AuditEvent['objectRef'] & object,
): Asked {
  return {
    account: user.username.split(':').at(-1) ?? '',
    verb,
    apiGroup,
    resource: subresource === undefined ? resource : `${resource}/${subresource}`,
    // A namespace is asked for as if it were in itself.
    isOwn: resource !== 'namespaces' && namespace.startsWith(OWN_NAMESPACES),
    isAllowed: annotations?.['authorization.k8s.io/decision'] === 'allow',
  };
}
