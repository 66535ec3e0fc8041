import { createPublicKey } from 'node:crypto';
import type { TokenCredential } from '@azure/identity';
import type { JsonWebKey, KeyClientOptions } from '@azure/keyvault-keys';
import { parseVaultKeyUrl } from '../config/azureIds.ts';
import { AuditsealError } from '../core/errors.ts';
import { ecdsaDigest, ecdsaSignature } from '../core/note/vaultSignature.ts';
import { createVerifierKey } from '../core/note/verifierKey.ts';
import type { VerifierKey } from '../core/note/verifierKey.ts';
import type { Signer } from '../ports/signing.ts';

/** Bounds one question to the vault, its retries included. */
const TIMEOUT_MS = 60_000;

/** The vault counts requests in windows of 10 seconds, so three retries reach into the next one. */
const THROTTLED_DELAY_MS = 4000;

const MAX_RETRIES = 3;

/** The client retries 429 only with a Retry-After header, which the vault isn't documented to send. */
const retryThrottled: NonNullable<KeyClientOptions['additionalPolicies']>[number] = {
  position: 'perRetry',
  policy: {
    name: 'retryThrottledPolicy',
    sendRequest: async (request, next) => {
      const response = await next(request);
      if (response.status === 429 && !response.headers.has('retry-after')) {
        response.headers.set('retry-after-ms', String(THROTTLED_DELAY_MS));
      }
      return response;
    },
  },
};

/**
 * openKeyVaultSigner opens a signer whose P-256 key stays in Azure Key Vault. `keyUrl` names one version of it, because
 * a key ID is that of one version; `keyName` is what signature lines and verifier keys say, the ledger's origin.
 *
 * The identity behind the credential needs the rights to read the key and to sign with it (the role Key Vault Crypto User has
 * both). Throws KEY_MALFORMED for a URL without a version or a key that isn't on P-256, and SIGNER_UNAVAILABLE if the
 * vault doesn't give the key. sign throws SIGNER_UNAVAILABLE too, and SIGNATURE_INVALID if the vault signed with
 * another key: signatures are verified here, never by the vault.
 */
export async function openKeyVaultSigner(
  keyUrl: string,
  keyName: string,
  credential: TokenCredential,
  options: KeyClientOptions = {},
): Promise<Signer> {
  const { vaultUrl, name, version } = parseVaultKeyUrl(keyUrl);
  const { KeyClient } = await import('@azure/keyvault-keys');
  const client = new KeyClient(vaultUrl, credential, {
    retryOptions: { maxRetries: MAX_RETRIES },
    userAgentOptions: { userAgentPrefix: 'auditseal' },
    ...options,
    additionalPolicies: [retryThrottled, ...(options.additionalPolicies ?? [])],
  });
  const ask = async <T>(what: string, question: (abortSignal: AbortSignal) => Promise<T>): Promise<T> => {
    try {
      return await question(AbortSignal.timeout(TIMEOUT_MS));
    } catch (error) {
      throw unavailable(`can't ${what} ${keyUrl}`, error);
    }
  };

  const { key } = await ask('read the key', async (abortSignal) => client.getKey(name, { version, abortSignal }));
  const verifierKey = verifierKeyOf(keyName, keyUrl, key);
  const cryptography = client.getCryptographyClient(name, { keyVersion: version });
  return {
    verifierKey,
    sign: async (text) => {
      const digest = ecdsaDigest(text);
      const raw = await ask('sign with the key', async (abortSignal) => {
        const { result }: { result?: Uint8Array } = await cryptography.sign('ES256', digest, { abortSignal });
        if (result === undefined) throw new Error('the answer holds no signature');
        return result;
      });
      return ecdsaSignature(text, verifierKey, raw);
    },
  };
}

function verifierKeyOf(keyName: string, keyUrl: string, { kty, crv, x, y }: JsonWebKey = {}): VerifierKey {
  const malformed = (why: string, cause?: unknown): AuditsealError =>
    new AuditsealError('KEY_MALFORMED', `${keyUrl} ${why}; create a key of type EC on the curve P-256`, { cause });
  if ((kty !== 'EC' && kty !== 'EC-HSM') || crv !== 'P-256') throw malformed('is not a key on P-256');
  const [xText, yText] = [x, y].map((part) => Buffer.from(part ?? []).toString('base64url')) as [string, string];
  let spki: Buffer;
  try {
    const jwk = { kty: 'EC', crv, x: xText, y: yText };
    spki = createPublicKey({ key: jwk, format: 'jwk' }).export({ format: 'der', type: 'spki' });
  } catch (cause) {
    throw malformed('has a point that is not on P-256', cause);
  }
  return createVerifierKey(keyName, 'ecdsa', spki);
}

function unavailable(what: string, error: unknown): AuditsealError {
  const { statusCode, code } = Object(error) as { readonly statusCode?: unknown; readonly code?: unknown };
  const said = [statusCode, code].filter((part) => typeof part === 'string' || typeof part === 'number').join(' ');
  const advice = ADVICE[String(statusCode)];
  const why = advice === undefined ? `: ${error instanceof Error ? error.message : String(error)}` : `; ${advice}`;
  return new AuditsealError('SIGNER_UNAVAILABLE', `${what}${said === '' ? '' : ` (${said})`}${why}`, { cause: error });
}

const REFUSED =
  'the identity needs the right to read the key, and a signer also to sign with it (the role Key Vault Crypto User has both); ' +
  'the key must be enabled, and the vault reachable from this network';

const ADVICE: Readonly<Record<string, string>> = {
  401: REFUSED,
  403: REFUSED,
  404: 'the vault has no such key or version; take the URL from the version of the key in the vault',
  429: 'too many requests to the vault; try again later',
};
