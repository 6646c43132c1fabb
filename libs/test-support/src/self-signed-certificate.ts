import { generate } from 'selfsigned';

/** A key and a certificate in PEM that nobody vouches for. */
export async function selfSignedCertificate(commonName: string): Promise<{ key: string; cert: string }> {
  const { private: key, cert } = await generate([{ name: 'commonName', value: commonName }], {
    keySize: 2048,
    algorithm: 'sha256',
  });
  return { key, cert };
}
