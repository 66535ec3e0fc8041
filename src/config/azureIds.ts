import { AuditsealError } from '../core/errors.ts';

/** VaultKeyUrl is the address of one version of a key in Azure Key Vault, taken apart. */
export interface VaultKeyUrl {
  /** scheme, host and port */
  readonly vaultUrl: string;
  readonly name: string;
  readonly version: string;
}

/**
 * parseVaultKeyUrl takes `https://NAME.vault.azure.net/keys/KEY/VERSION` apart, and throws KEY_MALFORMED for anything
 * else. Without a version the URL would name another key after each rotation.
 */
export function parseVaultKeyUrl(keyUrl: string): VaultKeyUrl {
  const [, vaultUrl, name, version] =
    /^(https:\/\/[0-9A-Za-z.:-]+)\/keys\/([0-9A-Za-z-]{1,127})\/([0-9A-Za-z]{1,64})$/.exec(keyUrl) ?? [];
  if (vaultUrl === undefined || name === undefined || version === undefined || !URL.canParse(vaultUrl)) {
    throw new AuditsealError(
      'KEY_MALFORMED',
      'the URL of a vault key must name its version: https://NAME.vault.azure.net/keys/KEY/VERSION',
    );
  }
  return { vaultUrl, name, version };
}
