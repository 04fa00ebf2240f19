{{/*
What the operator may do in the namespaces whose jobs it runs: each verb that it uses, and no other. A test runs it under
exactly these rules and compares them with the requests that it makes.
*/}}
{{- define "ppo-operator.jobRules" -}}
# Jobs, and the end of those that have outlived their ttlSecondsAfterFinished.
- apiGroups: [rlhf.dev]
  resources: [ppojobs]
  verbs: [get, list, watch, delete]
- apiGroups: [rlhf.dev]
  resources: [ppojobs/status]
  verbs: [update]
# To make children that hold up the deletion of their job, where the API server asks for that right.
- apiGroups: [rlhf.dev]
  resources: [ppojobs/finalizers]
  verbs: [update]
# Written only to let those go that Kueue holds, and to tell it that a group is over.
- apiGroups: [""]
  resources: [pods]
  verbs: [get, list, watch, create, update, delete]
# Before a child is made: whether its name is somebody else's.
- apiGroups: [""]
  resources: [services]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [""]
  resources: [configmaps]
  verbs: [get, list, watch, create, patch]
# The certificates of each job; and one look at a Secret of somebody else's that has such a name.
- apiGroups: [""]
  resources: [secrets]
  verbs: [get, list, watch, create, update]
- apiGroups: [networking.k8s.io]
  resources: [networkpolicies]
  verbs: [get, list, watch, create, patch, delete]
# All pods of a job or none: Kubernetes' own groups, Volcano's, and those of scheduler-plugins.
- apiGroups: [scheduling.k8s.io, scheduling.volcano.sh, scheduling.x-k8s.io]
  resources: [podgroups]
  verbs: [get, list, watch, create, patch, delete]
# Why Kueue has not admitted a job's pods.
- apiGroups: [kueue.x-k8s.io]
  resources: [workloads]
  verbs: [get]
# Devices by claim.
- apiGroups: [resource.k8s.io]
  resources: [resourceclaimtemplates]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [""]
  resources: [events]
  verbs: [get, create, update{{ if .Values.page.enabled }}, list{{ end }}]
{{- end }}
