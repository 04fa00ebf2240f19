/** Certificates as OpenSSL reads them: who signed, for what, under which names, for how long. */
import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { issueAuthority, Signer } from '../../../operator/security/certificates.ts';

const validity = { notBefore: new Date('2026-01-01T00:00:00Z'), notAfter: new Date('2051-01-01T00:00:00Z') };
const authority = issueAuthority({ commonName: 'authority', ...validity });
const subject = { commonName: 'holder', dnsNames: ['a.b.svc', '*.a.b.svc'], uri: 'spiffe://x/y', ...validity };
const holder = new Signer(authority).issue(subject);

test('an authority signs itself and others, and is one', () => {
  const certificate = new X509Certificate(authority.certificate);
  assert.ok(certificate.ca);
  assert.ok(certificate.verify(certificate.publicKey));
  assert.ok(certificate.checkPrivateKey(createPrivateKey(authority.key)));
  assert.equal(certificate.subject, 'CN=authority');
});

test('a holder is no authority, and carries names, uses and times', () => {
  const certificate = new X509Certificate(holder.certificate);
  assert.ok(!certificate.ca);
  assert.ok(certificate.verify(new X509Certificate(authority.certificate).publicKey));
  assert.ok(certificate.checkIssued(new X509Certificate(authority.certificate)));
  assert.ok(certificate.checkPrivateKey(createPrivateKey(holder.key)));
  assert.equal(certificate.subjectAltName, 'DNS:a.b.svc, DNS:*.a.b.svc, URI:spiffe://x/y');
  assert.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
  assert.deepEqual([certificate.validFromDate, certificate.validToDate], [validity.notBefore, validity.notAfter]);
  const { asymmetricKeyType, asymmetricKeyDetails } = certificate.publicKey;
  assert.deepEqual([asymmetricKeyType, asymmetricKeyDetails?.namedCurve], ['ec', 'prime256v1']);
});

test('no two certificates share a key or a serial number', () => {
  const other = new Signer(authority).issue(subject);
  assert.notEqual(other.key, holder.key);
  const serials = [authority, holder, other].map((one) => new X509Certificate(one.certificate).serialNumber);
  assert.equal(new Set(serials).size, 3);
  for (const serial of serials) assert.match(serial, /^[4-7][0-9A-F]{31}$/);
});
