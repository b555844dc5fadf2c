/** User and group that own nothing, as the restricted Pod Security Standard wants a process to run. */
export const AS_NOBODY = {
  runAsNonRoot: true,
  runAsUser: 65534,
  runAsGroup: 65534,
  seccompProfile: { type: 'RuntimeDefault' },
} as const;

/** What a container of ours has that only waits. */
export const IDLE = {
  imagePullPolicy: 'IfNotPresent',
  resources: {
    requests: { cpu: '10m', memory: '16Mi' },
    limits: { cpu: '100m', memory: '32Mi' },
  },
} as const;

/** What such a container may not do. */
export const CONFINED = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
} as const;
