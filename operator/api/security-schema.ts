/**
 * The part of a PPOJob's spec that says who may talk to its pods, and how. Knows no certificates and no objects.
 */
import { z } from 'zod';
import { rawObject } from './fields.ts';

/**
 * - `Auto`: on in a cluster, whose network others share; off on one machine, where everything stays on loopback.
 * - `Enabled`, `Disabled`: whatever it runs on.
 */
export const SECURITY_MODES = ['Auto', 'Enabled', 'Disabled'] as const;
export type SecurityMode = (typeof SECURITY_MODES)[number];

const MAX_PEERS = 16;

function mode(description: string) {
  return z
    .enum(SECURITY_MODES)
    .default('Auto')
    .describe(`Auto: Enabled in a cluster, Disabled on one machine. ${description}`);
}

function peers(description: string) {
  return z
    .array(rawObject('A NetworkPolicyPeer: {namespaceSelector, podSelector} or {ipBlock}.'))
    .max(MAX_PEERS)
    .optional()
    .describe(description)
    .meta({ 'x-kubernetes-list-type': 'atomic' });
}

export const securitySchema = z
  .object({
    tls: z
      .object({
        mode: mode('Enabled: every connection between the pods is mutual TLS, with certificates of the job alone.'),
      })
      .prefault({})
      .describe('How connections between the pods are secured.'),
    networkPolicy: z
      .object({
        mode: mode(
          'Enabled: by a NetworkPolicy, only the pods themselves, the operator and those named below reach the pods.',
        ),
        metricsFrom: peers("Who may read metrics, such as Prometheus. Default: what the operator's options say."),
        openaiFrom: peers('Who may use the OpenAI-compatible port of generation pods. Default: nobody else.'),
      })
      .prefault({})
      .describe('Who may reach the pods.'),
  })
  .prefault({})
  .describe('Who may talk to the pods, and how.');
