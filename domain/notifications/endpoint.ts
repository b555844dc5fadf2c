import { type Fields, isMapping } from '../fields.ts';
import { invalid, optionalText, requireKnown, text } from '../location-fields.ts';
import { type CloudEvent, EVENT_NAMES, nameOfEvent, PING } from './event.ts';

/** Where events are sent, and which. A list that is left out narrows nothing. */
export interface EndpointSpec {
  /** `https://…` or `http://…`, without a user: what is secret belongs into the Secret. */
  readonly url: string;
  /** Names of events (`backup.failed`), or all of a kind (`restore.*`). */
  readonly events?: readonly string[] | undefined;
  /** Only events of what these schedules make. */
  readonly schedules?: readonly string[] | undefined;
  /** Only events of these storage locations. */
  readonly locations?: readonly string[] | undefined;
  /** The Secret of Holdfast's own namespace with the signing keys and headers; events are not signed without it. */
  readonly secretRef?: { readonly name: string } | undefined;
  /** Certificate authority of the URL, PEM; those that the system trusts when left out. */
  readonly caCert?: string | undefined;
}

export const ENDPOINT_STATES = ['Untried', 'Delivering', 'Retrying', 'Failing'] as const;

/** What came of the attempts to deliver: `Failing` has let an event go by, `Retrying` has not yet. */
export interface EndpointStatus {
  readonly state: (typeof ENDPOINT_STATES)[number];
  readonly lastDelivery?: EndpointMoment;
  /** Left out when an event was delivered since. */
  readonly lastFailure?: EndpointMoment & { readonly message: string };
}

/** When an event was tried, RFC 3339, and which. */
interface EndpointMoment {
  readonly time: string;
  readonly id: string;
  readonly type: string;
}

const FIELDS = new Set(['url', 'events', 'schedules', 'locations', 'secretRef', 'caCert']);
const REF_FIELDS = new Set(['name']);
/** Entries of a list, and characters of a text. */
const ENTRIES_MAX = 100;
const URL_LENGTH_MAX = 2048;
const CERT_LENGTH_MAX = 32_768;
/** Scheme and authority, and what follows; a user would be part of the authority. */
const HTTP_URL = /^https?:\/\/([^/?#\\\s]+)([/?#]\S*)?$/;
const KINDS = [...new Set(EVENT_NAMES.map(kindOf))];

/** An endpoint from the `spec` of a resource or a request. Throws `invalid-request` that names the field. */
export function parseEndpoint(spec: Fields): EndpointSpec {
  requireKnown(spec, FIELDS, { path: 'spec', what: 'a notification endpoint' });
  const caCert = optionalText(spec, 'caCert', 'spec');
  if (caCert !== undefined && (caCert.length > CERT_LENGTH_MAX || !caCert.includes('-----BEGIN'))) {
    throw invalid('spec.caCert', 'must be PEM text, and not longer than a chain is');
  }
  return {
    url: urlOf(spec),
    events: namesOf(spec, 'events', eventFault),
    schedules: namesOf(spec, 'schedules'),
    locations: namesOf(spec, 'locations'),
    secretRef: secretRefOf(spec),
    caCert,
  };
}

/** Whether an endpoint wants to know of an event. */
export function isWanted(endpoint: EndpointSpec, event: CloudEvent): boolean {
  const name = nameOfEvent(event);
  if (name === PING) {
    return true;
  }
  const { events, schedules, locations } = endpoint;
  const { schedule = '', location = '' } = event.data;
  return (
    isAnyOf(events, [name, `${kindOf(name)}.*`]) &&
    isAnyOf(schedules, [schedule]) &&
    isAnyOf(locations, [location])
  );
}

function isAnyOf(wanted: readonly string[] | undefined, names: readonly string[]): boolean {
  return wanted === undefined || names.some((name) => wanted.includes(name));
}

function kindOf(name: string): string {
  return name.replace(/\..*$/, '');
}

function eventFault(entry: string): string | undefined {
  const names: readonly string[] = EVENT_NAMES;
  return names.includes(entry) || KINDS.some((kind) => entry === `${kind}.*`)
    ? undefined
    : `must be ${KINDS.map((kind) => `${kind}.*`).join(', ')}, or one of ${EVENT_NAMES.join(', ')}`;
}

function urlOf(spec: Fields): string {
  const url = text(spec, 'url', 'spec');
  const [, authority] = HTTP_URL.exec(url) ?? [];
  if (authority === undefined || url.length > URL_LENGTH_MAX) {
    throw invalid('spec.url', 'must be a URL that begins with https:// or http://');
  }
  if (authority.includes('@')) {
    throw invalid('spec.url', 'must not have a user; put an Authorization header into the Secret');
  }
  return url;
}

function secretRefOf(spec: Fields): EndpointSpec['secretRef'] {
  const { secretRef } = spec;
  if (secretRef === undefined) {
    return undefined;
  }
  if (!isMapping(secretRef)) {
    throw invalid('spec.secretRef', 'must be an object with a name');
  }
  requireKnown(secretRef, REF_FIELDS, { path: 'spec.secretRef', what: 'a reference' });
  return { name: text(secretRef, 'name', 'spec.secretRef') };
}

function namesOf(
  spec: Fields,
  field: 'events' | 'schedules' | 'locations',
  faultOf: (entry: string) => string | undefined = () => undefined,
): readonly string[] | undefined {
  const value = spec[field];
  if (value === undefined) {
    return undefined;
  }
  if (!Array.isArray(value) || value.length === 0 || value.length > ENTRIES_MAX) {
    throw invalid(`spec.${field}`, `must be a list of 1 to ${String(ENTRIES_MAX)} names`);
  }
  return value.map((entry: unknown, index) => {
    const fault = typeof entry === 'string' && entry !== '' ? faultOf(entry) : 'must be a name';
    if (fault !== undefined) {
      throw invalid(`spec.${field}.${String(index)}`, fault);
    }
    return String(entry);
  });
}
