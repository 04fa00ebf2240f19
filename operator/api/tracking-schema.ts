/**
 * The part of a PPOJob's spec that says who else hears of its figures and of where its time goes: TensorBoard, Weights &
 * Biases, a collector of OpenTelemetry's traces. All are off unless named. Knows no file format and no protocol.
 */
import { z } from 'zod';
import { countCharacters, decimal, integer, path, text } from './fields.ts';

const MAX_NAME_CHARACTERS = 128;
const MAX_TAGS = 32;
const MAX_TAG_CHARACTERS = 64;
const MAX_ENDPOINT_CHARACTERS = 1024;
const MAX_OBJECT_NAME_CHARACTERS = 253;
const MAX_SAMPLES = 64;

/** What the service itself refuses in names of projects and entities. */
const SERVICE_NAME = /^[^/\\#?%:]+$/;
/** Without user, query and fragment: credentials belong in a Secret. */
const ENDPOINT = /^https?:\/\/[A-Za-z0-9.:[\]_-]+(\/[A-Za-z0-9._~%+-]*)*$/;
const SIGNAL_PATH = '/v1/traces';
const SECRET_NAME = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;
const SECRET_KEY = /^[-._a-zA-Z0-9]+$/;

function serviceName() {
  return z
    .string()
    .min(1)
    .regex(SERVICE_NAME, { error: 'must not contain any of / \\ # ? % :' })
    .refine((value) => countCharacters(value) <= MAX_NAME_CHARACTERS, {
      error: `must have at most ${MAX_NAME_CHARACTERS} characters`,
    })
    .meta({ maxLength: MAX_NAME_CHARACTERS });
}

const tensorboardSchema = z
  .object({
    path: path().optional().describe('Folder of the event files. Default: tensorboard/ in output.path.'),
    sampleResponses: integer(0, MAX_SAMPLES)
      .default(4)
      .describe('Responses of each iteration that are written as text, with their prompts and scores.'),
  })
  .describe("TensorBoard's event files, with every metric of metrics.jsonl.");

const wandbSchema = z
  .object({
    mode: z
      .enum(['Offline'], { error: 'must be Offline: files that `wandb sync` uploads later' })
      .default('Offline')
      .describe('Offline: the run is written to files, which `wandb sync` uploads from wherever there is a key.'),
    path: path()
      .optional()
      .describe('Folder in which the run gets its own, offline-run-<time>-<id>. Default: wandb/ in output.path.'),
    project: serviceName().describe('Project that the run belongs to.'),
    entity: serviceName().optional().describe("Team or user. Default: the uploader's default."),
    name: text(MAX_NAME_CHARACTERS).optional().describe("Name of the run. Default: the job's."),
    group: text(MAX_NAME_CHARACTERS).optional().describe('Group of runs that belong together.'),
    tags: z
      .array(text(MAX_TAG_CHARACTERS))
      .max(MAX_TAGS)
      .optional()
      .describe('Labels to find the run by.')
      .meta({ 'x-kubernetes-list-type': 'atomic' }),
  })
  .describe('The offline format of Weights & Biases, with every metric of metrics.jsonl.');

const endpointRule = 'must be http:// or https:// with host, port and path, without user, query or fragment';
const signalRule = `must not end in ${SIGNAL_PATH}, which is added`;

const tracingSchema = z
  .object({
    endpoint: z
      .string()
      .max(MAX_ENDPOINT_CHARACTERS)
      .regex(ENDPOINT, { error: endpointRule, abort: true })
      .refine((value) => !value.endsWith(SIGNAL_PATH), { error: signalRule })
      .meta({ 'x-kubernetes-validations': [{ rule: `!self.endsWith('${SIGNAL_PATH}')`, message: signalRule }] })
      .describe(
        `Base address of an OTLP/HTTP receiver, such as http://otel-collector.monitoring.svc:4318; ${SIGNAL_PATH} is added. ` +
          'Every pod sends to it, as protobuf.',
      ),
    headersSecret: z
      .object({
        name: z
          .string()
          .max(MAX_OBJECT_NAME_CHARACTERS)
          .regex(SECRET_NAME, { error: 'must be a name: lower-case letters, digits, "-" and "."' })
          .describe("Secret in the job's namespace."),
        key: z
          .string()
          .max(MAX_OBJECT_NAME_CHARACTERS)
          .regex(SECRET_KEY, { error: 'must be letters, digits, "-", "_" and "."' })
          .describe('Key whose value is "name=value,name=value", as OTEL_EXPORTER_OTLP_HEADERS has it.'),
      })
      .optional()
      .describe(
        'Headers that the receiver wants, such as an API key. On one machine OTEL_EXPORTER_OTLP_HEADERS has them.',
      ),
    sampleRatio: decimal({ min: 0, max: 1 }).default('1').describe('Share of the iterations that are traced.'),
  })
  .describe("OpenTelemetry's traces: a span for each iteration, its phases and its calls to pods.");

export const trackingSchema = z
  .object({
    tensorboard: tensorboardSchema.optional(),
    wandb: wandbSchema.optional(),
    tracing: tracingSchema.optional(),
  })
  .prefault({})
  .describe(
    'Where else metrics and traces go. A tracker that fails costs the job no more than the data of that tracker.',
  );
