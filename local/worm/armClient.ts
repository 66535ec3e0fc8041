import { StorageManagementClient } from '@azure/arm-storage';

const TOKEN = 'local';

/**
 * createArmClient gives the real StorageManagementClient of @azure/arm-storage, wired to the gateway over plain http.
 * Its own policy refuses to send a token to an http endpoint, so another one, which doesn't mind, takes its place.
 */
export function createArmClient(armUrl: string, subscriptionId: string): StorageManagementClient {
  const credential = { getToken: async () => Promise.resolve({ token: TOKEN, expiresOnTimestamp: Infinity }) };
  const client = new StorageManagementClient(credential, subscriptionId, {
    endpoint: armUrl,
    allowInsecureConnection: true,
  });
  client.pipeline.removePolicy({ name: 'bearerTokenAuthenticationPolicy' });
  client.pipeline.addPolicy({
    name: 'localTokenPolicy',
    sendRequest: async (request, next) => {
      request.headers.set('authorization', `Bearer ${TOKEN}`);
      return next(request);
    },
  });
  return client;
}
