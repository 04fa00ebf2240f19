/**
 * What a process shows to its peers and whom it believes, read from a folder whose files may be replaced at any time (a
 * Secret that was renewed), and the check of a peer's name. Knows no sockets and no gRPC.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';

/** All PEM. */
export interface TlsIdentity {
  /** Every authority that is believed, one after the other. */
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

/** File names in the folder; operator/plan mounts the Secret's keys under them. */
export const TLS_FILES = { ca: 'ca.crt', certificate: 'tls.crt', key: 'tls.key' } as const;
/** A renewed Secret reaches a pod within about a minute, days before the old certificate ends. */
const POLL_INTERVAL_MS = 10_000;

/** An identity that may change while the process runs. */
export interface IdentitySource {
  readonly current: TlsIdentity;
  /** Calls `listener` after each change, until the returned function is called. */
  onChange(listener: (identity: TlsIdentity) => void): () => void;
}

/** An identity that never changes. */
export function fixedIdentity(identity: TlsIdentity): IdentitySource {
  return { current: identity, onChange: () => () => {} };
}

/** Reads and checks the folder's files. Throws an Error that names the folder and what is wrong. */
export function readTlsIdentity(directory: string): TlsIdentity {
  try {
    const read = (name: string): string => readFileSync(join(directory, name), 'utf8');
    const identity = {
      ca: read(TLS_FILES.ca),
      certificate: read(TLS_FILES.certificate),
      key: read(TLS_FILES.key),
    };
    new X509Certificate(identity.ca);
    const isPair = new X509Certificate(identity.certificate).checkPrivateKey(createPrivateKey(identity.key));
    if (!isPair) throw new Error(`${TLS_FILES.key} is not the key of ${TLS_FILES.certificate}`);
    return identity;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`TLS files in ${directory} are of no use: ${reason}`, { cause: error });
  }
}

export interface FolderOptions {
  readonly directory: string;
  /** Told when the files have become useless; the identity before stays in force. */
  readonly onError: (error: Error) => void;
  readonly pollIntervalMs?: number;
}

/** Follows a folder's files by looking again: the way in which a kubelet replaces them defeats watching. */
export class TlsFolder implements IdentitySource {
  readonly #options: FolderOptions;
  readonly #listeners = new Set<(identity: TlsIdentity) => void>();
  readonly #timer: NodeJS.Timeout;
  #current: TlsIdentity;

  /** Throws where the files are of no use at the start. */
  constructor(options: FolderOptions) {
    this.#options = options;
    this.#current = readTlsIdentity(options.directory);
    this.#timer = setInterval(() => this.#look(), options.pollIntervalMs ?? POLL_INTERVAL_MS).unref();
  }

  get current(): TlsIdentity {
    return this.#current;
  }

  onChange(listener: (identity: TlsIdentity) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#listeners.clear();
  }

  #look(): void {
    try {
      const next = readTlsIdentity(this.#options.directory);
      if (isSame(next, this.#current)) return;
      this.#current = next;
      for (const listener of this.#listeners) listener(next);
    } catch (error) {
      // Possibly between two files of a replacement; the next look finds them whole.
      this.#options.onError(error as Error);
    }
  }
}

function isSame(a: TlsIdentity, b: TlsIdentity): boolean {
  return a.ca === b.ca && a.certificate === b.certificate && a.key === b.key;
}

/** Stands for a peer that is dialled by address: pods' addresses are in no certificate, since they come later. */
export const PEER_NAME = 'peer';

/**
 * A check, for TLS clients, that a certificate which an authority vouches for belongs to this process's own job; where a
 * service is dialled by name, also that it may bear that name.
 */
export function peerCheck(source: IdentitySource): (host: string, certificate: PeerCertificate) => Error | undefined {
  return (host, certificate) => {
    const own = jobOf(new X509Certificate(source.current.certificate).subjectAltName);
    const theirs = jobOf(certificate.subjectaltname);
    if (own === null || own !== theirs) {
      return new Error(`the peer at ${host} is of ${theirs ?? 'no job'}, not of ${own ?? 'no job'}`);
    }
    return host === PEER_NAME || isIP(host) !== 0 ? undefined : checkServerIdentity(host, certificate);
  };
}

/** The job in a certificate's URI, which is spiffe://…/<job>/<holder>; null where there is none. */
function jobOf(subjectAltName: string | undefined): string | null {
  const uri = subjectAltName
    ?.split(', ')
    .find((name) => name.startsWith('URI:spiffe://'))
    ?.slice('URI:'.length);
  return uri === undefined ? null : uri.slice(0, uri.lastIndexOf('/'));
}
