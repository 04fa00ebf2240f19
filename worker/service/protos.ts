/**
 * The service definitions of worker/api/proto, loaded once, with their generated types; and clients for them.
 * Knows nothing of what the services do.
 */
import { fileURLToPath } from 'node:url';
import * as grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { ProtoGrpcType as CommunicatorTypes } from '../api/generated/communicator.ts';
import type { ProtoGrpcType as CoordinatorTypes } from '../api/generated/coordinator.ts';
import type { ProtoGrpcType as GenerationTypes } from '../api/generated/generation.ts';
import type { ProtoGrpcType as GroupTypes } from '../api/generated/group.ts';
import type { ProtoGrpcType as HealthTypes } from '../api/generated/health.ts';
import type { ProtoGrpcType as ScorerTypes } from '../api/generated/scorer.ts';
import type { ProtoGrpcType as TrainerTypes } from '../api/generated/trainer.ts';
import { addressOptions, type Credentials, processCredentials } from './credentials.ts';

type PpoTypes = CommunicatorTypes['ppo']['v1'] &
  CoordinatorTypes['ppo']['v1'] &
  GenerationTypes['ppo']['v1'] &
  GroupTypes['ppo']['v1'] &
  ScorerTypes['ppo']['v1'] &
  TrainerTypes['ppo']['v1'];

interface AllTypes {
  readonly ppo: { readonly v1: PpoTypes };
  readonly grpc: HealthTypes['grpc'];
}

/** Largest message either way: a rollout's experiences fit, a model's weights do not (they never travel by gRPC). */
export const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

const PROTO_FILES = ['communicator', 'coordinator', 'generation', 'group', 'health', 'scorer', 'trainer'];

function load(): AllTypes {
  const packageDefinition = loadSync(
    PROTO_FILES.map((name) => `${name}.proto`),
    {
      includeDirs: [fileURLToPath(new URL('../api/proto', import.meta.url))],
      longs: Number,
      enums: String,
      defaults: true,
      oneofs: true,
    },
  );
  // The generated types describe exactly what these loader options produce; the loader itself returns an untyped tree.
  return grpc.loadPackageDefinition(packageDefinition) as unknown as AllTypes;
}

const types = load();

/** Service constructors by name; `definitions.X.service` is what a server registers. */
export const definitions: Pick<
  PpoTypes,
  'Communicator' | 'Coordinator' | 'Generation' | 'GroupMember' | 'Scorer' | 'Trainer'
> = types.ppo.v1;
export const Health: HealthTypes['grpc']['health']['v1']['Health'] = types.grpc.health.v1.Health;

export type ServiceName = keyof typeof definitions;
export type Client<Name extends ServiceName> = InstanceType<(typeof definitions)[Name]>;

const CHANNEL_OPTIONS: grpc.ChannelOptions = {
  'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
  // A replaced pod comes back on the same address: don't back off for a minute before trying it again.
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1000,
  'grpc.enable_http_proxy': 0,
};

/**
 * A client of `service` at host:port, as this process or with credentials of its own. The connection opens with the first
 * call; close it with `client.close()`. An answer of more than `maxAnswerBytes` is an error.
 */
export function connect<Name extends ServiceName>(
  service: Name,
  address: string,
  credentials: Credentials = processCredentials(),
  maxAnswerBytes = MAX_MESSAGE_BYTES,
): Client<Name> {
  const Constructor = definitions[service] as unknown as new (
    address: string,
    credentials: grpc.ChannelCredentials,
    options: grpc.ChannelOptions,
  ) => Client<Name>;
  const options = {
    ...CHANNEL_OPTIONS,
    ...addressOptions(address, credentials),
    'grpc.max_receive_message_length': maxAnswerBytes,
  };
  return new Constructor(address, credentials.channel, options);
}
