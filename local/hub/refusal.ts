import type { AmqpError, link as Link } from 'rhea';

/** Refusal is an AMQP error: a condition that clients map to their own error types, and a sentence for people. */
export interface Refusal extends AmqpError {
  readonly condition: string;
  readonly description: string;
}

/** notFound refuses what does not exist. The wording is what clients look for to tell it from other not-found errors. */
export const notFound = (entity: string): Refusal => ({
  condition: 'amqp:not-found',
  description: `The messaging entity '${entity}' could not be found.`,
});

/** unauthorized refuses what no accepted token of the connection covers. */
export const unauthorized = (description: string): Refusal => ({
  condition: 'amqp:unauthorized-access',
  description,
});

/** argumentError refuses a value that makes no sense. */
export const argumentError = (description: string): Refusal => ({
  condition: 'com.microsoft:argument-error',
  description,
});

/** partitionOutOfRange refuses a partition that the hub does not have. */
export const partitionOutOfRange = (partition: string, partitions: number): Refusal => ({
  condition: 'com.microsoft:argument-out-of-range',
  description: `The specified partition '${partition}' is invalid. It should be between 0 and ${partitions - 1}.`,
});

/** Ends is what the library keeps of an attach that was received, and of the one that is to be sent. */
interface Ends {
  readonly attach: { snd_settle_mode?: number | null };
}

/**
 * acceptAttach answers an attach with the same ends, and lets a sender settle as it wants to. The .NET client gives all its
 * requests the same delivery tag; when it may not send them settled, a second one fails until the first is settled.
 */
export function acceptAttach(link: Link): void {
  const { attach: theirs }: Ends = Reflect.get(link, 'remote');
  const { attach: ours }: Ends = Reflect.get(link, 'local');
  if (link.is_receiver() && typeof theirs.snd_settle_mode === 'number') ours.snd_settle_mode = theirs.snd_settle_mode;
  link.set_source({ address: link.source?.address ?? '' });
  link.set_target({ address: link.target?.address ?? '' });
}

/**
 * refuseAttach answers an attach, and detaches with an error. The end that would be the hub's stays empty: it tells the
 * client that an error follows. With it, the .NET client takes the link for open, finds it closed, and opens it again
 * for ever without an exception.
 */
export function refuseAttach(link: Link, refusal: Refusal): void {
  if (link.is_receiver()) link.set_source({ address: link.source?.address ?? '' });
  else link.set_target({ address: link.target?.address ?? '' });
  link.close(refusal);
}

/** detach ends an attached link with an error. */
export function detach(link: Link, refusal: Refusal): void {
  link.close(refusal);
}
