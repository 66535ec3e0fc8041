import rhea, { type EventContext, type Receiver, type Sender } from 'rhea';
import { rawMessageOf } from './rawConnection.ts';

/** Request is what a client asks a request node. */
export interface Request {
  readonly properties: Readonly<Record<string, unknown>>;
  readonly body: unknown;
}

/** Response is what a request node answers. Values are wrapped where their AMQP type matters. */
export interface Response {
  readonly applicationProperties: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
}

/** serveRequests answers each message of a link on the sender of the same session that has the same address. */
export function serveRequests(receiver: Receiver, answer: (request: Request) => Response): void {
  const { address } = receiver.target;
  receiver.on('message', (context: EventContext) => {
    const message = rhea.message.decode(rawMessageOf(context));
    context.delivery?.accept();
    const replyTo: unknown = message['reply_to'];
    const reply: Sender | undefined = receiver.session.find_sender(
      (sender: Sender) =>
        sender.source?.address === address && (address === '$cbs' || sender.target?.address === replyTo),
    );
    const { applicationProperties, body } = answer({
      properties: message['application_properties'] ?? {},
      body: message['body'],
    });
    reply?.send({
      correlation_id: message['message_id'],
      to: message['reply_to'],
      application_properties: applicationProperties,
      body: body ?? rhea.message.data_section(Buffer.alloc(0)),
    });
  });
}

/** statusOf makes the application properties that tell a client how its request ended. */
export function statusOf(code: number, description: string, condition?: string): Response['applicationProperties'] {
  return {
    'status-code': rhea.types.wrap_int(code),
    'status-description': description,
    ...(condition === undefined ? {} : { 'error-condition': rhea.types.wrap_symbol(condition) }),
  };
}
