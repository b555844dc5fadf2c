import { expect, test } from 'vitest';

import type { KubernetesObject } from '../../../domain/item.ts';
import { unmarked, wantedOf } from '../../support/wanted-fixture.ts';

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** The spec of a service after it was restored, with what the user applied and the managed fields. */
function restored(
  spec: object,
  from: { applied?: object; managed?: object; preserveNodePorts?: boolean } = {},
): unknown {
  const { applied, managed, preserveNodePorts = false } = from;
  const metadata: KubernetesObject['metadata'] = {
    name: 'x',
    ...(applied === undefined
      ? {}
      : { annotations: { [LAST_APPLIED]: JSON.stringify({ spec: applied }) } }),
    ...(managed === undefined ? {} : { managedFields: [{}, { fieldsV1: { 'f:spec': managed } }] }),
  };
  const wanted = wantedOf('services', { metadata, spec }, { spec: { preserveNodePorts } });
  const { spec: restoredSpec } = unmarked(wanted) as { spec: unknown };
  return restoredSpec;
}

test.each([
  { from: { clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1'] }, to: {} },
  {
    from: { clusterIP: 'None', clusterIPs: ['None'] },
    to: { clusterIP: 'None', clusterIPs: ['None'] },
  },
])('a service gets a new address unless it has none on purpose: $from', ({ from, to }) => {
  expect(restored(from)).toEqual(to);
});

const HTTP = { name: 'http', port: 80, protocol: 'TCP', nodePort: 30_080 };
const DNS = { name: 'dns', port: 53, protocol: 'UDP', nodePort: 30_053 };
const NAMELESS = { port: 80, nodePort: 30_080 };
function withNodePort(port: Readonly<Record<string, unknown>>, nodePort: number | undefined) {
  const rest = Object.entries(port).filter(([field]) => field !== 'nodePort');
  return { ...Object.fromEntries(rest), ...(nodePort === undefined ? {} : { nodePort }) };
}

const portFields = (port: number, protocol: string) => ({
  'f:ports': { [`k:{"port":${String(port)},"protocol":"${protocol}"}`]: { 'f:nodePort': {} } },
});

test.each([
  { by: 'nothing', ports: [HTTP], from: {}, kept: [undefined] },
  {
    by: 'its name',
    ports: [HTTP, DNS],
    from: { applied: { ports: [HTTP] } },
    kept: [30_080, undefined],
  },
  {
    by: 'a port in text',
    ports: [HTTP],
    from: { applied: { ports: [{ ...HTTP, nodePort: '30080' }] } },
    kept: [30_080],
  },
  {
    by: 'a name without a node port',
    ports: [HTTP],
    from: { applied: { ports: [{ name: 'http', port: 80 }] } },
    kept: [undefined],
  },
  { by: 'itself', ports: [NAMELESS], from: { applied: { ports: [NAMELESS] } }, kept: [30_080] },
  {
    by: 'another port without a name',
    ports: [NAMELESS],
    from: { applied: { ports: [{ port: 80, nodePort: 30_081 }] } },
    kept: [undefined],
  },
  { by: 'a named one', ports: [NAMELESS], from: { applied: { ports: [HTTP] } }, kept: [undefined] },
  {
    by: 'the managed fields',
    ports: [HTTP, DNS],
    from: { managed: portFields(53, 'UDP') },
    kept: [undefined, 30_053],
  },
  {
    by: 'the managed fields of a port without a protocol',
    ports: [NAMELESS],
    from: { managed: portFields(80, 'TCP') },
    kept: [30_080],
  },
  {
    by: 'the managed fields, where the applied text does not name it',
    ports: [DNS],
    from: { managed: portFields(53, 'UDP'), applied: { ports: [] } },
    kept: [undefined],
  },
  {
    by: 'the request',
    ports: [HTTP, DNS],
    from: { preserveNodePorts: true },
    kept: [30_080, 30_053],
  },
])('asked for by $by, the node ports $kept are kept', ({ ports, from, kept }) => {
  const given = ports.map((port) => ({ ...port }));
  expect(restored({ type: 'NodePort', ports: given }, from)).toEqual({
    type: 'NodePort',
    ports: ports.map((port, index) => withNodePort(port, kept[index])),
  });
});

test.each([
  { by: 'nothing', from: {}, kept: false },
  { by: 'the applied text', from: { applied: { healthCheckNodePort: 31_000 } }, kept: true },
  { by: 'a zero', from: { applied: { healthCheckNodePort: 0 } }, kept: false },
  {
    by: 'the managed fields beside the applied text',
    from: { applied: {}, managed: { 'f:healthCheckNodePort': {} } },
    kept: true,
  },
  { by: 'the request', from: { preserveNodePorts: true }, kept: true },
])('asked for by $by, the port of health checks is kept: $kept', ({ from, kept }) => {
  const spec = { type: 'LoadBalancer', externalTrafficPolicy: 'Local' };
  expect(restored({ ...spec, healthCheckNodePort: 31_000 }, from)).toEqual({
    ...spec,
    ...(kept ? { healthCheckNodePort: 31_000 } : {}),
  });
});

test('a name for another place has ports of its own', () => {
  const spec = { type: 'ExternalName', externalName: 'a.example', ports: [{ ...HTTP }] };
  expect(restored(spec)).toEqual({ ...spec, ports: [HTTP] });
});

test('an applied text that is none keeps no port', () => {
  const annotations = { [LAST_APPLIED]: '{' };
  const wanted = wantedOf('services', {
    metadata: { name: 'x', annotations },
    spec: { ports: [{ ...HTTP }] },
  });
  expect(unmarked(wanted)).toMatchObject({
    spec: { ports: [{ name: 'http', port: 80, protocol: 'TCP' }] },
  });
});
