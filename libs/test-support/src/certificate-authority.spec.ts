import { createPrivateKey, X509Certificate } from 'node:crypto';
import { certificateAuthority } from './certificate-authority.js';

describe('certificateAuthority', () => {
  it('issues certificates for a name and for 127.0.0.1 that hold to it and to no other authority', async () => {
    const [authority, other] = await Promise.all([certificateAuthority(), certificateAuthority()]);
    const { key, cert } = await authority.issue('redis.example');
    const certificate = new X509Certificate(cert);

    expect(certificate.checkHost('redis.example')).toBe('redis.example');
    expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(certificate.checkPrivateKey(createPrivateKey(key))).toBe(true);
    expect(certificate.verify(new X509Certificate(authority.cert).publicKey)).toBe(true);
    expect(certificate.verify(new X509Certificate(other.cert).publicKey)).toBe(false);
  });
});
