{{/* Names, labels and the metadata of every object. */}}

{{- define "tailrace.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 50 | trimSuffix "-" }}
{{- end }}

{{/* 50 of 63 characters: the rest is for suffixes. */}}
{{- define "tailrace.fullname" -}}
{{- $name := include "tailrace.name" . -}}
{{- $full := contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name) -}}
{{- .Values.fullnameOverride | default $full | trunc 50 | trimSuffix "-" }}
{{- end }}

{{- define "tailrace.serviceAccountName" -}}
{{- .Values.serviceAccount.name | default (.Values.serviceAccount.create | ternary (include "tailrace.fullname" .) "default") }}
{{- end }}

{{/* What runs in the pods. It is part of the selectors, which cannot change later, so that other roles can stand beside it. */}}
{{- define "tailrace.role" -}}
single
{{- end }}

{{/* Takes root, and the component: the role by default. */}}
{{- define "tailrace.selectorLabels" -}}
app.kubernetes.io/name: {{ include "tailrace.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component | default (include "tailrace.role" .root) }}
{{- end }}

{{/* A value as YAML, with templates in it resolved. Takes root and value. */}}
{{- define "tailrace.tpl" -}}
{{- tpl (toYaml .value) .root }}
{{- end }}

{{/*
Metadata of an object. Takes root, and optionally suffix (of the name), component, labels and annotations of this object alone.
The chart's own labels win over these, and these over the common ones.
*/}}
{{- define "tailrace.metadata" -}}
{{- $version := dict "helm.sh/chart" (printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63) -}}
{{- $_ := set $version "app.kubernetes.io/version" .root.Chart.AppVersion -}}
{{- $_ := set $version "app.kubernetes.io/managed-by" .root.Release.Service -}}
name: {{ include "tailrace.fullname" .root }}{{ .suffix }}
namespace: {{ .root.Release.Namespace }}
{{ include "tailrace.marks" (merge (dict "version" $version) .) }}
{{- end }}

{{/*
Labels and annotations. Takes what tailrace.metadata takes. Pods use this alone: a new version of the chart that changes nothing
else must not restart them.
*/}}
{{- define "tailrace.marks" -}}
{{- $own := dict "root" .root "value" (.labels | default dict) -}}
{{- $common := dict "root" .root "value" .root.Values.commonLabels -}}
{{- $labels := include "tailrace.selectorLabels" . | fromYaml -}}
{{- $labels = merge $labels (.version | default dict) (include "tailrace.tpl" $own | fromYaml) (include "tailrace.tpl" $common | fromYaml) -}}
labels:
  {{- toYaml $labels | nindent 2 }}
{{- $own = dict "root" .root "value" (.annotations | default dict) -}}
{{- $common = dict "root" .root "value" .root.Values.commonAnnotations -}}
{{- with merge (include "tailrace.tpl" $own | fromYaml) (include "tailrace.tpl" $common | fromYaml) }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "tailrace.image" -}}
{{- $tag := .Values.image.tag | default .Chart.AppVersion -}}
{{- .Values.image.repository }}{{ empty .Values.image.digest | ternary (printf ":%s" $tag) (printf "@%s" .Values.image.digest) }}
{{- end }}

{{/* Fields of a pod that are taken over as they are, with templates resolved. Takes root and fields. */}}
{{- define "tailrace.podFields" -}}
{{- range $field := .fields }}
{{- with index $.root.Values $field }}
{{ $field }}:
  {{- include "tailrace.tpl" (dict "root" $.root "value" .) | nindent 2 }}
{{- end }}
{{- end }}
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- include "tailrace.tpl" (dict "root" $.root "value" .) | nindent 2 }}
{{- end }}
{{- end }}
