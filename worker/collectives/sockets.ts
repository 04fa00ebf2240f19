/**
 * The connections beneath a transport: plain TCP, or TLS with certificates on both sides. Everything above takes either
 * for a socket. Knows no hello and no frame.
 */
import { connect, createServer, type Server, type Socket, type TcpNetConnectOpts } from 'node:net';
import { type ConnectionOptions, connect as connectTls, createServer as createTlsServer } from 'node:tls';
import type { SocketSecurity } from '../service/credentials.ts';

/** Time for a stranger to show a certificate. */
const HANDSHAKE_TIMEOUT_MS = 5000;
/** Connections that have shown no certificate yet. */
const MAX_HANDSHAKES = 256;

export interface ServerOptions {
  readonly onConnection: (socket: Socket) => void;
  /** A connection that was not let in, and is closed. */
  readonly onRefused: (reason: string) => void;
}

export interface Sockets {
  /** What is written before the connection stands is sent when it does. */
  dial(options: TcpNetConnectOpts): Socket;
  createServer(options: ServerOptions): Server;
}

export const PLAIN_SOCKETS: Sockets = {
  dial: (options) => connect(options),
  createServer: ({ onConnection }) => createServer(onConnection),
};

/** In the clear where `security` is null. */
export function socketsOf(security: SocketSecurity | null): Sockets {
  if (security === null) return PLAIN_SOCKETS;
  return {
    dial(options) {
      const { checkServerIdentity } = security;
      const secured = { ...options, secureContext: security.secureContext(), checkServerIdentity };
      return connectTls(secured as ConnectionOptions);
    },
    createServer: (options) => createSecureServer(security, options),
  };
}

function createSecureServer(security: SocketSecurity, { onConnection, onRefused }: ServerOptions): Server {
  const contextOptions = () => {
    const { ca, certificate, key } = security.identity.current;
    return { ca, cert: certificate, key, minVersion: 'TLSv1.3' as const };
  };
  const authorization = { requestCert: true, rejectUnauthorized: true, handshakeTimeout: HANDSHAKE_TIMEOUT_MS };
  const server = createTlsServer({ ...contextOptions(), ...authorization });
  const stopFollowing = security.identity.onChange(() => server.setSecureContext(contextOptions()));
  server.on('close', stopFollowing);
  // Each handshake ends in exactly one of the two events below.
  let numHandshakes = 0;
  server.prependListener('connection', (socket: Socket) => {
    if (++numHandshakes > MAX_HANDSHAKES) socket.destroy();
  });
  server.on('tlsClientError', (error, socket) => {
    numHandshakes--;
    socket.destroy();
    onRefused(`no certificate of this job: ${error.message}`);
  });
  server.on('secureConnection', (socket) => {
    numHandshakes--;
    onConnection(socket);
  });
  return server;
}
