/** Address is what a link may be attached to. */
export type Address =
  | { readonly kind: 'cbs' | 'management' }
  | { readonly kind: 'hub'; readonly hub: string }
  | { readonly kind: 'partition'; readonly hub: string; readonly partition: string }
  | { readonly kind: 'groupPartition'; readonly hub: string; readonly group: string; readonly partition: string }
  | { readonly kind: 'unknown' };

/** pathOf reduces an address or audience, with or without scheme and host, to a lower-case path without a slash at either end. */
export function pathOf(address: string): string {
  return address
    .replace(/^[a-z]+:\/\/[^/]*/i, '')
    .replace(/^\/+|\/+$/g, '')
    .toLowerCase();
}

/** parseAddress reads a link address. Event Hubs compares addresses without regard to case. */
export function parseAddress(address: string): Address {
  const path = pathOf(address);
  if (path === '$cbs') return { kind: 'cbs' };
  if (path === '$management') return { kind: 'management' };
  const [hub = '', ...rest] = path.split('/');
  if (hub === '') return { kind: 'unknown' };
  if (rest.length === 0) return { kind: 'hub', hub };
  const [first, second = '', third, fourth = ''] = rest;
  if (rest.length === 2 && first === 'partitions') return { kind: 'partition', hub, partition: second };
  if (rest.length === 4 && first === 'consumergroups' && third === 'partitions') {
    return { kind: 'groupPartition', hub, group: second, partition: fourth };
  }
  return { kind: 'unknown' };
}
