import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { type Applied, applyYaml } from './applied-yaml.ts';
import { makeCertificate } from './certificate.ts';
import { kubectl } from './kubectl.ts';

const TESTBED = fileURLToPath(new URL('../testbed/testbed.sh', import.meta.url));
const IMAGE = 'holdfast.test/webhook:1';
/** The label whose objects the server denies, which then say `not here`. */
export const DENIED = { 'holdfast.test/fate': 'denied' } as const;
const run = promisify(execFile);

export interface WebhookServer {
  /** Authority of its certificate, as a webhook configuration has it. */
  readonly caBundle: string;
}

/**
 * Runs a webhook server in a namespace that exists, as a Deployment `webhook` behind a Service of that name, and waits
 * until it answers. Its pod mounts no token, so that it starts where no ConfigMap can be created. One that is to be
 * ready some seconds after its start is not waited for.
 */
export async function startWebhookServer(
  namespace: string,
  readyAfterSeconds = 0,
): Promise<WebhookServer> {
  await run(TESTBED, ['webhook-image']);
  const certificate = await makeCertificate([`DNS:webhook.${namespace}.svc`]);
  await applyYaml(serverYaml(namespace, { ...certificate, readyAfterSeconds }));
  if (readyAfterSeconds === 0) {
    await kubectl('-n', namespace, 'rollout', 'status', 'deployment/webhook', '--timeout=120s');
  }
  return { caBundle: (await readFile(certificate.caFile)).toString('base64') };
}

/** Asks the server of one namespace before ConfigMaps are created in another; nothing is created when it is away. */
export function applyWebhook(
  { server, guarded }: { server: string; guarded: string },
  { caBundle }: WebhookServer,
): Promise<Applied> {
  return applyYaml(`
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: ${guarded}}
webhooks:
  - name: settings.holdfast.test
    admissionReviewVersions: [v1]
    sideEffects: None
    failurePolicy: Fail
    timeoutSeconds: 2
    namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ${guarded}}}
    rules: [{apiGroups: [""], apiVersions: [v1], resources: [configmaps], operations: [CREATE], scope: Namespaced}]
    clientConfig:
      caBundle: ${caBundle}
      service: {name: webhook, namespace: ${server}, path: /validate, port: 443}
`);
}

/** The names of the objects that the server of a namespace was asked about since it started. */
export async function askedAbout(namespace: string): Promise<Set<string>> {
  const log = await kubectl('-n', namespace, 'logs', 'deployment/webhook');
  return new Set([...log.matchAll(/asked about ([^:]+):/g)].map(([, name = '']) => name));
}

function serverYaml(
  namespace: string,
  { cert, key, readyAfterSeconds }: { cert: string; key: string; readyAfterSeconds: number },
): string {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  return `
apiVersion: v1
kind: Secret
metadata: {name: webhook, namespace: ${namespace}}
type: kubernetes.io/tls
data: {tls.crt: ${base64(cert)}, tls.key: ${base64(key)}}
---
apiVersion: v1
kind: Service
metadata: {name: webhook, namespace: ${namespace}}
spec:
  selector: {app: webhook}
  ports: [{port: 443, targetPort: 8443}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: webhook, namespace: ${namespace}}
spec:
  selector: {matchLabels: {app: webhook}}
  template:
    metadata: {labels: {app: webhook}}
    spec:
      automountServiceAccountToken: false
      terminationGracePeriodSeconds: 1
      containers:
        - name: webhook
          image: ${IMAGE}
          imagePullPolicy: IfNotPresent
          readinessProbe: {httpGet: {path: /healthz, port: 8443, scheme: HTTPS}, periodSeconds: 1, initialDelaySeconds: ${String(readyAfterSeconds)}}
          volumeMounts: [{name: tls, mountPath: /tls}]
      volumes: [{name: tls, secret: {secretName: webhook}}]
`;
}
