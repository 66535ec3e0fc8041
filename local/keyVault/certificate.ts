import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/** Certificate is what a TLS server shows, and its key, both in PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

const DAYS = 7;

/** der puts tag and length before the content. */
function der(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  const length =
    body.length < 0x80 ? Buffer.of(body.length) : Buffer.of(0x82, Math.floor(body.length / 256), body.length % 256);
  return Buffer.concat([Buffer.of(tag), length, body]);
}

const sequence = (...content: readonly Uint8Array[]): Buffer => der(0x30, ...content);
const time = (ms: number): Buffer =>
  der(0x18, Buffer.from(`${new Date(ms).toISOString().replaceAll(/[-:T]|\..*/g, '')}Z`));

const ECDSA_WITH_SHA256 = sequence(Buffer.from('06082a8648ce3d040302', 'hex'));
const COMMON_NAME = Buffer.from('0603550403', 'hex');
const SUBJECT_ALT_NAME = Buffer.from('0603551d11', 'hex');
const IP_ADDRESS = 0x87;

/**
 * localCertificate makes a certificate of 127.0.0.1, signed by its own key, that is good for a week. Who trusts it
 * (NODE_EXTRA_CA_CERTS) trusts nothing else by it: it is no authority, and its key is in this process alone. RFC 5280.
 */
export function localCertificate(): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const name = sequence(der(0x31, sequence(COMMON_NAME, der(0x0c, Buffer.from('Auditseal local stack')))));
  const serial = Buffer.concat([Buffer.of(1), randomBytes(15)]);
  const address = sequence(der(IP_ADDRESS, Buffer.of(127, 0, 0, 1)));
  const content = sequence(
    der(0xa0, der(0x02, Buffer.of(2))),
    der(0x02, serial),
    ECDSA_WITH_SHA256,
    name,
    sequence(time(Date.now() - 300_000), time(Date.now() + DAYS * 86_400_000)),
    name,
    publicKey.export({ format: 'der', type: 'spki' }),
    der(0xa3, sequence(sequence(SUBJECT_ALT_NAME, der(0x04, address)))),
  );
  const signature = sign('sha256', content, privateKey);
  const whole = sequence(content, ECDSA_WITH_SHA256, der(0x03, Buffer.of(0), signature));
  const lines = whole.toString('base64').replaceAll(/.{64}/g, '$&\n').trimEnd();
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    key: String(privateKey.export({ format: 'pem', type: 'pkcs8' })),
  };
}
