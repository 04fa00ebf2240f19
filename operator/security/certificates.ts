/**
 * Writes X.509 certificates: an authority that signs, and what it signs, both on EC P-256. Knows no job, no Secret and no
 * clock. Form: RFC 5280; key identifiers are the hash of its section 4.2.1.2 (1).
 */
import {
  createHash,
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  randomFillSync,
  sign,
  X509Certificate,
} from 'node:crypto';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import * as asn1 from '@peculiar/asn1-x509';

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

const COMMON_NAME = '2.5.4.3';
const ECDSA_WITH_SHA256 = new asn1.AlgorithmIdentifier({ algorithm: '1.2.840.10045.4.3.2' });
const SERIAL_BYTES = 16;
const PEM_LINE = /.{1,64}/g;

const AUTHORITY_EXTENSIONS: readonly asn1.Extension[] = [
  extension(asn1.id_ce_basicConstraints, new asn1.BasicConstraints({ cA: true, pathLenConstraint: 0 }), true),
  extension(asn1.id_ce_keyUsage, new asn1.KeyUsage(asn1.KeyUsageFlags.keyCertSign | asn1.KeyUsageFlags.cRLSign), true),
];

/** Of every certificate that isn't an authority's. */
const END_EXTENSIONS: readonly asn1.Extension[] = [
  extension(asn1.id_ce_basicConstraints, new asn1.BasicConstraints(), true),
  extension(asn1.id_ce_keyUsage, new asn1.KeyUsage(asn1.KeyUsageFlags.digitalSignature), true),
  extension(asn1.id_ce_extKeyUsage, new asn1.ExtendedKeyUsage([asn1.id_kp_serverAuth, asn1.id_kp_clientAuth])),
];

/** A new authority, signed by itself, that may sign end certificates and no further authority. */
export function issueAuthority(o: Validity & { readonly commonName: string }): KeyedCertificate {
  const { spki, key } = generateKeys();
  const name = nameOf(o.commonName);
  const extensions = [...AUTHORITY_EXTENSIONS, subjectKeyIdentifier(spki)];
  return { certificate: signed({ ...o, subject: name, issuer: name, spki, extensions }, createPrivateKey(key)), key };
}

/** An authority that is about to sign: what is the same for all that it signs is made ready once. */
export class Signer {
  readonly #issuer: asn1.Name;
  readonly #key: KeyObject;
  readonly #identifier: asn1.Extension;

  constructor(authority: KeyedCertificate) {
    const { raw } = new X509Certificate(authority.certificate);
    const { subject, subjectPublicKeyInfo } = AsnConvert.parse(raw, asn1.Certificate).tbsCertificate;
    const keyIdentifier = new asn1.KeyIdentifier(identifierOf(subjectPublicKeyInfo));
    this.#issuer = subject;
    this.#key = createPrivateKey(authority.key);
    this.#identifier = extension(asn1.id_ce_authorityKeyIdentifier, new asn1.AuthorityKeyIdentifier({ keyIdentifier }));
  }

  /** A certificate for a process that serves and calls, with a new key. */
  issue(subject: CertificateSubject): KeyedCertificate {
    const { spki, key } = generateKeys();
    const names = new asn1.SubjectAlternativeName([
      ...subject.dnsNames.map((dNSName) => new asn1.GeneralName({ dNSName })),
      new asn1.GeneralName({ uniformResourceIdentifier: subject.uri }),
    ]);
    const extensions = [
      ...END_EXTENSIONS,
      extension(asn1.id_ce_subjectAltName, names),
      subjectKeyIdentifier(spki),
      this.#identifier,
    ];
    const content = { ...subject, subject: nameOf(subject.commonName), issuer: this.#issuer, spki, extensions };
    return { certificate: signed(content, this.#key), key };
  }
}

interface Content extends Validity {
  readonly subject: asn1.Name;
  readonly issuer: asn1.Name;
  readonly spki: asn1.SubjectPublicKeyInfo;
  readonly extensions: asn1.Extension[];
}

function signed({ subject, issuer, spki, extensions, notBefore, notAfter }: Content, key: KeyObject): string {
  const tbsCertificate = new asn1.TBSCertificate({
    version: asn1.Version.v3,
    serialNumber: serialNumber(),
    signature: ECDSA_WITH_SHA256,
    issuer,
    validity: new asn1.Validity({ notBefore, notAfter }),
    subject,
    subjectPublicKeyInfo: spki,
    extensions: new asn1.Extensions(extensions),
  });
  const signature = sign('sha256', new Uint8Array(AsnConvert.serialize(tbsCertificate)), key);
  const certificate = new asn1.Certificate({
    tbsCertificate,
    signatureAlgorithm: ECDSA_WITH_SHA256,
    signatureValue: new Uint8Array(signature).buffer,
  });
  const base64 = Buffer.from(AsnConvert.serialize(certificate)).toString('base64');
  return ['-----BEGIN CERTIFICATE-----', ...(base64.match(PEM_LINE) ?? []), '-----END CERTIFICATE-----'].join('\n');
}

function extension(extnID: string, value: unknown, critical = false): asn1.Extension {
  return new asn1.Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) });
}

function subjectKeyIdentifier(spki: asn1.SubjectPublicKeyInfo): asn1.Extension {
  return extension(asn1.id_ce_subjectKeyIdentifier, new asn1.SubjectKeyIdentifier(identifierOf(spki)));
}

function identifierOf({ subjectPublicKey }: asn1.SubjectPublicKeyInfo): Uint8Array {
  return createHash('sha1').update(new Uint8Array(subjectPublicKey)).digest();
}

function nameOf(commonName: string): asn1.Name {
  const value = new asn1.AttributeValue({ utf8String: commonName });
  const attribute = new asn1.AttributeTypeAndValue({ type: COMMON_NAME, value });
  return new asn1.Name([new asn1.RelativeDistinguishedName([attribute])]);
}

/** Random, positive, and never short for a leading zero. */
function serialNumber(): ArrayBuffer {
  const bytes = randomFillSync(new Uint8Array(SERIAL_BYTES));
  bytes[0] = (bytes[0]! & 0x3f) | 0x40;
  return bytes.buffer;
}

function generateKeys(): { readonly spki: asn1.SubjectPublicKeyInfo; readonly key: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return { spki: AsnConvert.parse(publicKey, asn1.SubjectPublicKeyInfo), key: privateKey };
}
