import { readFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';

import type { KubernetesObject } from '../../domain/item.ts';
import { type Applied, applyYaml } from './applied-yaml.ts';
import { makeCertificate } from './certificate.ts';

/** What a webhook says against a request. */
interface Denial {
  readonly code: number;
  readonly reason?: string;
  readonly message: string;
}

/** What an API server asks. */
export interface Asked {
  readonly uid: string;
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE';
  readonly object: KubernetesObject | null;
}

/** How a webhook meets a request: `away` is no answer to it, and undefined lets it through. */
type Deny = (asked: Asked) => Denial | 'away' | undefined;

/**
 * Runs an admission webhook in this process, which the API server asks before objects of a namespace, ConfigMaps
 * when nothing else is said, are created, changed or deleted.
 */
export async function startLocalWebhook(
  namespace: string,
  deny: Deny,
  resource = 'configmaps',
): Promise<Applied> {
  const { caFile, key, cert } = await makeCertificate(['IP:127.0.0.1']);
  const server = createServer({ key, cert }, (request, response) => {
    void answer(request, response, deny);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const configuration = await applyYaml(`
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: local-${namespace}}
webhooks:
  - name: local.holdfast.test
    admissionReviewVersions: [v1]
    sideEffects: None
    failurePolicy: Fail
    timeoutSeconds: 2
    namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ${namespace}}}
    rules: [{apiGroups: [""], apiVersions: [v1], resources: [${resource}], operations: ["*"], scope: Namespaced}]
    clientConfig:
      caBundle: ${(await readFile(caFile)).toString('base64')}
      url: https://127.0.0.1:${String(port)}/
`);
  return {
    remove: async () => {
      await configuration.remove();
      server.closeAllConnections();
      server.close();
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  deny: Deny,
): Promise<void> {
  const body = Buffer.concat(await request.toArray()).toString();
  // The API server asks in this shape.
  const review = JSON.parse(body) as { request: Asked };
  const { uid } = review.request;
  const status = deny(review.request);
  if (status === 'away') {
    response.writeHead(503).end();
    return;
  }
  const said = { uid, allowed: status === undefined, ...(status === undefined ? {} : { status }) };
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ ...review, request: undefined, response: said }));
}
