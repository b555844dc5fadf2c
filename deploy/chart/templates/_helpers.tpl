{{/*
Short enough for the names that are made of it, of which labels of pods take 63 characters; the hash tells releases apart
that begin alike.
*/}}
{{- define "holdfast.name" -}}
{{- $own := default "holdfast" .Values.nameOverride }}
{{- $name := contains $own .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $own) }}
{{- gt (len $name) 43 | ternary (printf "%s-%s" ($name | trunc 34 | trimSuffix "-") (sha256sum $name | trunc 8)) $name }}
{{- end }}

{{- define "holdfast.labels" -}}
app.kubernetes.io/name: holdfast
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{/* What pods of a component are found by; never changes, since selectors cannot. Takes (list . component). */}}
{{- define "holdfast.selector" -}}
app.kubernetes.io/name: holdfast
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{/* An image with the prefix of the registry, for those who mirror. Takes (list . image). */}}
{{- define "holdfast.image" -}}
{{- $root := index . 0 }}{{ $image := index . 1 }}
{{- $registry := default $image.registry $root.Values.imageRegistry }}
{{- with $registry }}{{ . }}/{{ end }}{{ $image.repository }}
{{- if $image.digest }}@{{ $image.digest }}{{ else }}:{{ default $root.Chart.AppVersion $image.tag }}{{ end }}
{{- end }}

{{- define "holdfast.temporalAddress" -}}
{{- $temporal := .Values.temporal }}
{{- $isSecured := or $temporal.tls.enabled $temporal.tls.clientSecret $temporal.apiKeySecret.name }}
{{- if and $temporal.embedded.enabled (or $temporal.address $isSecured) }}
{{- fail "temporal.embedded.enabled is true, and temporal.address, tls or apiKeySecret is for another Temporal; take one of them away" }}
{{- end }}
{{- if and $temporal.tls.clientSecret $temporal.apiKeySecret.name }}
{{- fail "temporal.tls.clientSecret and temporal.apiKeySecret are two ways to say who calls; take one of them away" }}
{{- end }}
{{- if $temporal.embedded.enabled -}}
{{ include "holdfast.name" . }}-temporal.{{ .Release.Namespace }}.svc:7233
{{- else -}}
{{ required "temporal.address is empty; name a Temporal server, or set temporal.embedded.enabled=true for a first try" .Values.temporal.address }}
{{- end -}}
{{- end }}

{{/* Seconds of a Go duration, such as 1m30s. */}}
{{- define "holdfast.seconds" -}}
{{- $seconds := 0.0 }}
{{- range regexFindAll "[0-9.]+(ms|h|m|s)" . -1 }}
{{- $unit := dict "h" 3600 "m" 60 "s" 1 "ms" 0.001 | dig (regexFind "[a-z]+" .) 0 }}
{{- $seconds = addf $seconds (mulf (regexFind "[0-9.]+" . | float64) $unit) }}
{{- end }}
{{- $seconds }}
{{- end }}

{{/* Environment of every process. */}}
{{- define "holdfast.environment" -}}
- name: HOLDFAST_NAMESPACE
  valueFrom: { fieldRef: { fieldPath: metadata.namespace } }
- name: HOLDFAST_METRICS_PORT
  value: '9090'
- name: HOLDFAST_METRICS_HOST
  value: 0.0.0.0
{{- if .Values.temporal.apiKeySecret.name }}
- name: TEMPORAL_API_KEY
  valueFrom:
    secretKeyRef: { name: {{ .Values.temporal.apiKeySecret.name }}, key: {{ .Values.temporal.apiKeySecret.key }} }
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Settings, and credentials of buckets for those who reach them: all but the workers of the role workflows. Takes (list . role). */}}
{{- define "holdfast.environmentFrom" -}}
{{- $root := index . 0 -}}
- configMapRef: { name: {{ include "holdfast.name" $root }} }
{{- if ne (index . 1) "workflows" }}
{{- with $root.Values.credentials.existingSecret }}
- secretRef: { name: {{ . }} }
{{- end }}
{{- end }}
{{- end }}

{{/* Files of TLS to Temporal, and what is added by hand. */}}
{{- define "holdfast.sharedMounts" -}}
{{- if .Values.temporal.tls.caSecret }}
- { name: temporal-ca, mountPath: /etc/holdfast/temporal-ca, readOnly: true }
{{- end }}
{{- if .Values.temporal.tls.clientSecret }}
- { name: temporal-client, mountPath: /etc/holdfast/temporal-client, readOnly: true }
{{- end }}
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "holdfast.sharedVolumes" -}}
{{- with .Values.temporal.tls.caSecret }}
- name: temporal-ca
  secret: { secretName: {{ . }} }
{{- end }}
{{- with .Values.temporal.tls.clientSecret }}
- name: temporal-client
  secret: { secretName: {{ . }} }
{{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Pods of a component, unless somebody else says how many there are. Takes its values. */}}
{{- define "holdfast.replicas" -}}
{{- if not (kindIs "invalid" .replicas) }}
replicas: {{ .replicas }}
{{- end }}
{{- end }}

{{/* Who is a process of a component, and where it may run. Takes (list . component values). */}}
{{- define "holdfast.podSettings" -}}
{{- $root := index . 0 }}{{ $values := index . 2 }}
{{- with $root.Values.imagePullSecrets }}
imagePullSecrets:
{{ toYaml . | indent 2 }}
{{- end }}
{{- with $root.Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with index . 1 | eq "node-agent" | ternary (dict) $root.Values.podSecurityContext }}
securityContext:
{{ toYaml . | indent 2 }}
{{- end }}
{{- with $values.nodeSelector }}
nodeSelector:
{{ toYaml . | indent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations:
{{ toYaml . | indent 2 }}
{{- end }}
{{- with $values.affinity }}
affinity:
{{ toYaml . | indent 2 }}
{{- end }}
{{- with $values.topologySpreadConstraints }}
topologySpreadConstraints:
{{ toYaml . | indent 2 }}
{{- end }}
{{- end }}

{{/* Whether the process lives, and may be sent work. */}}
{{- define "holdfast.workerProbes" -}}
startupProbe:
  httpGet: { path: /metrics, port: metrics }
  failureThreshold: 60
  periodSeconds: 2
livenessProbe:
  httpGet: { path: /metrics, port: metrics }
  timeoutSeconds: 5
  periodSeconds: 20
{{- end }}
