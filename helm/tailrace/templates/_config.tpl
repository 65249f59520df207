{{/* What the chart reads out of the configuration, and what it refuses. */}}

{{/* Ports within the pod: those of `config`; the defaults when the configuration lies elsewhere. */}}
{{- define "tailrace.publicPort" -}}
{{- dig "listen" "port" 8080 .Values.config | int }}
{{- end }}

{{- define "tailrace.adminPort" -}}
{{- dig "admin" "port" 9090 .Values.config | int }}
{{- end }}

{{/* Port that a URL of HTTP leads to; empty where it is no text, so that nobody knows. */}}
{{- define "tailrace.portOfUrl" -}}
{{- if kindIs "string" . -}}
  {{- $host := regexReplaceAll "^https?://([^/?#]*@)?|[/?#].*$" . "" -}}
  {{- regexFind ":[0-9]+$" $host | trimPrefix ":" | default (hasPrefix "https:" . | ternary "443" "80") -}}
{{- end -}}
{{- end }}

{{/*
Ports of brokers, of databases, of feeds and of the key server as a list in JSON. What a variable or a file holds cannot be known; of a database
it is taken to be the usual one.
*/}}
{{- define "tailrace.derivedPorts" -}}
{{- $ports := list -}}
{{- range $source := .Values.config.sources -}}
  {{- $brokers := ($source.kafka | default dict).brokers -}}
  {{- range $written := kindIs "slice" $brokers | ternary $brokers (list $brokers) -}}
    {{- range $broker := kindIs "string" $written | ternary (splitList "," (toString $written)) list -}}
      {{- with regexFind ":[0-9]+$" (trim $broker) }}{{ $ports = append $ports (trimPrefix ":" . | int) }}{{ end -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- range $source := .Values.config.sources -}}
  {{- with ($source.postgres | default dict).url -}}
    {{- $hosts := kindIs "string" . | ternary (regexReplaceAll "^[a-z]+://([^/?#]*@)?|[/?#].*$" (toString .) "") "" -}}
    {{- range splitList "," $hosts -}}{{ $ports = append $ports (regexFind ":[0-9]+$" . | trimPrefix ":" | default "5432" | int) }}{{ end -}}
  {{- end -}}
{{- end -}}
{{- $urls := list (include "tailrace.jwksUrl" .) -}}
{{- range $source := .Values.config.sources -}}
  {{- $rest := $source.rest | default dict -}}
  {{- $urls = concat $urls (list $rest.url (dig "auth" "oauth2" "tokenUrl" "" $rest)) -}}
{{- end -}}
{{- range compact $urls -}}
  {{- with include "tailrace.portOfUrl" . }}{{ $ports = append $ports (int .) }}{{ end -}}
{{- end -}}
{{- $ports | uniq | toJson }}
{{- end }}

{{- define "tailrace.jwksUrl" -}}
{{- with .Values.config.auth -}}
  {{- $url := kindIs "map" . | ternary . dict | dig "jwt" "jwksUrl" "" -}}
  {{- kindIs "string" $url | ternary $url "" -}}
{{- end -}}
{{- end }}

{{/* Names of all `{ env: NAME }` below a value, each with a space behind it. */}}
{{- define "tailrace.envNames" -}}
{{- if and (kindIs "map" .) (eq (len .) 1) (kindIs "string" (.env | default false)) -}}
{{ .env }}{{ " " }}
{{- else if or (kindIs "map" .) (kindIs "slice" .) -}}
{{- range . }}{{ include "tailrace.envNames" . }}{{ end -}}
{{- end -}}
{{- end }}

{{/* Variables that the configuration needs and `env` does not set; unknown, so none, with envFrom. */}}
{{- define "tailrace.missingEnv" -}}
{{- $set := list -}}
{{- range .Values.env }}{{ $set = append $set .name }}{{ end -}}
{{- $missing := list -}}
{{- range include "tailrace.envNames" .Values.config | splitList " " | uniq | compact -}}
  {{- if not (has . $set) }}{{ $missing = append $missing . }}{{ end -}}
{{- end -}}
{{- empty .Values.envFrom | ternary (join ", " $missing) "" }}
{{- end }}

{{/* Stops with a sentence where values contradict one another; what is wrong with one value alone, the schema says. */}}
{{- define "tailrace.check" -}}
{{- $v := .Values -}}
{{- $configs := list $v.config $v.existingConfigSecret $v.existingConfigMap | compact | len -}}
{{- if eq $configs 0 -}}
{{- fail "Say what to read and who may see it: give `config` (the same YAML as tailrace.yaml), existingConfigSecret or existingConfigMap." -}}
{{- end -}}
{{- if gt $configs 1 -}}
{{- fail "There is one configuration: give only one of `config`, existingConfigSecret and existingConfigMap." -}}
{{- end -}}
{{- if and (gt (int $v.replicas) 1) (eq (include "tailrace.role" .) "single") -}}
{{- fail (printf "replicas is %d, but the role `single` keeps its log in memory: more than one would be worlds of their own, and whoever reconnects to another one starts anew. Use 1, or 0 to pause." (int $v.replicas)) -}}
{{- end -}}
{{- $wait := trimSuffix "s" $v.shutdown.wait | int -}}
{{- $spread := trimSuffix "s" $v.shutdown.spread | int -}}
{{- $grace := trimSuffix "s" $v.shutdown.grace | int -}}
{{- if ge (add $wait $spread) $grace -}}
{{- fail (printf "shutdown.wait (%ds) and shutdown.spread (%ds) together must be shorter than shutdown.grace (%ds)." $wait $spread $grace) -}}
{{- end -}}
{{- if ge $grace (int $v.terminationGracePeriodSeconds) -}}
{{- fail (printf "terminationGracePeriodSeconds (%d) must be longer than shutdown.grace (%ds), or the pod is killed before it is drained." (int $v.terminationGracePeriodSeconds) $grace) -}}
{{- end -}}
{{- if and $v.httpRoute.enabled (empty $v.httpRoute.parentRefs) -}}
{{- fail "httpRoute.enabled needs httpRoute.parentRefs: the gateways that the route attaches to." -}}
{{- end -}}
{{- if and $v.httpRoute.enabled (empty $v.httpRoute.filters) (not (hasPrefix $v.httpRoute.path "/v1/stream")) -}}
{{- fail (printf "httpRoute.path %s leads no request to /v1/stream: leave it as it is, or add a URLRewrite to httpRoute.filters." $v.httpRoute.path) -}}
{{- end -}}
{{- if and (ne $v.service.type "LoadBalancer") (or $v.service.loadBalancerClass $v.service.loadBalancerSourceRanges) -}}
{{- fail "service.loadBalancerClass and service.loadBalancerSourceRanges need service.type LoadBalancer." -}}
{{- end -}}
{{- if and (eq $v.service.type "ClusterIP") (or $v.service.nodePort $v.service.externalTrafficPolicy) -}}
{{- fail "service.nodePort and service.externalTrafficPolicy need service.type NodePort or LoadBalancer." -}}
{{- end -}}
{{- end }}
