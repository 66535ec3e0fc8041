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

/** answerAttach answers an attach: with the same ends, or AMQP reads it as refused without a reason. */
export function answerAttach(link: Link): void {
  link.set_source({ address: link.source?.address ?? '' });
  link.set_target({ address: link.target?.address ?? '' });
}

/** refuse detaches a link with an error. */
export function refuse(link: Link, refusal: Refusal): void {
  link.close(refusal);
}
