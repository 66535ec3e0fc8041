import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from '../../src/cli/command.ts';
import { COMMANDS } from '../../src/cli/commands.ts';
import type { Outside } from '../../src/cli/outside.ts';
import { AuditsealError } from '../../src/core/errors.ts';
import { formatSignerKey } from '../../src/core/note/signerKey.ts';
import { formatVerifierKey } from '../../src/core/note/verifierKey.ts';
import { writeMirror } from '../support/logMirror.ts';
import { ledgerOf } from '../support/loggedLedger.ts';
import { KEY } from '../support/logs.ts';
import { CLI, ROOT, inProcess, runNode } from '../support/program.ts';
import { picked } from '../support/sample.ts';
import type { Ended } from '../support/program.ts';
import { SECRET, SPELLINGS } from '../support/secrets.ts';
import { namesRead } from '../support/settings.ts';
import { policyText, witnessKey } from '../support/witnesses.ts';

const VKEY = formatVerifierKey(KEY.verifierKey);
const ID = `/subscriptions/${'1'.repeat(8)}-1111-1111-1111-${'1'.repeat(12)}/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/account`;
const CONTAINER = 'https://account.blob.core.windows.net/ledger';

const commands = new Map<string, Command>();
let work: string;
let busy: Server;

beforeAll(async () => {
  for (const [name, { load }] of Object.entries(COMMANDS)) commands.set(name, (await load()).command);
  work = await mkdtemp(join(tmpdir(), 'auditseal-test-'));
  await writeMirror(join(work, 'mirror'), await ledgerOf(2));
  await writeFile(join(work, 'policy'), policyText([1], 1));
  await writeFile(join(work, 'witness.key'), formatSignerKey(witnessKey(1)));
  // A witness that took its arguments must not run on: its port is taken.
  busy = createServer().listen(0, '127.0.0.1');
  await once(busy, 'listening');
  process.env['INIT_CWD'] = work;
});
afterAll(async () => {
  delete process.env['INIT_CWD'];
  busy.close();
  await rm(work, { recursive: true });
});

/** argumentOf gives what is right for an argument of a command. */
const argumentOf = (command: string, name: string): string => {
  if (name === 'TARGET') return ['lock', 'hold', 'posture'].includes(command) ? CONTAINER : 'mirror';
  return { DIR: 'copy', PARTITION: '0', RECORD: '0', FILE: 'evidence.json' }[name] ?? 'set';
};

/** neededBy gives the options without which a command does nothing. */
function neededBy(command: string): Readonly<Record<string, string>> {
  const { port } = busy.address() as AddressInfo;
  const needed: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    prove: { partition: '0', record: '0' },
    keygen: { name: 'logs.example.com/prod', out: 'log.key' },
    witness: { key: 'witness.key', log: VKEY, state: 'witness.state', listen: `127.0.0.1:${port}` },
    check: { key: VKEY },
    lock: { 'resource-id': ID, why: 'a test', confirm: 'ledger' },
    hold: { 'resource-id': ID, why: 'a test', case: 'case1' },
    posture: { 'resource-id': ID },
  };
  return needed[command] ?? {};
}

/** What is searched for may be a secret that somebody logged: it is taken, and repeated nowhere either. */
const isSearched = (command: string, place: string): boolean =>
  command === 'find' && commands.get('find')?.text.options[place.slice(2)]?.type === 'names';

/** lineOf makes a command line that is right but for one place: an argument, an option, or something too much. */
function lineOf(command: string, place: string, value: string): string[] {
  const { text } = commands.get(command) as Command;
  const options = { ...neededBy(command), ...(place.startsWith('--') && { [place.slice(2)]: value }) };
  return [
    ...Object.entries(options).map(([name, given]) => `--${name}=${given}`),
    ...(place === 'no option' ? [`--${value}`] : []),
    '--',
    ...text.arguments.map((name) => (name === place ? value : argumentOf(command, name))),
    ...(place === 'one too many' ? [value] : []),
  ];
}

/** placesOf gives where a command line can hold something. */
const placesOf = (command: string): string[] => {
  const { text } = commands.get(command) as Command;
  return [...text.arguments, ...Object.keys(text.options).map((name) => `--${name}`), 'no option', 'one too many'];
};

/** leakedTo tells whether the secret was printed, or is in a file or in its name. */
async function leakedTo(printed: string): Promise<string[]> {
  const leaks = printed.toLowerCase().includes(SECRET.toLowerCase()) ? [printed] : [];
  for (const entry of await readdir(work, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (path.includes(SECRET) || (entry.isFile() && (await readFile(path)).includes(SECRET))) leaks.push(path);
  }
  return leaks;
}

/** Whoever asks it has let a secret through, unless the place may hold one. */
const OUTSIDE: Outside = {
  connect: async () => Promise.reject(new AuditsealError('STORE_REFUSED', 'nobody is signed in')),
  ask: async () => Promise.resolve(undefined),
  now: Date.now,
};

const program = (...args: readonly string[]): Promise<Ended> => runNode([CLI, ...args], { INIT_CWD: work });

describe.each(Object.keys(COMMANDS))('auditseal %s', (command) => {
  test('refuses a secret wherever it stands, and repeats it nowhere', async () => {
    const wrong: unknown[] = [];
    for (const place of placesOf(command)) {
      for (const [what, value] of picked(Object.entries(SPELLINGS), 1, 1)) {
        const { code, out } = await inProcess(async () => {
          try {
            return await (commands.get(command) as Command).run(lineOf(command, place, value), OUTSIDE);
          } catch (error) {
            process.stderr.write(String((error as Error).stack));
            return error instanceof AuditsealError && error.code === 'USAGE' ? 64 : 2;
          }
        });
        const isRight = code === 64 || (code === 0 && isSearched(command, place));
        if (!isRight || out.includes(SECRET)) wrong.push({ place, what, code, out });
      }
    }
    expect(wrong).toEqual([]);
    expect(await leakedTo('')).toEqual([]);
  });

  test('does so as a program', async () => {
    const spellings = Object.values(SPELLINGS);
    const places = placesOf(command).filter((place) => !isSearched(command, place));
    const lines = places.map((place, i) => lineOf(command, place, spellings[i % spellings.length] as string));
    for (const line of picked(lines, 1, 3)) {
      const { code, stdout, stderr } = await program(command, ...line);
      expect([line, code, stdout]).toEqual([line, 64, '']);
      expect(await leakedTo(stdout + stderr)).toEqual([]);
    }
  });
});

test('a command that is a secret is not repeated, one that is none is', async () => {
  for (const value of Object.values(SPELLINGS).slice(0, 3)) {
    const { code, stdout, stderr } = await program(value, 'mirror');
    expect([code, await leakedTo(stdout + stderr)]).toEqual([64, []]);
  }
  expect((await program('frobnicate')).stderr).toContain('there is no command "frobnicate"');
});

test('settings of the app that hold secrets are nothing to the command line', async () => {
  const env = Object.fromEntries([...namesRead()].map((name) => [name, SPELLINGS['a signer key'] as string]));
  for (const args of [
    ['verify', 'mirror'],
    ['verify', 'nothing'],
    ['check', 'nothing'],
  ]) {
    const { stdout, stderr } = await runNode([CLI, ...args], { ...env, INIT_CWD: work });
    expect(await leakedTo(stdout + stderr)).toEqual([]);
  }
});

test('a folder that is called after one, from where the user is, is not named', async () => {
  const folder = await mkdtemp(join(tmpdir(), `auditseal-sig=${SECRET}-`));
  try {
    await mkdir(join(folder, 'state'));
    await writeFile(join(folder, 'witness.key'), formatSignerKey(witnessKey(1)));
    await writeFile(join(folder, 'damaged'), 'x');
    const witness = ['witness', '--key', 'witness.key', '--log', VKEY, '--state'];
    for (const args of [
      ['verify', 'nothing'],
      ['verify', '.', '--tlog', 'nothing'],
      ['verify', '.', '--since', 'nothing', '--threads', '1'],
      ['mirror', '.', 'damaged'],
      ['keygen', '--name', 'a', '--out', 'no/key'],
      ['rebuild-tiles', '.', '--tlog', 'damaged'],
      [...witness, 'state'],
      [...witness, 'damaged'],
      [...witness, 'no/state'],
    ]) {
      const { code, stdout, stderr } = await runNode([CLI, ...args], { INIT_CWD: folder });
      expect([args, code, (stdout + stderr).includes(SECRET)]).toEqual([args, 2, false]);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('arguments and settings are read in one place each, where secrets are refused', () => {
  const reading = (what: RegExp): string[] =>
    readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && what.test(readFileSync(join(ROOT, 'src', file), 'utf8')))
      .toSorted();
  expect(reading(/\bargv\b/)).toEqual(['cli/main.ts']);
  expect(reading(/\bprocess\.env\b/)).toEqual(['cli/files.ts', 'config/config.ts']);
  expect(reading(/\bparseArgs\b/)).toEqual(['cli/usage.ts']);
});

test('what is no secret is named in what is said of it', async () => {
  await mkdir(join(work, 'folder'), { recursive: true });
  for (const [args, said] of [
    [['verify', 'no-such-mirror'], 'no-such-mirror is neither a folder nor a URL'],
    [['verify', 'mirror', '--since', 'no-report.json'], '--since: no-report.json can'],
    [['verify', 'mirror', '--policy', 'no-policy'], '--policy: no-policy can'],
    [['verify', 'mirror', '--frobnicate'], 'there is no option --frobnicate'],
    [['keygen', '--name', 'a', '--out', 'folder'], '--out: folder is there already'],
    [['mirror', 'mirror', 'policy'], "policy can't be made a folder"],
  ] as const) {
    expect((await program(...args)).stderr).toContain(said);
  }
  const refused = await program('verify', SPELLINGS['a SAS without a scheme'] as string);
  expect(refused.stderr).toContain('TARGET holds a secret');
  expect(refused.stderr).toContain('https://');
});

describe('a SAS in the URL of a container', () => {
  let server: Server;
  let answer = 403;
  const LIST = '<?xml version="1.0"?><EnumerationResults><Blobs/><NextMarker/></EnumerationResults>';
  beforeAll(async () => {
    // What Azure says may quote what was asked, and so the SAS.
    server = createServer(({ url = '', method }, response) => {
      const isList = url.includes('comp=list');
      // 200 stands for an empty container that takes no write.
      const status = answer !== 200 ? answer : method === 'PUT' ? 400 : isList ? 200 : 404;
      response.writeHead(status, { 'content-type': 'application/xml', 'x-ms-error-code': url });
      const quoted = url.replaceAll('&', '&amp;');
      const error = `<?xml version="1.0"?><Error><Code>${quoted}</Code><Message>${quoted}</Message></Error>`;
      response.end(method === 'HEAD' ? '' : status === 200 ? LIST : error);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(() => void server.close());

  const urlTo = (path: string): string =>
    `http://127.0.0.1:${(server.address() as AddressInfo).port}/${path}?sv=2025-01-05&sig=${SECRET}`;

  test.each(Object.keys(COMMANDS))('is used and not shown: auditseal %s', async (command) => {
    const { text } = commands.get(command) as Command;
    const places = [
      ...text.arguments.filter((name) => name === 'TARGET'),
      ...Object.entries(text.options).flatMap(([name, { type }]) => (type === 'target' ? [`--${name}`] : [])),
    ];
    for (const place of places) {
      for (const [status, url] of [
        [400, urlTo('account/ledger')],
        [403, urlTo('account/ledger')],
        [404, urlTo('account/ledger')],
        [200, urlTo('account/ledger')],
        [404, urlTo('')],
        [404, `http://[?sig=${SECRET}`],
      ] as const) {
        answer = status;
        const { code, out } = await inProcess(async () => {
          try {
            return await (commands.get(command) as Command).run(lineOf(command, place, url), OUTSIDE);
          } catch (error) {
            process.stderr.write(String((error as Error).stack));
            return error instanceof AuditsealError ? 2 : 3;
          }
        });
        const fault = code === 3 ? out : 'none';
        expect({ place, status, fault, leaks: await leakedTo(out) }).toEqual({
          place,
          status,
          fault: 'none',
          leaks: [],
        });
      }
    }
  });
});
