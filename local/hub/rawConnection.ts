import type { Connection, EventContext } from 'rhea';

interface Frame {
  readonly channel: number;
  readonly performative: { message_format?: number };
}

/**
 * adaptConnection corrects two habits of the library on a connection.
 *
 * It decodes messages of format 0, and what it decodes it can't give back unchanged: here every message stays bytes.
 * It drops the whole connection for a frame of a session that has just ended, and its own client side sends such frames
 * when a receiver with events under way is closed: here they are passed over.
 */
export function adaptConnection(connection: Connection): void {
  const sessions: Readonly<Record<number, unknown>> = connection['remote_channel_map'];
  for (const kind of ['on_transfer', 'on_flow', 'on_disposition', 'on_detach']) {
    const handle: (frame: Frame) => void = connection[kind];
    connection[kind] = (frame: Frame) => {
      if (sessions[frame.channel] === undefined) return;
      if (frame.performative.message_format === 0) frame.performative.message_format = 1;
      handle.call(connection, frame);
    };
  }
}

/** rawMessageOf returns the bytes of the message that an event brought. */
export function rawMessageOf(context: EventContext): Buffer {
  const message: unknown = context.message;
  if (!Buffer.isBuffer(message)) throw new TypeError('the message was decoded before it came here');
  return message;
}
