/**
 * The CustomResourceDefinition of PPOJob: the schemas as the API server holds to them, the rules between fields, what
 * `kubectl get` shows and what `kubectl scale` scales. Pure; operator/api/generate-crd.ts writes it to a file.
 */
import type { CelRule } from './cel.ts';
import { CROSS_CHECKS } from './cross-checks.ts';
import { DNS_LABEL, MAX_NAME_CHARACTERS, NAME_RULE } from './metadata.ts';
import { immutabilityRules } from './mutability.ts';
import { GROUP, KIND, PLURAL, VERSION } from './names.ts';
import { specSchema } from './ppojob.ts';
import { PRINTER_COLUMNS } from './printer-columns.ts';
import { statusSchema } from './status-schema.ts';
import { type StructuralSchema, toStructuralSchema } from './structural.ts';

export const CRD_NAME = `${PLURAL}.${GROUP}`;
const VALIDATIONS = 'x-kubernetes-validations';

function crossRules(): CelRule[] {
  return CROSS_CHECKS.map(({ fields, cel }) => ({ ...cel, fieldPath: `.${fields[0]}` }));
}

/** Only the name is visible to rules; the rest of the metadata is the server's to check. */
const nameRule: CelRule = {
  rule: `size(self.metadata.name) <= ${MAX_NAME_CHARACTERS} && self.metadata.name.matches('${DNS_LABEL.source}')`,
  message: `metadata.name ${NAME_RULE}`,
};

function buildRootSchema(): StructuralSchema {
  return {
    description: 'A PPOJob trains a language model with PPO (RLHF): one manifest, pods for every role.',
    type: 'object',
    required: ['spec'],
    properties: {
      apiVersion: { description: 'Version of the schema of this object.', type: 'string' },
      kind: { description: 'Kind of this object.', type: 'string' },
      metadata: { type: 'object' },
      spec: {
        ...toStructuralSchema(specSchema.describe('The job: what to learn from what, how, and on which pods.'), 'spec'),
        [VALIDATIONS]: crossRules(),
      },
      status: toStructuralSchema(statusSchema, 'status'),
    },
    [VALIDATIONS]: [nameRule, ...immutabilityRules(specSchema)],
  };
}

/** The object to apply, as plain data. */
export function buildCrd() {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: CRD_NAME },
    spec: {
      group: GROUP,
      scope: 'Namespaced',
      names: {
        kind: KIND,
        listKind: `${KIND}List`,
        plural: PLURAL,
        singular: KIND.toLowerCase(),
        shortNames: ['ppo'],
        categories: ['all'],
      },
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          additionalPrinterColumns: PRINTER_COLUMNS,
          subresources: {
            status: {},
            // Generation replicas are the part of a job that may grow and shrink while it runs.
            scale: {
              specReplicasPath: '.spec.roles.generation.replicas',
              statusReplicasPath: '.status.roles.generation.ready',
              labelSelectorPath: '.status.generationSelector',
            },
          },
          schema: { openAPIV3Schema: buildRootSchema() },
        },
      ],
    },
  };
}
