/**
 * A gRPC server with the standard health service and a graceful end. Knows nothing of the services it carries.
 */
import * as grpc from '@grpc/grpc-js';
import type { HealthHandlers } from '../api/generated/grpc/health/v1/Health.ts';
import type { HealthCheckResponseInput } from '../api/generated/grpc/health/v1/HealthCheckResponse.ts';
import { type Credentials, processCredentials } from './credentials.ts';
import { formatAddress } from './host-port.ts';
import { Health, MAX_MESSAGE_BYTES } from './protos.ts';
import { streamHandler, unaryHandler } from './rpc.ts';

export type ServiceEntry = readonly [
  definition: { readonly service: grpc.ServiceDefinition },
  handlers: grpc.UntypedServiceImplementation,
];

export interface RunningServer {
  readonly port: number;
  setServing(isServing: boolean): void;
  /** Refuses new calls, lets running ones finish for `graceMs`, then cuts them off. */
  close(graceMs: number): Promise<void>;
}

/** The state that grpc.health.v1 answers with; watchers hear each change. */
class HealthState {
  #isServing = true;
  #changed = Promise.withResolvers<void>();

  set(isServing: boolean): void {
    this.#isServing = isServing;
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }

  response(): HealthCheckResponseInput {
    return { status: this.#isServing ? 'SERVING' : 'NOT_SERVING' };
  }

  handlers(): HealthHandlers {
    return {
      Check: unaryHandler(async () => this.response()),
      Watch: streamHandler((_request, signal) => this.#watch(signal)),
    };
  }

  async *#watch(signal: AbortSignal): AsyncGenerator<HealthCheckResponseInput> {
    const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    while (!signal.aborted) {
      const changed = this.#changed.promise;
      yield this.response();
      await Promise.race([changed, aborted]);
    }
  }
}

function bind(server: grpc.Server, address: string, credentials: grpc.ServerCredentials): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (error, port) => (error ? reject(error) : resolve(port)));
  });
}

function shutDown(server: grpc.Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      server.forceShutdown();
      resolve();
    }, graceMs);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** Starts a server on host:port (0 picks a free port) with `services` and grpc.health.v1. */
export async function startGrpcServer(options: {
  readonly host: string;
  readonly port: number;
  readonly services: readonly ServiceEntry[];
  /** Default: the process's own. */
  readonly credentials?: Credentials;
}): Promise<RunningServer> {
  const server = new grpc.Server({
    'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
    'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
  });
  for (const [definition, handlers] of options.services) server.addService(definition.service, handlers);
  const health = new HealthState();
  server.addService(Health.service, health.handlers());
  const { server: credentials } = options.credentials ?? processCredentials();
  const port = await bind(server, formatAddress(options), credentials);
  return {
    port,
    setServing: (isServing) => health.set(isServing),
    close: async (graceMs) => {
      health.set(false);
      await shutDown(server, graceMs);
    },
  };
}
