import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import { remoteWitness } from '../../src/adapters/witnessClient.ts';
import type { WitnessAddress } from '../../src/adapters/witnessClient.ts';
import { listenAsWitness } from '../../src/adapters/witnessServer.ts';
import type { WitnessServer } from '../../src/adapters/witnessServer.ts';
import { AuditsealError } from '../../src/core/errors.ts';
import { formatHash, sha256 } from '../../src/core/hash.ts';
import { cosignatureKey, signCosignature } from '../../src/core/note/cosignature.ts';
import { formatNote, openNote, parseNote } from '../../src/core/note/note.ts';
import { formatSignatureLine } from '../../src/core/note/signatureLine.ts';
import { createSignerKey, signNote } from '../../src/core/note/signerKey.ts';
import { MAX_WITNESS_REQUEST_BYTES } from '../../src/core/note/witnessRequest.ts';
import type { CosignRequest, Cosigned, WitnessState } from '../../src/ports/signing.ts';
import { Witness } from '../../src/witness/witness.ts';
import { KeptLog } from '../support/keptLog.ts';
import { LOG_KEY, TestLog, WITNESS_KEY } from '../support/witnessLog.ts';

const KEY = cosignatureKey(WITNESS_KEY.verifierKey);
const log = new TestLog();
const fork = new TestLog(LOG_KEY, 2);

const ask = (url: string, size: number, knownSize: number, of = log, timeoutMs = 10_000): Promise<Cosigned> =>
  remoteWitness({ verifierKey: KEY, url }, timeoutMs).cosign({
    checkpoint: of.checkpoint(size),
    knownSize,
    proveConsistency: async (from, to) => of.proof(from, to),
  });

describe('cosign and a witness', () => {
  let server: WitnessServer;
  let kept: Map<string, Buffer>;
  let fault: Error | undefined;
  let written: KeptLog;

  beforeEach(async () => {
    kept = new Map();
    fault = undefined;
    written = new KeptLog();
    const state: WitnessState = {
      read: async (origin) => kept.get(origin),
      async replace(origin, before, next) {
        if (fault !== undefined) throw fault;
        if (kept.get(origin) !== before) return 'changed';
        kept.set(origin, next);
        return 'replaced';
      },
    };
    const witness = new Witness({ signerKey: WITNESS_KEY, logs: [LOG_KEY.verifierKey], state, now: Date.now });
    server = await listenAsWitness(witness, { host: '127.0.0.1', port: 0 }, written);
  });
  afterEach(() => server.close());

  test('a log grows, and each checkpoint is cosigned', async () => {
    for (const [known, size] of [
      [0, 0],
      [0, 3],
      [3, 5],
      [5, 5],
      [5, 8],
    ] as const) {
      const cosigned = await ask(`${server.url}/`, size, known);
      if (!cosigned.isCosigned) throw new Error(cosigned.why);
      const { text, signatures } = parseNote(log.checkpoint(size));
      const note = formatNote({ text, signatures: [...signatures, ...cosigned.cosignatures] });
      expect(openNote(note, [KEY]).signatures).toHaveLength(1);
    }
  });

  test('a log that knows another size than the witness is told', async () => {
    await ask(server.url, 3, 0);
    for (const known of [0, 1, 4, 5]) {
      const { isCosigned } = await ask(server.url, 5, known);
      expect(isCosigned).toBe(true);
      kept.clear();
      await ask(server.url, 3, 0);
    }
    kept.clear();
    expect(await ask(server.url, 5, 4)).toMatchObject({ isCosigned: true });
  });

  test('a fork and a log that was rolled back get a reason', async () => {
    await ask(server.url, 5, 0);
    const refused = { isCosigned: false, why: expect.stringContaining('422') as string, isContradicted: true };
    expect(await ask(server.url, 7, 0, fork)).toEqual(refused);
    expect(await ask(server.url, 5, 5, fork)).toEqual(refused);
    const why = 'the witness has cosigned 5 entries, and the log has 4';
    expect(await ask(server.url, 4, 0)).toEqual({ isCosigned: false, why, witnessSize: 5, isContradicted: true });
    expect(await ask(server.url, 4, 5)).toEqual({ isCosigned: false, why, witnessSize: 5, isContradicted: true });
  });

  test('a witness that can not keep its state says so, and writes it down', async () => {
    fault = new AuditsealError('STORE_UNAVAILABLE', 'the disk is full');
    expect(await ask(server.url, 5, 0)).toMatchObject({
      isCosigned: false,
      why: expect.stringContaining('503') as string,
    });
    expect(JSON.stringify(written)).toContain('the disk is full');
  });

  test('everybody can read the newest checkpoint', async () => {
    const url = `${server.url}/${formatHash(sha256(Buffer.from(LOG_KEY.verifierKey.keyName)))}/checkpoint`;
    expect((await fetch(url)).status).toBe(404);
    await ask(server.url, 5, 0);
    const response = await fetch(url);
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    const note = Buffer.from(await response.arrayBuffer());
    expect(openNote(note, [LOG_KEY.verifierKey, KEY]).signatures).toHaveLength(2);
    const head = await fetch(url, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
    expect((await fetch(url, { method: 'POST', body: 'x' })).status).toBe(405);
  });

  test.each([
    ['GET', '/', 404],
    ['GET', '/add-checkpoint', 405],
    ['PUT', '/add-checkpoint', 405],
    ['POST', '/add-checkpoint?x=1', 404],
    ['POST', '/add-checkpoint/', 404],
    ['POST', '//add-checkpoint', 404],
    ['POST', 'http://other.example/add-checkpoint', 404],
    ['GET', '/../../etc/passwd', 404],
    ['GET', `/${'0'.repeat(64)}/checkpoint/..`, 404],
    ['GET', `/${'0'.repeat(63)}%30/checkpoint`, 404],
    ['GET', '/__proto__/checkpoint', 404],
    ['GET', '*', 404],
    ['GET', `/${'x'.repeat(20_000)}`, 431],
  ])('%s %s is answered with a status', async (method, path, status) => {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    socket.end(`${method} ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
    expect(await textOf(socket)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  });

  test('a body that is too large is refused, announced or not', async () => {
    for (const header of [`content-length: ${MAX_WITNESS_REQUEST_BYTES + 1}`, 'transfer-encoding: chunked']) {
      const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
      socket.on('error', () => {});
      socket.write(`POST /add-checkpoint HTTP/1.1\r\nhost: x\r\n${header}\r\n\r\n`);
      const length = MAX_WITNESS_REQUEST_BYTES + 1;
      if (header.startsWith('transfer')) socket.write(`${length.toString(16)}\r\n${'x'.repeat(length)}`);
      const [answer] = (await once(socket, 'data')) as [Buffer];
      expect(answer.toString()).toMatch(/^HTTP\/1.1 413 [^]*connection: close/i);
      socket.destroy();
    }
    expect((await ask(server.url, 5, 0)).isCosigned).toBe(true);
  });

  test('a request that is broken off harms nobody, and one that hangs does not hold up the end', async () => {
    const port = Number(new URL(server.url).port);
    const start = 'POST /add-checkpoint HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nold';
    const broken = connect(port, '127.0.0.1');
    await new Promise((resolve) => broken.write(start, resolve));
    broken.destroy();
    const hanging = connect(port, '127.0.0.1').on('error', () => {});
    await new Promise((resolve) => hanging.write(start, resolve));
    expect((await ask(server.url, 5, 0)).isCosigned).toBe(true);
    const closed = once(hanging, 'close');
    await server.close();
    await closed;
    expect(JSON.stringify(written)).not.toContain('could not be answered');
    expect(await ask(server.url, 5, 0)).toEqual({
      isCosigned: false,
      why: 'the witness could not be asked: ECONNREFUSED',
    });
    // What runs after each test closes a server.
    server = { url: '', close: async () => {} };
  });
});

describe('cosign and what is no witness', () => {
  let server: Server;
  let url: string;
  let answer: (request: IncomingMessage, response: ServerResponse) => void;

  beforeEach(async () => {
    server = createServer((request, response) => answer(request, response));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  const says =
    (status: number, body: string | Buffer, type = 'text/x.tlog.size'): typeof answer =>
    (request, response) => {
      request.resume().on('end', () => response.writeHead(status, { 'content-type': type }).end(body));
    };
  const text = log.text(5);
  const good = signCosignature(text, WITNESS_KEY, 1_700_000_000);
  const line = (signature: typeof good): string => `${formatSignatureLine(signature)}\n`;
  const stranger = signCosignature(text, createSignerKey('w2.example', Buffer.alloc(32, 1)), 1);

  test('takes its cosignatures and drops those of others', async () => {
    answer = says(200, line(stranger) + line(good) + line(signNote(text, WITNESS_KEY)));
    expect(await ask(url, 5, 0)).toEqual({ isCosigned: true, cosignatures: [good] });
  });

  test.each<[string, ReturnType<typeof says>, string]>([
    ['nothing', says(200, ''), 'without signature lines'],
    ['an empty line', says(200, '\n'), 'lines that are not signature lines'],
    ['a page', says(200, '<html>\n'), 'lines that are not signature lines'],
    ['no UTF-8', says(200, Buffer.from([0xff, 0x0a])), 'without signature lines'],
    ['a line without its end', says(200, line(good).trimEnd()), 'without signature lines'],
    [
      'a note',
      says(200, Buffer.concat([log.checkpoint(5), Buffer.from(line(good))])),
      'lines that are not signature lines',
    ],
    ["strangers' signatures", says(200, line(stranger)), 'without a signature by its key'],
    ['a note signature', says(200, line(signNote(text, WITNESS_KEY))), 'without a signature by its key'],
    ['a cosignature of another tree', says(200, line(signCosignature(log.text(4), WITNESS_KEY, 1))), 'does not verify'],
    ['a good and a bad one', says(200, line(good) + line({ ...good, signature: Buffer.alloc(72) })), 'does not verify'],
    ['a short one', says(200, line({ ...good, signature: Buffer.alloc(3) })), 'does not verify'],
    ['too much', says(200, line(good).repeat(2000)), 'with more than 65536 bytes'],
    ['404', says(404, 'no'), '404'],
    ['500', says(500, 'x'.repeat(10_000)), '500'],
    ['204', says(204, ''), '204'],
    ['a size of another type', says(409, '3\n', 'text/plain'), 'without the size'],
    ['no size', says(409, ''), 'without the size'],
    ['a size without its end', says(409, '3'), 'without the size'],
    ['a size that is none', says(409, '-3\n'), 'without the size'],
    ['two sizes', says(409, '3\n4\n'), 'without the size'],
    ['a size beyond 2^53', says(409, '9007199254740993\n'), 'without the size'],
    ['the size that was asked for', says(409, '2\n'), 'the size it was asked for'],
    ['a size above that of the log', says(409, '6\n'), 'has cosigned 6 entries'],
    ['a redirect', (_, response) => response.writeHead(307, { location: `${url}/x` }).end(), 'could not be asked'],
    ['a broken connection', ({ socket }) => socket.destroy(), 'could not be asked'],
    ['no HTTP', ({ socket }) => void socket.end('hello\r\n\r\n'), 'could not be asked'],
    [
      'compressed bytes that are none',
      (_, response) => {
        response.writeHead(200, { 'content-encoding': 'gzip' }).end('not compressed at all');
      },
      'could not be asked',
    ],
  ])('%s gets a reason', async (_what, given, why) => {
    answer = given;
    expect(await ask(url, 5, 2)).toMatchObject({ isCosigned: false, why: expect.stringContaining(why) as string });
  });

  test('gives up on a size that changes each time', async () => {
    let asked = 0;
    answer = (request, response) => says(409, `${asked++ % 2}\n`)(request, response);
    expect(await ask(url, 5, 2)).toMatchObject({
      isCosigned: false,
      why: expect.stringContaining('3 times') as string,
    });
    expect(asked).toBe(3);
  });

  test.each<[string, typeof answer]>([
    ['never answers', () => {}],
    ['never ends its answer', (_, response) => void response.writeHead(200).write('—')],
  ])('stops waiting for one that %s', async (_what, given) => {
    answer = given;
    expect(await ask(url, 5, 0, log, 200)).toEqual({ isCosigned: false, why: 'the witness did not answer in time' });
  });

  test('an answer without end is cut off', async () => {
    answer = (_, response) => {
      const more = (): void => {
        while (response.write('x'.repeat(1000)));
      };
      response.on('drain', more);
      more();
    };
    expect(await ask(url, 5, 0)).toMatchObject({
      isCosigned: false,
      why: expect.stringContaining('with more than 65536 bytes') as string,
    });
  });

  test.each<[string, Partial<WitnessAddress>, Partial<CosignRequest>, string]>([
    ['a URL that is none', { url: 'nowhere' }, {}, 'could not be asked'],
    ['a key of a log', { verifierKey: LOG_KEY.verifierKey }, {}, 'not of a witness'],
    ['a checkpoint that is none', {}, { checkpoint: Buffer.from('x') }, 'could not be asked'],
    ['a size that is none', {}, { knownSize: NaN }, 'could not be asked'],
    ['a proof that fails', {}, { proveConsistency: () => Promise.reject(new Error('no tiles')) }, 'no tiles'],
    ['a proof that hangs', {}, { proveConsistency: () => new Promise(() => {}) }, 'in time'],
  ])('%s gets a reason', async (_what, witness, request, why) => {
    answer = says(200, '');
    const timeoutMs = why === 'in time' ? 100 : 10_000;
    const cosigned = await remoteWitness({ verifierKey: KEY, url, ...witness }, timeoutMs).cosign({
      checkpoint: log.checkpoint(5),
      knownSize: 2,
      proveConsistency: async () => [],
      ...request,
    });
    expect(cosigned).toMatchObject({ isCosigned: false, why: expect.stringContaining(why) as string });
  });
});
