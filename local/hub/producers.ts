import type { EventContext, Receiver } from 'rhea';
import { MalformedMessage } from './amqpSections.ts';
import { rawMessageOf } from './rawConnection.ts';
import { readSentEvents, type SentEvents } from './eventMessage.ts';

/** MAX_MESSAGE_BYTES is the largest transfer that is taken, be it one event or a batch. */
export const MAX_MESSAGE_BYTES = 1024 * 1024;

/** acceptEvents hands what a producer sends to `append`, and accepts or rejects each transfer. */
export function acceptEvents(receiver: Receiver, append: (sent: SentEvents) => void): void {
  receiver.on('message', (context: EventContext & { format?: number }) => {
    const payload = rawMessageOf(context);
    if (payload.length > MAX_MESSAGE_BYTES) {
      context.delivery?.reject({
        condition: 'amqp:link:message-size-exceeded',
        description: `The received message (size:${payload.length} bytes) exceeds the limit (${MAX_MESSAGE_BYTES} bytes) currently allowed on the link.`,
      });
      return;
    }
    try {
      append(readSentEvents(payload, context.format ?? 0));
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error;
      context.delivery?.reject({ condition: 'amqp:decode-error', description: error.message });
      return;
    }
    context.delivery?.accept();
  });
}
