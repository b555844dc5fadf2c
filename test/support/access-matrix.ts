/** What a restore says that writes objects of its namespaces alone, and none that says who may do what. */
export const BOUND = {
  includeClusterResources: false,
  excludedResources: ['roles.rbac.authorization.k8s.io', 'rolebindings.rbac.authorization.k8s.io'],
};

/** Whose something is. */
export type Side = 'shop' | 'bank';

export const EVERYBODY = ['admin', 'owner', 'viewer', 'stranger', 'nobody'] as const;
export type Everybody = (typeof EVERYBODY)[number];

/** Names that requests have, which differ from run to run. */
export interface Names extends Readonly<Record<Side, string>> {
  readonly cluster: string;
}

/** Who may send a request about something of the shop. */
type Allowed = readonly Everybody[];
const VIEWERS: Allowed = ['admin', 'owner', 'viewer'];
const OWNERS: Allowed = ['admin', 'owner'];
const ADMINS: Allowed = ['admin'];
export const KNOWN: Allowed = ['admin', 'owner', 'viewer', 'stranger'];

export interface Endpoint {
  readonly route: string;
  readonly allowed: Allowed;
  /** Path of the request about something of the shop, or of the bank. */
  readonly path: (side: Side, names: Names) => string;
  readonly body?: (side: Side, names: Names) => object;
}

function one(route: string, allowed: Allowed, more: Partial<Endpoint> = {}): Endpoint {
  const [, template = ''] = route.split(' ');
  const kind = /^\/(backup|restore|schedule)s/.exec(template)?.[1] ?? '';
  const path = (side: string): string =>
    template
      .replace('{name}', `${side}-${kind.charAt(0)}`)
      .replace('{type}', 'secrets')
      .replace('{itemName}', 'till');
  return { route, allowed, path, ...more };
}

export function specOf(side: Side, names: Names) {
  return { cluster: names.cluster, includedNamespaces: [names[side]] };
}
const schedule = (side: Side, names: Names) => ({
  metadata: { name: `${side}-s` },
  spec: { schedule: '@yearly', template: specOf(side, names) },
});
const ENDPOINT = { metadata: { name: 'x' }, spec: { url: 'https://receiver.invalid/' } };
const LOCATION = { metadata: { name: 'x' }, spec: { provider: 'folder', path: '/nonexistent' } };

/** A row for each method and path of the API: who may send it about something of the shop. */
export const ENDPOINTS: readonly Endpoint[] = [
  one('GET /backups', KNOWN),
  one('GET /restores', KNOWN),
  one('GET /schedules', KNOWN),
  one('GET /backups/{name}', VIEWERS),
  one('GET /backups/{name}/events', VIEWERS),
  one('GET /restores/{name}/events', VIEWERS),
  one('GET /backups/{name}/items', VIEWERS),
  one('GET /backups/{name}/items/{type}/{itemName}', VIEWERS, {
    path: (side, names) => `/backups/${side}-b/items/secrets/till?namespace=${names[side]}`,
  }),
  one('GET /backups/{name}/download', VIEWERS),
  one('GET /backups/{name}/coverage', VIEWERS),
  one('GET /backups/{name}/volumes', VIEWERS),
  one('GET /backups/{name}/hooks', VIEWERS),
  one('GET /backups/{name}/logs', VIEWERS),
  one('GET /restores/{name}/logs', VIEWERS),
  one('GET /restores/{name}', VIEWERS),
  one('GET /restores/{name}/items', VIEWERS),
  one('GET /restores/{name}/hooks', VIEWERS),
  one('GET /schedules/{name}', VIEWERS),
  one('GET /schedules/{name}/retention', VIEWERS),
  one('POST /backups/{name}:hold', OWNERS, { body: () => ({ reason: 'audit' }) }),
  one('POST /backups/{name}:release', OWNERS),
  one('POST /backups/{name}:extend', OWNERS, { body: () => ({ ttl: '9000h' }) }),
  one('POST /backups/{name}:cancel', OWNERS),
  one('POST /restores/{name}:cancel', OWNERS),
  one('POST /schedules/{name}:pause', OWNERS, { body: () => ({ note: 'audit' }) }),
  one('POST /schedules/{name}:unpause', OWNERS, { body: () => ({}) }),
  one('POST /schedules/{name}:trigger', OWNERS, { body: () => ({}) }),
  one('POST /schedules/{name}:backfill', OWNERS, {
    body: () => ({ startTime: '2026-01-01T00:00:00Z', endTime: '2026-01-01T01:00:00Z' }),
  }),
  one('PUT /schedules/{name}', OWNERS, { body: schedule }),
  one('PATCH /schedules/{name}', OWNERS, { body: () => ({ spec: { note: 'audit' } }) }),
  one('POST /schedules', OWNERS, { path: () => '/schedules', body: schedule }),
  one('POST /backups', OWNERS, {
    path: () => '/backups?dryRun=All',
    body: (side, names) => ({ metadata: { name: 'new-b' }, spec: specOf(side, names) }),
  }),
  one('POST /restores', OWNERS, {
    path: () => '/restores?dryRun=All',
    body: (side, names) => ({
      metadata: { name: 'new-r' },
      spec: { ...specOf(side, names), backupName: `${side}-b`, ...BOUND },
    }),
  }),
  one('POST /schedules:recover', ADMINS, { path: () => '/schedules:recover', body: () => ({}) }),
  one('GET /storage-locations', ADMINS),
  one('POST /storage-locations', ADMINS, { body: () => LOCATION }),
  one('GET /storage-locations/{name}', ADMINS, { path: () => '/storage-locations/default' }),
  one('PUT /storage-locations/{name}', ADMINS, {
    path: () => '/storage-locations/x',
    body: () => LOCATION,
  }),
  one('PATCH /storage-locations/{name}', ADMINS, {
    ...{ path: () => '/storage-locations/x', body: () => ({ spec: {} }) },
  }),
  one('DELETE /storage-locations/{name}', ADMINS, { path: () => '/storage-locations/x' }),
  one('POST /storage-locations/{name}:check', ADMINS, {
    path: () => '/storage-locations/default:check',
  }),
  one('POST /storage-locations/{name}:adopt', ADMINS, {
    path: () => '/storage-locations/default:adopt',
  }),
  one('GET /storage-locations/{name}/inventory', ADMINS, {
    path: () => '/storage-locations/default/inventory',
  }),
  one('POST /reconciliations', ADMINS, {
    body: (_side, names) => ({ spec: { cluster: names.cluster } }),
  }),
  one('GET /reconciliations/{location}', ADMINS, {
    path: (_side, names) => `/reconciliations/default?cluster=${names.cluster}`,
  }),
  one('GET /status', ADMINS, { path: (_side, names) => `/status?cluster=${names.cluster}` }),
  one('POST /status:check', ADMINS, {
    path: (_side, names) => `/status:check?cluster=${names.cluster}`,
  }),
  one('GET /debug', ADMINS, {
    path: (_side, names) => `/debug?cluster=${names.cluster}&backup=shop-b`,
  }),
  one('GET /notification-endpoints', ADMINS),
  one('POST /notification-endpoints', ADMINS, { body: () => ENDPOINT }),
  one('GET /notification-endpoints/{name}', ADMINS, { path: () => '/notification-endpoints/x' }),
  one('PUT /notification-endpoints/{name}', ADMINS, {
    ...{ path: () => '/notification-endpoints/x', body: () => ENDPOINT },
  }),
  one('PATCH /notification-endpoints/{name}', ADMINS, {
    ...{ path: () => '/notification-endpoints/x', body: () => ({ spec: {} }) },
  }),
  one('POST /notification-endpoints/{name}:test', ADMINS, {
    path: (_side, { cluster }) => `/notification-endpoints/x:test?cluster=${cluster}`,
  }),
  one('DELETE /notification-endpoints/{name}', ADMINS, { path: () => '/notification-endpoints/x' }),
  one('GET /namespaces', KNOWN),
  one('GET /namespaces/{name}', VIEWERS, { path: (side, names) => `/namespaces/${names[side]}` }),
  one('GET /plugins', ADMINS, { path: (_side, names) => `/plugins?cluster=${names.cluster}` }),
  one('POST /plugins', ADMINS, {
    body: (_side, names) => ({ metadata: { name: 'x' }, spec: { cluster: names.cluster } }),
  }),
  one('GET /plugins/{name}', ADMINS, {
    path: (_side, names) => `/plugins/x?cluster=${names.cluster}`,
  }),
  one('DELETE /plugins/{name}', ADMINS, {
    path: (_side, names) => `/plugins/x?cluster=${names.cluster}`,
  }),
  one('DELETE /restores/{name}', OWNERS),
  one('DELETE /schedules/{name}', OWNERS),
  one('DELETE /backups/{name}', OWNERS),
];
