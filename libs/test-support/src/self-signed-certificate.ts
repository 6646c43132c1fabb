import { makeCertificate } from './make-certificate.js';

/** A key and a certificate in PEM that nobody vouches for. */
export async function selfSignedCertificate(commonName: string): Promise<{ key: string; cert: string }> {
  const { private: key, cert } = await makeCertificate([{ name: 'commonName', value: commonName }], {
    keyType: 'ec',
    algorithm: 'sha256',
  });
  return { key, cert };
}
