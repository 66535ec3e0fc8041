import type { KeyClientOptions } from '@azure/keyvault-keys';

/**
 * localKeyVaultOptions wires the real KeyClient and CryptographyClient of @azure/keyvault-keys to a vault over plain http.
 *
 * They send a token to https URLs only, and look at the URL before and after each request. So it changes as the last
 * step before the wire, and changes back with the answer.
 */
export const localKeyVaultOptions = (): KeyClientOptions => ({
  additionalPolicies: [
    {
      position: 'perRetry',
      policy: {
        name: 'localHttpPolicy',
        sendRequest: async (request, next) => {
          const { url } = request;
          request.url = url.replace(/^https:\/\/(?=127\.0\.0\.1:)/, 'http://');
          request.allowInsecureConnection = true;
          try {
            return await next(request);
          } finally {
            request.url = url;
          }
        },
      },
    },
  ],
});
