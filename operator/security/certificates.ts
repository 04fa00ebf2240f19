/**
 * Writes X.509 certificates: an authority that signs, and what it signs, both on EC P-256. Knows no job, no Secret and no
 * clock.
 */
import { randomBytes, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

/** A certificate and its private key (PKCS #8), both PEM. */
export interface KeyedCertificate {
  readonly certificate: string;
  readonly key: string;
}

export interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

export interface CertificateSubject extends Validity {
  readonly commonName: string;
  /** By which clients that dial a name know the server. */
  readonly dnsNames: readonly string[];
  /** Who the holder is, whatever its address. */
  readonly uri: string;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const SERIAL_BYTES = 16;

// The library works with any implementation of the Web Cryptography API; Node's is the one here.
x509.cryptoProvider.set(webcrypto as Crypto);

/** A new authority, signed by itself, that may sign end certificates and no further authority. */
export async function issueAuthority(o: Validity & { readonly commonName: string }): Promise<KeyedCertificate> {
  const keys = await generateKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: nameOf(o.commonName),
    notBefore: o.notBefore,
    notAfter: o.notAfter,
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: certificate.toString('pem'), key: await exportKey(keys.privateKey) };
}

/** An authority that is about to sign: what is the same for all that it signs is made ready once. */
export class Signer {
  readonly #issuer: x509.X509Certificate;
  readonly #key: CryptoKey;
  readonly #identifier: x509.Extension;

  private constructor(issuer: x509.X509Certificate, key: CryptoKey, identifier: x509.Extension) {
    this.#issuer = issuer;
    this.#key = key;
    this.#identifier = identifier;
  }

  static async of(authority: KeyedCertificate): Promise<Signer> {
    const issuer = new x509.X509Certificate(authority.certificate);
    const identifier = x509.AuthorityKeyIdentifierExtension.create(issuer);
    return new Signer(issuer, await importKey(authority.key), await identifier);
  }

  /** A certificate for a process that serves and calls, with a new key. */
  async issue(subject: CertificateSubject): Promise<KeyedCertificate> {
    const keys = await generateKeys();
    const names: x509.JsonGeneralNames = [
      ...subject.dnsNames.map((value) => ({ type: 'dns' as const, value })),
      { type: 'url', value: subject.uri },
    ];
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: serialNumber(),
      subject: nameOf(subject.commonName),
      issuer: this.#issuer.subjectName,
      notBefore: subject.notBefore,
      notAfter: subject.notAfter,
      publicKey: keys.publicKey,
      signingKey: this.#key,
      signingAlgorithm: ALGORITHM,
      extensions: [
        ...END_EXTENSIONS,
        new x509.SubjectAlternativeNameExtension(names),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
        this.#identifier,
      ],
    });
    return { certificate: certificate.toString('pem'), key: await exportKey(keys.privateKey) };
  }
}

/** A certificate for a process that serves and calls, with a new key. */
export async function issueCertificate(
  authority: KeyedCertificate,
  subject: CertificateSubject,
): Promise<KeyedCertificate> {
  return (await Signer.of(authority)).issue(subject);
}

/** Of every certificate that isn't an authority's. */
const END_EXTENSIONS: readonly x509.Extension[] = [
  new x509.BasicConstraintsExtension(false, undefined, true),
  new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
  new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
];

function nameOf(commonName: string): x509.JsonName {
  return [{ CN: [commonName] }];
}

/** Random, positive, and never short for a leading zero. */
function serialNumber(): string {
  const bytes = randomBytes(SERIAL_BYTES);
  bytes[0] = (bytes[0]! & 0x3f) | 0x40;
  return bytes.toString('hex');
}

async function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return (await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
}

async function exportKey(key: CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
}

function importKey(pem: string): Promise<CryptoKey> {
  const bytes = x509.PemConverter.decodeFirst(pem);
  return webcrypto.subtle.importKey('pkcs8', bytes, ALGORITHM, false, ['sign']);
}
