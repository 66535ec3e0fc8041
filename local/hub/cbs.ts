import type { Connection, Receiver } from 'rhea';
import { pathOf } from './address.ts';
import { type Request, type Response, serveRequests, statusOf } from './requestLink.ts';
import { checkSasToken, isWithin, type SharedAccessKey } from './sasToken.ts';

/** Grants remembers which addresses the tokens of each connection have opened. */
export class Grants {
  readonly #paths = new WeakMap<Connection, Set<string>>();
  readonly #key: SharedAccessKey;
  readonly #now: () => number;

  constructor(key: SharedAccessKey, now: () => number) {
    this.#key = key;
    this.#now = now;
  }

  /** serve answers the put-token requests of a $cbs link. */
  serve(receiver: Receiver): void {
    serveRequests(receiver, (request) => this.#putToken(receiver.connection, request));
  }

  /** hasAddress tells whether a link to an address may be opened. */
  hasAddress(connection: Connection, address: string): boolean {
    return [...(this.#paths.get(connection) ?? [])].some((path) => isWithin(pathOf(address), path));
  }

  /** refusalOf says why a token that a request brings itself doesn't open a hub, or gives undefined when it does. */
  refusalOf(token: string, hub: string): string | undefined {
    return checkSasToken(token, hub, this.#key, this.#now());
  }

  #putToken(connection: Connection, { properties, body }: Request): Response {
    const refused = (reason: string): Response => ({
      applicationProperties: statusOf(401, reason, 'amqp:unauthorized-access'),
    });
    if (properties['operation'] !== 'put-token') return refused('Only put-token is known here.');
    if (properties['type'] !== 'servicebus.windows.net:sastoken') {
      return refused('Only shared access signatures are accepted here: use the connection string.');
    }
    const audience = String(properties['name']);
    const reason = checkSasToken(String(body), audience, this.#key, this.#now());
    if (reason !== undefined) return refused(reason);
    const paths = this.#paths.get(connection) ?? new Set();
    this.#paths.set(connection, paths.add(pathOf(audience)));
    return { applicationProperties: statusOf(202, 'Accepted') };
  }
}
