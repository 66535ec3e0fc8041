import { openCredential } from './credential.ts';
import { openKeyVaultSigner } from './keyVaultSigner.ts';
import type { Probe } from '../ports/probe.ts';

type OpenKey = (keyUrl: string, id: string) => Promise<unknown>;

/**
 * VaultProbe reads the log's key in its vault, under a request id of its own: the vault logs that, with the id as
 * `correlationId`, and its diagnostic setting sends the log to the hub. It takes the right to read the key, and minutes.
 * learn.microsoft.com/azure/key-vault/general/logging
 */
export class VaultProbe implements Probe {
  readonly way = 'by the diagnostic setting of the vault';
  readonly mostMs: number;
  readonly #keyUrl: string;
  readonly #open: OpenKey;

  constructor(keyUrl: string, mostMs: number, open: OpenKey = readKey) {
    this.#keyUrl = keyUrl;
    this.mostMs = mostMs;
    this.#open = open;
  }

  async send(id: string): Promise<void> {
    await this.#open(this.#keyUrl, id);
  }
}

async function readKey(keyUrl: string, id: string): Promise<void> {
  await openKeyVaultSigner(keyUrl, 'probe', await openCredential({ managed: false }), withRequestId(id));
}

/** withRequestId has each request of a client of the vault carry that id. */
const withRequestId = (id: string): NonNullable<Parameters<typeof openKeyVaultSigner>[3]> => ({
  additionalPolicies: [
    {
      position: 'perCall',
      policy: {
        name: 'requestIdPolicy',
        sendRequest: async (request, next) => {
          request.headers.set('x-ms-client-request-id', id);
          return next(request);
        },
      },
    },
  ],
});
