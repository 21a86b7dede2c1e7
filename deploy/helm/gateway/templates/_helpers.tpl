{{/* What all objects are called by: the release, or "release-gateway" where the release has another name. Services cannot have every name of a release. */}}
{{- define "gateway.name" -}}
{{- $name := contains .Chart.Name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name .Chart.Name) }}
{{- $name = .Values.nameOverride | default ($name | replace "." "-" | trunc 40 | trimAll "-") }}
{{- if regexMatch "^[0-9]" $name }}
{{- fail (printf "No Service can be called %s, for that begins with a digit: set nameOverride, or call the release otherwise." $name) }}
{{- end }}
{{- $name }}
{{- end }}

{{/* What finds the pods of one role. Takes a dict of root and component. */}}
{{- define "gateway.selector" -}}
app.kubernetes.io/name: {{ include "gateway.name" .root | quote }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{/* What every object carries, and none is found by. */}}
{{- define "gateway.release" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "gateway.labels" -}}
{{ include "gateway.selector" . }}
{{ include "gateway.release" .root }}
{{- end }}

{{/* The Deployments there are, and the one that has the sockets. */}}
{{- define "gateway.roles" -}}
{{- eq .Values.mode "all-in-one" | ternary "proxy" "proxy notify" }}
{{- end }}

{{- define "gateway.socketsRole" -}}
{{- eq .Values.mode "all-in-one" | ternary "proxy" "notify" }}
{{- end }}

{{- define "gateway.secretName" -}}
{{- .Values.secret.name | default (printf "%s-secrets" (include "gateway.name" .)) }}
{{- end }}

{{/* Of those who look for sub-services. */}}
{{- define "gateway.discoveryAccount" -}}
{{- .Values.serviceAccount.name | default (printf "%s-proxy" (include "gateway.name" .)) }}
{{- end }}

{{- define "gateway.image" -}}
{{- if .Values.image.digest }}{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else }}{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}
{{- end }}

{{/* The settings, with those that follow from other values. */}}
{{- define "gateway.settings" -}}
{{- $settings := dict }}
{{- if .Values.tls.secretName }}
{{- $_ := set $settings "Gateway__Tls__CertificateFile" "/etc/gateway/tls/tls.crt" }}
{{- $_ := set $settings "Gateway__Tls__KeyFile" "/etc/gateway/tls/tls.key" }}
{{- end }}
{{- with .Values.push }}
{{- if .enabled }}
{{- $_ := set $settings "Gateway__Push__Port" (toString .port) }}
{{- $_ := set $settings "Gateway__Push__Address" "0.0.0.0" }}
{{- $_ := set $settings "Gateway__Push__TokenFile" (printf "/etc/gateway/secrets/%s" $.Values.secret.pushTokenKey) }}
{{- if .jsonPort }}
{{- $_ := set $settings "Gateway__Push__JsonPort" (toString .jsonPort) }}
{{- end }}
{{- end }}
{{- end }}
{{- range keys $settings | sortAlpha }}
{{- if hasKey $.Values.settings . }}
{{- fail (printf "settings.%s cannot be set beside tls or push, from which it follows." .) }}
{{- end }}
{{- end }}
{{- toYaml (merge $settings .Values.settings) }}
{{- end }}

{{/* Files of routes.d. In two roles one of them leads sockets to those who have them, who are in etcd where there is one. */}}
{{- define "gateway.moreRoutes" -}}
{{- $files := deepCopy (.Values.routes.more | default dict) }}
{{- if eq .Values.mode "two-roles" }}
{{- if hasKey $files "sockets.json" }}
{{- fail "routes.more cannot have a sockets.json: with the mode two-roles the chart makes that file itself. Give yours another name." }}
{{- end }}
{{- $sockets := printf "%s-sockets" (include "gateway.name" .) }}
{{- $address := .Values.discovery.kubernetes.enabled | ternary (printf "k8s://%s:sockets" $sockets) (printf "http://%s:9001" $sockets) }}
{{- $address = .Values.settings.Gateway__Etcd__Endpoints | empty | ternary $address "etcd:///service/notify_service" }}
{{- $_ := set $files "sockets.json" (.Files.Get "files/routes.d/sockets.json" | replace "etcd:///service/notify_service" $address) }}
{{- end }}
{{- toYaml $files }}
{{- end }}

{{/* "true" where pods take anything from the Secret. */}}
{{- define "gateway.mountsSecret" -}}
{{- if or .Values.secret.managementTokenKey .Values.secret.redisPasswordKey .Values.push.enabled }}true{{ end }}
{{- end }}
