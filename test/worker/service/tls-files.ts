/** Certificates of made-up jobs for tests of mutual TLS, and folders of them that change as a kubelet changes them. */
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { issueAuthority, type KeyedCertificate, Signer } from '../../../operator/security/certificates.ts';
import { TLS_FILES, type TlsIdentity } from '../../../worker/service/tls-identity.ts';

const HOUR_MS = 3_600_000;

export interface HolderOptions {
  readonly job?: string;
  readonly dnsNames?: readonly string[];
  /** Counted from now; negative is past. */
  readonly endsInMs?: number;
}

export function makeAuthority(): KeyedCertificate {
  return issueAuthority({ commonName: 'test', notBefore: hoursFromNow(-48), notAfter: hoursFromNow(48) });
}

/** Who holds a certificate of `authority` and believes `believed`, by default the same one. */
export function makeIdentity(
  authority: KeyedCertificate,
  options: HolderOptions = {},
  believed: readonly KeyedCertificate[] = [authority],
): TlsIdentity {
  const { job = 'job', dnsNames = [], endsInMs = HOUR_MS } = options;
  const { certificate, key } = new Signer(authority).issue({
    commonName: 'holder',
    dnsNames,
    uri: `spiffe://test/ns/default/ppojob/${job}/worker`,
    notBefore: hoursFromNow(-47),
    notAfter: new Date(Date.now() + endsInMs),
  });
  return { ca: believed.map((one) => one.certificate).join('\n'), certificate, key };
}

function hoursFromNow(hours: number): Date {
  return new Date(Date.now() + hours * HOUR_MS);
}

/** A mounted Secret: files behind a symbolic link that is swapped in one step. */
export class SecretFolder {
  readonly directory = mkdtempSync(join(tmpdir(), 'tls-folder-'));
  #version = 0;

  constructor(identity: TlsIdentity) {
    for (const name of Object.values(TLS_FILES)) symlinkSync(join('..data', name), join(this.directory, name));
    this.write(identity);
  }

  write(identity: TlsIdentity): void {
    const version = `..${++this.#version}`;
    mkdirSync(join(this.directory, version));
    for (const part of ['ca', 'certificate', 'key'] as const) {
      writeFileSync(join(this.directory, version, TLS_FILES[part]), identity[part], { mode: 0o600 });
    }
    symlinkSync(version, join(this.directory, '..next'));
    renameSync(join(this.directory, '..next'), join(this.directory, '..data'));
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
