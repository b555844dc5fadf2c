import { type Fields, fields, list, nameOf } from '../fields.ts';
import type { KubernetesObject } from '../item.ts';

/** Where `kubectl apply` keeps what the user wrote. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * Takes out of a Service what the cluster assigns: addresses, and node ports that nobody asked for. A node port was
 * asked for when the user's own text names it, or when the managed fields say that somebody set it; the cluster's
 * assignment is not among those. Source of the rule: Velero's service_action.go.
 */
export function cleanService(service: KubernetesObject, keepsNodePorts: boolean): void {
  const spec = fields(service['spec']);
  if (spec['clusterIP'] !== 'None') {
    delete spec['clusterIP'];
    delete spec['clusterIPs'];
  }
  if (keepsNodePorts || spec['type'] === 'ExternalName') {
    return;
  }
  const asked = askedFor(service);
  if (!asked.hasHealthCheckPort) {
    delete spec['healthCheckNodePort'];
  }
  for (const port of list(spec['ports']).map(fields)) {
    if (!asked.has(port)) {
      delete port['nodePort'];
    }
  }
}

interface AskedFor {
  readonly hasHealthCheckPort: boolean;
  readonly has: (port: Fields) => boolean;
}

/** The user's text, where there is one, counts alone for node ports, but not for the port of health checks. */
function askedFor({ metadata }: KubernetesObject): AskedFor {
  const applied = metadata.annotations?.[LAST_APPLIED];
  const managed = byManagedFields(metadata['managedFields']);
  if (applied === undefined) {
    return managed;
  }
  const { has, hasHealthCheckPort } = byText(applied);
  return { has, hasHealthCheckPort: hasHealthCheckPort || managed.hasHealthCheckPort };
}

/** Ports are the same by name, and those without a name by the node port itself. */
function byText(applied: string): AskedFor {
  const spec = fields(fields(parsed(applied))['spec']);
  const ports = list(spec['ports'])
    .map(fields)
    .filter(({ nodePort }) => isPort(nodePort));
  return {
    hasHealthCheckPort: isPort(spec['healthCheckNodePort']),
    has: (port) =>
      ports.some((asked) =>
        nameOf(port) === ''
          ? nameOf(asked) === '' && Number(asked['nodePort']) === port['nodePort']
          : nameOf(asked) === nameOf(port),
      ),
  };
}

/** `{"f:spec": {"f:ports": {"k:{\"port\":80,\"protocol\":\"TCP\"}": {"f:nodePort": {}}}}}`, per manager. */
function byManagedFields(managedFields: unknown): AskedFor {
  const specs = list(managedFields).map((entry) =>
    fields(fields(fields(entry)['fieldsV1'])['f:spec']),
  );
  const ports = specs
    .flatMap((spec) => Object.entries(fields(spec['f:ports'])))
    .filter(([, set]) => 'f:nodePort' in fields(set))
    .map(([key]) => fields(parsed(key.replace(/^k:/, ''))));
  return {
    hasHealthCheckPort: specs.some((spec) => 'f:healthCheckNodePort' in spec),
    has: ({ port, protocol = 'TCP' }) =>
      ports.some((asked) => asked['port'] === port && asked['protocol'] === protocol),
  };
}

/** Some write a port as text. */
function isPort(value: unknown): boolean {
  return (typeof value === 'number' || typeof value === 'string') && Number(value) > 0;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Somebody else wrote the annotation; what it asks for is not known.
    return undefined;
  }
}
