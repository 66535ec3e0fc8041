import { once } from 'node:events';
import { createHmac } from 'node:crypto';
import { connect } from 'node:net';
import { earliestEventPosition } from '@azure/event-hubs';
import rhea, { type Connection, type Delivery, type EventContext, type Receiver, type Sender } from 'rhea';
import type { EventHub } from '../../../local/hub/server.ts';
import { checkSasToken } from '../../../local/hub/sasToken.ts';
import { bytes, closeAll, openConsumer, openHub, openProducer, read, readFrom } from './clients.ts';

const BATCH_FORMAT = 0x80013700;
const KEY = 'secret';
const sockets: Connection[] = [];

afterEach(async () => {
  for (const connection of sockets.splice(0)) {
    connection.close();
    await once(connection, 'connection_close');
  }
  await closeAll();
});

function signToken(audience: string, expiry: number, key = KEY): string {
  const resource = encodeURIComponent(audience);
  const signature = createHmac('sha256', key).update(`${resource}\n${expiry}`).digest('base64');
  return `SharedAccessSignature sr=${resource}&sig=${encodeURIComponent(signature)}&se=${expiry}&skn=local`;
}

/** openRawSender opens a link with nothing but the AMQP library. */
async function openRawSender(hub: EventHub, address: string, withToken = true): Promise<Sender> {
  const container = rhea.create_container();
  container.on('sender_error', () => undefined);
  container.on('receiver_error', () => undefined);
  container.on('disconnected', () => undefined);
  const connection = container.connect({ host: '127.0.0.1', port: hub.port, username: 'any', reconnect: false });
  sockets.push(connection);
  await once(connection, 'connection_open');
  if (withToken) {
    const audience = `sb://127.0.0.1:${hub.port}/logs`;
    const replies = connection.open_receiver('$cbs');
    const requests = connection.open_sender('$cbs');
    await once(requests, 'sendable');
    requests.send({
      message_id: '1',
      reply_to: 'me',
      application_properties: {
        operation: 'put-token',
        name: audience,
        type: 'servicebus.windows.net:sastoken',
      },
      body: signToken(audience, Math.floor(Date.now() / 1000) + 60),
    });
    const [{ message }] = (await once(replies, 'message')) as [EventContext];
    expect(message).toMatchObject({ correlation_id: '1', to: 'me', application_properties: { 'status-code': 202 } });
  }
  return connection.open_sender({ target: address, autosettle: true });
}

/** outcomeOf sends bytes and returns what the hub answers. */
async function outcomeOf(sender: Sender, payload: Buffer, format: number): Promise<string> {
  if (!sender.sendable()) await once(sender, 'sendable');
  const done = new AbortController();
  const outcome = Promise.race([
    once(sender, 'accepted', done).then(() => 'accepted'),
    once(sender, 'rejected', done).then(([{ delivery }]) =>
      String((delivery as Delivery).remote_state?.['error'].condition),
    ),
  ]);
  sender.send(payload, undefined, format);
  return outcome.finally(() => done.abort());
}

test('a message without a batch around it keeps the types of its properties', async () => {
  const hub = await openHub({ key: KEY });
  const sender = await openRawSender(hub, 'logs/Partitions/0');
  const message = rhea.message.encode({
    application_properties: {
      long: rhea.types.wrap_long(Buffer.from('7fffffffffffffff', 'hex')),
      int: rhea.types.wrap_int(5),
    },
    message_annotations: { 'x-opt-partition-key': 'pk1' },
    durable: true,
    body: rhea.message.data_section(bytes('single')),
  });
  expect(await outcomeOf(sender, message, 0)).toBe('accepted');
  const [event] = await readFrom(hub, '0', earliestEventPosition, 1);
  expect(String(event?.body)).toBe('single');
  expect(event).toMatchObject({
    partitionKey: 'pk1',
    properties: { long: Buffer.from('7fffffffffffffff', 'hex'), int: 5 },
  });
});

test('no cut or changed message breaks the hub: it is rejected or taken as it is', async () => {
  const hub = await openHub({ key: KEY });
  const sender = await openRawSender(hub, 'logs/Partitions/0');
  const inner = rhea.message.encode({
    application_properties: { a: 'b' },
    message_annotations: { own: 'x' },
    body: rhea.message.data_section(bytes('body')),
  });
  const batch = rhea.message.encode({ body: rhea.message.data_sections([inner, inner]) });
  expect(await outcomeOf(sender, batch, BATCH_FORMAT)).toBe('accepted');
  for (let length = 1; length < inner.length; length++) {
    const cut = rhea.message.encode({ body: rhea.message.data_sections([inner.subarray(0, length)]) });
    expect(await outcomeOf(sender, cut, BATCH_FORMAT)).toBe('amqp:decode-error');
  }
  for (let at = 0; at < batch.length; at++) {
    for (const change of [0x01, 0x80, 0xff]) {
      const changed = Buffer.from(batch);
      changed[at]! ^= change;
      expect(['accepted', 'amqp:decode-error']).toContain(await outcomeOf(sender, changed, BATCH_FORMAT));
    }
  }
  expect(await outcomeOf(sender, Buffer.alloc(1_000_000), 0)).toBe('amqp:decode-error');
  expect(await outcomeOf(sender, inner, 0)).toBe('accepted');
});

test('a link without a token is refused, and so is an unknown address', async () => {
  const hub = await openHub({ key: KEY });
  const stranger = await openRawSender(hub, 'logs', false);
  await once(stranger, 'sender_error');
  expect(stranger.error).toMatchObject({ condition: 'amqp:unauthorized-access' });
  expect(stranger.target?.address).toBeUndefined();
  const lost = await openRawSender(hub, 'logs/nothing');
  await once(lost, 'sender_error');
  expect(lost.error).toMatchObject({ condition: 'amqp:not-found' });
  expect(lost.target?.address).toBeUndefined();
});

test('a position comes with quotes or without, and a refused one leaves the source empty', async () => {
  const hub = await openHub({ key: KEY });
  hub.append('logs', '0', [bytes('a'), bytes('b')]);
  const { connection } = await openRawSender(hub, 'logs');
  const address = 'logs/ConsumerGroups/seal/Partitions/0';
  const open = (selector: string): Receiver => {
    const filter = { 'apache.org:selector-filter:string': rhea.types.wrap_described(selector, 0x468c00000004) };
    return connection.open_receiver({ source: { address, filter } });
  };
  for (const value of ['-1', "'-1'"]) {
    const receiver = open(`amqp.annotation.x-opt-offset > ${value}`);
    const [{ message }] = (await once(receiver, 'message')) as [EventContext];
    expect(message?.message_annotations).toMatchObject({ 'x-opt-sequence-number': 0 });
    expect(receiver.source.address).toBe(address);
  }
  for (const value of ['99', "'99'", "'-1", "-1'"]) {
    const receiver = open(`amqp.annotation.x-opt-offset > ${value}`);
    await once(receiver, 'receiver_error');
    expect(receiver.error).toMatchObject({ condition: 'com.microsoft:argument-error' });
    expect(receiver.source?.address).toBeUndefined();
  }
});

test('a management request is judged by the token that it brings, and not by those of its connection', async () => {
  const hub = await openHub({ key: KEY });
  const { connection } = await openRawSender(hub, 'logs');
  const replies = connection.open_receiver({ source: '$management', target: { address: 'me' } });
  const requests = connection.open_sender('$management');
  await once(requests, 'sendable');
  const expiry = Math.floor(Date.now() / 1000) + 60;
  const audience = `sb://127.0.0.1:${hub.port}/logs`;
  for (const [token, status] of [
    [signToken(audience, expiry), 200],
    [signToken(`${audience}2`, expiry), 401],
    [signToken(audience, expiry, 'other'), 401],
    [undefined, 401],
  ] as const) {
    requests.send({
      message_id: '1',
      reply_to: 'me',
      application_properties: {
        operation: 'READ',
        name: 'logs',
        type: 'com.microsoft:eventhub',
        ...(token !== undefined && { security_token: token }),
      },
      body: rhea.message.data_section(bytes('[]')),
    });
    const [{ message }] = (await once(replies, 'message')) as [EventContext];
    expect(message?.application_properties).toMatchObject({ 'status-code': status });
  }
});

test('a token is for one resource and one time', () => {
  const key = { name: 'local', key: KEY };
  const hub = 'sb://127.0.0.1:5672/logs';
  const token = signToken(hub, 1000);
  expect(checkSasToken(token, hub, key, 999_999)).toBeUndefined();
  expect(checkSasToken(token, `${hub}/ConsumerGroups/seal/Partitions/0`, key, 0)).toBeUndefined();
  expect(checkSasToken(token, hub, key, 1_000_000)).toContain('ExpiredToken');
  expect(checkSasToken(token, `${hub}2`, key, 0)).toContain('InvalidAudience');
  expect(checkSasToken(signToken(hub, 1000, 'other'), hub, key, 0)).toContain('InvalidSignature');
  expect(checkSasToken(token.replace('skn=local', 'skn=%zz'), hub, key, 0)).toContain('InvalidSignature');
  expect(checkSasToken('Bearer x', hub, key, 0)).toContain('MalformedToken');
});

test('a port that is taken is an error, and free again after close', async () => {
  const first = await openHub();
  await expect(openHub({ port: first.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  const producer = openProducer(first.connectionString('logs'));
  await producer.sendBatch([{ body: bytes('x') }]);
  await producer.close();
  await first.close();
  await openHub({ port: first.port });
});

test('bytes that are not AMQP end their own connection only', async () => {
  const notes: string[] = [];
  const hub = await openHub({ note: (line) => notes.push(line) });
  const socket = connect(hub.port, '127.0.0.1');
  socket.end('GET / HTTP/1.1\r\n\r\n');
  socket.resume();
  await once(socket, 'close');
  expect(notes).toEqual([expect.stringContaining('dropped a peer: ProtocolError')]);
  await openProducer(hub.connectionString('logs')).sendBatch([{ body: bytes('x') }], { partitionId: '0' });
  await read(openConsumer(hub.connectionString('logs')), '0').next(1);
});
