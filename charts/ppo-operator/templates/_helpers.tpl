{{/* Names, labels and addresses that several templates share. */}}

{{- define "ppo-operator.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* Of the objects in the release's namespace. */}}
{{- define "ppo-operator.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" }}
{{- else }}
{{- $name := include "ppo-operator.name" . }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 50 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{/* Of the objects that no namespace holds: releases of the same name in two namespaces must not share them. */}}
{{- define "ppo-operator.clusterName" -}}
{{- $name := include "ppo-operator.fullname" . }}
{{- if eq $name .Release.Namespace }}{{ $name }}{{ else }}{{ printf "%s-%s" .Release.Namespace $name }}{{ end }}
{{- end }}

{{- define "ppo-operator.selectorLabels" -}}
app.kubernetes.io/name: {{ include "ppo-operator.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{- define "ppo-operator.labels" -}}
{{- include "ppo-operator.labelsWith" (dict "root" . "labels" dict) }}
{{- end }}

{{/* The chart's own labels, then those of one object, then commonLabels: who says a thing twice says it once. */}}
{{- define "ppo-operator.labelsWith" -}}
{{- with .root }}
{{- $labels := include "ppo-operator.selectorLabels" . | fromYaml }}
{{- $_ := set $labels "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-") }}
{{- $_ := set $labels "app.kubernetes.io/version" .Chart.AppVersion }}
{{- $_ := set $labels "app.kubernetes.io/managed-by" .Release.Service }}
{{- merge $labels $.labels .Values.commonLabels | toYaml }}
{{- end }}
{{- end }}

{{/* Of the operator's pods and of what selects them. */}}
{{- define "ppo-operator.operatorSelector" -}}
{{ include "ppo-operator.selectorLabels" . }}
app.kubernetes.io/component: operator
{{- end }}

{{- define "ppo-operator.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "ppo-operator.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- required "serviceAccount.create is false: name the ServiceAccount that the operator is to use in serviceAccount.name" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{/* Whom roles are given to. */}}
{{- define "ppo-operator.subjects" -}}
- kind: ServiceAccount
  name: {{ include "ppo-operator.serviceAccountName" . | quote }}
  namespace: {{ .Release.Namespace | quote }}
{{- end }}

{{- define "ppo-operator.image" -}}
{{- with .Values.image -}}
{{- if .digest }}{{ .repository }}@{{ .digest }}{{ else }}{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end }}
{{- end }}

{{/* Of the operator's pods, and of the pod that tests them: what the Pod Security level "restricted" asks for. */}}
{{- define "ppo-operator.podSecurityContext" -}}
runAsNonRoot: true
{{- with include "ppo-operator.podUserId" . }}
{{- if ne . "none" }}
runAsUser: {{ . }}
runAsGroup: {{ . }}
fsGroup: {{ . }}
{{- end }}
{{- end }}
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{/* Null is no user either, least of all root. Large numbers would be written with an exponent. */}}
{{- define "ppo-operator.podUserId" -}}
{{- with .Values.podUserId | default "none" }}
{{- if kindIs "string" . }}{{ . }}{{ else }}{{ int64 . }}{{ end }}
{{- end }}
{{- end }}

{{- define "ppo-operator.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{- define "ppo-operator.metricsScheme" -}}
{{- if .Values.metrics.tls.secretName }}HTTPS{{ else }}HTTP{{ end }}
{{- end }}

{{- define "ppo-operator.metricsHost" -}}
{{ include "ppo-operator.fullname" . }}-metrics.{{ .Release.Namespace }}.svc
{{- end }}

{{/* Prometheus would be told to scrape what nothing lets it reach. */}}
{{- define "ppo-operator.requireScrapers" -}}
{{- if not .root.Values.metrics.scrapeFrom }}
{{- fail (printf "metrics.%s.enabled: also name the namespace that Prometheus runs in, or the NetworkPolicies keep it out: --set 'metrics.scrapeFrom={monitoring}'" .monitor) }}
{{- end }}
{{- end }}

{{/* What a pod of another namespace is known by; nobody can change that label. */}}
{{- define "ppo-operator.scraperPeers" -}}
{{- range .Values.metrics.scrapeFrom }}
- namespaceSelector:
    matchLabels:
      kubernetes.io/metadata.name: {{ . | quote }}
{{- end }}
{{- end }}
