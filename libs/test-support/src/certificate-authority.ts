import { makeCertificate } from './make-certificate.js';

/** A private key and its certificate, in PEM. */
export interface KeyPair {
  readonly key: string;
  readonly cert: string;
}

/** An authority of the tests' own. */
export interface CertificateAuthority {
  /** Its certificate in PEM. */
  readonly cert: string;
  /** A certificate for servers and clients, for this name and for 127.0.0.1. */
  issue(name: string): Promise<KeyPair>;
}

const SIGNATURE = { keyType: 'ec', algorithm: 'sha256' } as const;

/** Makes an authority that nobody trusts yet. */
export async function certificateAuthority(): Promise<CertificateAuthority> {
  const { private: key, cert } = await makeCertificate([{ name: 'commonName', value: 'Test authority' }], {
    ...SIGNATURE,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  return { cert, issue: (name) => issue({ key, cert }, name) };
}

async function issue(ca: KeyPair, name: string): Promise<KeyPair> {
  const { private: key, cert } = await makeCertificate([{ name: 'commonName', value: name }], {
    ...SIGNATURE,
    ca,
    extensions: [
      { name: 'basicConstraints', cA: false },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: name },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  });
  return { key, cert };
}
