// The certificate that the operator's metrics are served with: read from files, and again when they change, as they do where
// a Secret is mounted that somebody renews. It refuses to know what is served.

import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import type { ServerCertificate } from '../worker/service/metrics.ts';
import type { TlsFiles } from './options.ts';

/** A kubelet brings a changed Secret into its pods within a minute or so; certificates are renewed days before their end. */
const LOOK_EVERY_MS = 30_000;

/** Throws, naming the files, when they can't be read or don't belong together. */
export async function readCertificate(files: TlsFiles): Promise<ServerCertificate> {
  try {
    const [cert, key] = await Promise.all([readFile(files.certificate, 'utf8'), readFile(files.key, 'utf8')]);
    new X509Certificate(cert);
    createSecureContext({ cert, key });
    return { cert, key };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`the certificate ${files.certificate} with the key ${files.key}: ${reason}`, { cause: error });
  }
}

export interface WatchOptions {
  readonly current: ServerCertificate;
  readonly onChange: (certificate: ServerCertificate) => void;
  /** What is served stays as it is. */
  readonly onError: (error: unknown) => void;
  readonly everyMs?: number;
}

/** Looks at the files from time to time. The function returned ends that. */
export function watchCertificate(files: TlsFiles, options: WatchOptions): () => void {
  let { current } = options;
  const look = async (): Promise<void> => {
    try {
      const found = await readCertificate(files);
      if (found.cert === current.cert && found.key === current.key) return;
      current = found;
      options.onChange(found);
    } catch (error) {
      options.onError(error); // half renewed, or wrong: what was good still is
    }
  };
  const timer = setInterval(() => void look(), options.everyMs ?? LOOK_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}
