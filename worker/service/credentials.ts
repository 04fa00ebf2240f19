/**
 * The one place that decides how this process's connections are secured: its gRPC clients, its gRPC server and its plain
 * sockets all ask here. Without an identity everything is in the clear, as it is on one machine's loopback; with one,
 * both ends of every connection show certificates. Renewed certificates take effect at the next connection. Knows no
 * service and no message.
 */
import { isIP } from 'node:net';
import { createSecureContext, type PeerCertificate, type SecureContext } from 'node:tls';
import * as grpc from '@grpc/grpc-js';
import type { WorkerSettings } from '../config.ts';
import { createLogger } from './log.ts';
import { type IdentitySource, PEER_NAME, peerCheck, TlsFolder, type TlsIdentity } from './tls-identity.ts';

/** What plain TLS sockets need. */
export interface SocketSecurity {
  /** Of the newest identity. */
  secureContext(): SecureContext;
  readonly identity: IdentitySource;
  readonly checkServerIdentity: (host: string, certificate: PeerCertificate) => Error | undefined;
}

export interface Credentials {
  readonly channel: grpc.ChannelCredentials;
  readonly server: grpc.ServerCredentials;
  /** Null: in the clear. */
  readonly sockets: SocketSecurity | null;
}

const IN_THE_CLEAR: Credentials = {
  channel: grpc.credentials.createInsecure(),
  server: grpc.ServerCredentials.createInsecure(),
  sockets: null,
};

let ownCredentials: Credentials = IN_THE_CLEAR;

/** The process's own credentials: it has one identity, as it has one environment. */
export function processCredentials(): Credentials {
  return ownCredentials;
}

/** Takes on the identity that the settings name, for the life of the process. Throws where its files are of no use. */
export function adoptIdentity(settings: WorkerSettings): void {
  if (settings.tlsDir === null) return;
  const log = createLogger(settings, 'tls');
  const folder = new TlsFolder({
    directory: settings.tlsDir,
    onError: (error) => log.warn({ err: error }, 'keeping the certificates from before'),
  });
  folder.onChange(() => log.info('certificates renewed'));
  ownCredentials = mutualCredentials(folder);
}

/** Credentials for whoever is `source`; null is nobody, and in the clear. */
export function mutualCredentials(source: IdentitySource | null): Credentials {
  if (source === null) return IN_THE_CLEAR;
  const provider = new IdentityProvider(source);
  const checkServerIdentity = peerCheck(source);
  const { createCertificateProviderChannelCredentials, createCertificateProviderServerCredentials } = grpc.experimental;
  return {
    channel: createCertificateProviderChannelCredentials(provider, provider, { checkServerIdentity }),
    server: createCertificateProviderServerCredentials(provider, provider, true),
    sockets: { secureContext: secureContexts(source), identity: source, checkServerIdentity },
  };
}

/** Channel options that `address` (host:port) needs under TLS: an IP address can't be the name that a client asks for. */
export function addressOptions(address: string, credentials: Credentials): grpc.ChannelOptions {
  const host = address.slice(0, address.lastIndexOf(':')).replace(/^\[|\]$/g, '');
  return credentials.sockets !== null && isIP(host) !== 0 ? { 'grpc.ssl_target_name_override': PEER_NAME } : {};
}

/** Contexts are costly to build, and the same until the identity changes. */
function secureContexts(source: IdentitySource): () => SecureContext {
  let made: { readonly identity: TlsIdentity; readonly context: SecureContext } | null = null;
  return () => {
    const identity = source.current;
    if (made?.identity !== identity) {
      const { ca, certificate, key } = identity;
      made = { identity, context: createSecureContext({ ca, cert: certificate, key, minVersion: 'TLSv1.3' }) };
    }
    return made.context;
  };
}

type CaListener = grpc.experimental.CaCertificateUpdateListener;
type IdentityListener = grpc.experimental.IdentityCertificateUpdateListener;

/** An identity as grpc-js asks for it: told to each listener soon after it was added, and again at each change. */
class IdentityProvider implements grpc.experimental.CertificateProvider {
  readonly #source: IdentitySource;
  readonly #caListeners = new Set<CaListener>();
  readonly #identityListeners = new Set<IdentityListener>();

  constructor(source: IdentitySource) {
    this.#source = source;
    source.onChange(() => this.#tellAll());
  }

  addCaCertificateListener(listener: CaListener): void {
    this.#caListeners.add(listener);
    process.nextTick(() => this.#tell(listener, null));
  }

  removeCaCertificateListener(listener: CaListener): void {
    this.#caListeners.delete(listener);
  }

  addIdentityCertificateListener(listener: IdentityListener): void {
    this.#identityListeners.add(listener);
    process.nextTick(() => this.#tell(null, listener));
  }

  removeIdentityCertificateListener(listener: IdentityListener): void {
    this.#identityListeners.delete(listener);
  }

  #tellAll(): void {
    for (const listener of this.#caListeners) this.#tell(listener, null);
    for (const listener of this.#identityListeners) this.#tell(null, listener);
  }

  #tell(onCa: CaListener | null, onIdentity: IdentityListener | null): void {
    const { ca, certificate, key } = this.#source.current;
    onCa?.({ caCertificate: Buffer.from(ca) });
    onIdentity?.({ certificate: Buffer.from(certificate), privateKey: Buffer.from(key) });
  }
}
