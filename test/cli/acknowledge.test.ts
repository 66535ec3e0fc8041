import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BlobStore } from '../../src/adapters/blobStore.ts';
import { command as acknowledgeCommand } from '../../src/cli/commands/acknowledge.ts';
import type { Outside } from '../../src/cli/outside.ts';
import { formatSignerKey } from '../../src/core/note/signerKey.ts';
import type { SignerKey } from '../../src/core/note/signerKey.ts';
import { actionName } from '../../src/core/objects/names.ts';
import { startStack } from '../local/worm/harness.ts';
import type { Stack } from '../local/worm/harness.ts';
import { FOREIGN, REGISTERED, planted } from '../support/acknowledged.ts';
import { armOutside, terminalOf } from '../support/armOutside.ts';
import type { Terminal } from '../support/armOutside.ts';
import { LEDGER, timeOf } from '../support/forge.ts';
import { KeptLog } from '../support/keptLog.ts';
import { SECOND } from '../support/loggedLedger.ts';
import type { Ledger } from '../support/loggedLedger.ts';
import { KEY, OPERATOR, integrateOf, keyOf } from '../support/logs.ts';
import { auditseal, inProcess } from '../support/program.ts';
import type { Ended } from '../support/program.ts';
import { SECRET, SPELLINGS } from '../support/secrets.ts';

let stack: Stack;
let folder = '';
let count = 0;
beforeAll(async () => {
  stack = await startStack();
  folder = await mkdtemp(join(tmpdir(), 'auditseal-test-'));
});
afterAll(async () => {
  await stack.close();
  await rm(folder, { recursive: true });
});

interface Stored extends Omit<Ledger, 'store'> {
  readonly url: string;
  readonly store: BlobStore;
}

/** stored puts a ledger into a container. */
async function stored({ store: memory, tiles }: Ledger): Promise<Stored> {
  const name = `ledger-${++count}`;
  await stack.container(name).create();
  const store = new BlobStore(stack.sasContainer(name, 'rcl'));
  for (const [object, bytes] of memory.objects) await store.create(object, bytes);
  return { store, tiles, url: stack.sasContainer(name, 'rcl').url };
}

/** keyFile writes a key as keygen does. */
async function keyFile(key: SignerKey): Promise<string> {
  const file = join(folder, `${key.verifierKey.keyId}.key`);
  await writeFile(file, `${formatSignerKey(key)}\n`);
  return file;
}

const outside = (terminal?: Terminal): Outside => armOutside(stack.gateway, stack.arm, terminal);
const acknowledge = (
  { url }: Pick<Stored, 'url'>,
  args: readonly string[],
  world = outside(),
): Promise<{ code: number; out: string }> => inProcess(async () => acknowledgeCommand.run([url, ...args], world));
const actionsIn = async ({ store }: Stored): Promise<string[]> => {
  const names: string[] = [];
  for await (const { name } of store.list('actions/')) names.push(name);
  return names;
};

test('a finding is acknowledged, by whom and why is asked, and verify says so once the log has it', async () => {
  const ledger = await stored(await planted());
  const terminal = terminalOf('ann', 'a copy of ours');
  const args = ['--finding', `foreign-object:${FOREIGN}`, '--key', await keyFile(OPERATOR)];
  const { code, out } = await acknowledge(ledger, args, outside(terminal));
  expect([code, terminal.asked.length]).toEqual([0, 2]);
  expect(out).toContain(`recorded    ${actionName(0)}: foreign-object: ${FOREIGN}\n`);
  const verify = (): Promise<Ended> => auditseal('verify', ledger.url);
  expect(await verify()).toMatchObject({ code: 1 });
  const now = (): number => Date.parse(timeOf(SECOND + 21));
  await integrateOf(ledger.store, ledger.tiles, { operators: REGISTERED, now }).run(new KeptLog());
  const verified = await verify();
  expect(verified.stdout).toMatch(new RegExp(`^verified: ${LEDGER}, with 1 finding acknowledged\n`));
  expect(verified.stdout).toMatch(
    new RegExp(
      `error foreign-object: ${FOREIGN}: .*\n    acknowledged by ann at .* \\(${actionName(0)}\\): a copy of ours\n`,
    ),
  );
  expect(verified.code).toBe(0);
  // What is open comes before what is not, whatever it is called.
  await ledger.store.create('zoo.txt', Buffer.from('junk'));
  expect((await verify()).stdout).toMatch(/foreign-object: zoo\.txt: [^]*foreign-object: planted\.txt: /);
});

test('several at once get an action each, one that is given twice gets one', async () => {
  const ledger = await stored(await planted());
  const object = 'batches/000000000000.jsonl';
  const findings = ['--finding', `foreign-object:${FOREIGN}`, '--finding', `clock-ahead:${object}`];
  const words = ['--who', 'ann', '--why', 'a test'];
  const given = [...findings, ...findings, ...words, '--key', await keyFile(OPERATOR)];
  const { out } = await acknowledge(ledger, given);
  // Whether there is such a finding, only verify can tell.
  expect(out).toContain('If verify lists that finding then, it is shown as acknowledged.');
  expect(await actionsIn(ledger)).toEqual([actionName(0), actionName(1)]);
});

test('a name that looks like a secret can be acknowledged too, and no fault repeats it', async () => {
  const memory = await planted();
  const [name, missing] = [`export?sig=${SECRET}.csv`, `dump code=${SECRET}.txt`];
  memory.store.objects.set(name, Buffer.from('junk'));
  const ledger = await stored(memory);
  const words = ['--who', 'ann', '--why', 'a test', '--key', await keyFile(OPERATOR)];
  expect(await acknowledge(ledger, ['--finding', `foreign-object:${name}`, ...words])).toMatchObject({ code: 0 });
  const failed = [`foreign-object:${missing}`, `AccountKey=${SECRET}:x`, `sig=${SECRET}`];
  for (const finding of failed) {
    const error = await acknowledge(ledger, ['--finding', finding, ...words]).catch((thrown: unknown) => thrown);
    expect(String(error)).toMatch(/--finding.*(there is no object|can't be acknowledged|must be CODE:OBJECT)/);
    expect(String(error)).not.toContain(SECRET);
  }
  const gone = { url: stack.sasContainer('no-such-ledger', 'rcl').url };
  const args = ['--finding', `foreign-object:${missing}`, ...words];
  expect(String(await acknowledge(gone, args).catch((thrown: unknown) => thrown))).not.toContain(SECRET);
  expect(await actionsIn(ledger)).toEqual([actionName(0)]);
});

describe('nothing is recorded', () => {
  const good = ['--finding', `foreign-object:${FOREIGN}`, '--who', 'ann', '--why', 'a test'];

  test.each<[string, readonly string[], SignerKey, string]>([
    [
      'for a code that says that evidence was changed',
      ['--finding', 'segment-changed:x', ...good.slice(2)],
      OPERATOR,
      "segment-changed can't be acknowledged",
    ],
    ['for what is no finding', ['--finding', FOREIGN, ...good.slice(2)], OPERATOR, '--finding must be CODE:OBJECT'],
    [
      'for an object that is not there',
      ['--finding', 'foreign-object:nothing', ...good.slice(2)],
      OPERATOR,
      'there is no object nothing',
    ],
    ['with a key that the log does not know', good, keyOf(77, `${LEDGER}/operator`), "the log doesn't know this key"],
    ["with the log's key", good, KEY, `the key's name is ${LEDGER}; expected that of an operator`],
    ['without a reason', good.slice(0, 4), OPERATOR, 'nobody is at the terminal'],
    [
      'for a reason of two lines',
      [...good.slice(0, 4), '--why', 'a\u2028b'],
      OPERATOR,
      '--why must be a reason on one line',
    ],
    [
      'for a reason that is too long',
      [...good.slice(0, 4), '--why', 'a'.repeat(1001)],
      OPERATOR,
      '--why must be a reason on one line',
    ],
  ])('%s', async (_what, args, key, why) => {
    const ledger = await stored(await planted());
    await expect(acknowledge(ledger, [...args, '--key', await keyFile(key)])).rejects.toThrow(why);
    expect(await actionsIn(ledger)).toEqual([]);
  });

  test('with two keys, or none', async () => {
    const both = ['--key', await keyFile(OPERATOR), '--vault-key', 'https://vault.vault.azure.net/keys/a/b'];
    for (const keys of [both, []])
      await expect(acknowledge({ url: folder }, [...good, ...keys])).rejects.toThrow(
        'give --key or --vault-key, one of the two',
      );
  });

  test('with a key that is revoked, or where there is no log', async () => {
    const key = ['--key', await keyFile(OPERATOR)];
    const ledger = await stored(await planted());
    const operators = { registered: [], revoked: [OPERATOR.verifierKey] };
    await integrateOf(ledger.store, ledger.tiles, { operators }).run(new KeptLog());
    await expect(acknowledge(ledger, [...good, ...key])).rejects.toThrow('the log has revoked this key');
    const { store, ...rest } = await planted();
    for (const name of store.objects.keys()) if (name.startsWith('batches/')) store.objects.delete(name);
    const bare = await stored({ store, ...rest });
    await expect(acknowledge(bare, [...good, ...key])).rejects.toThrow('the ledger has no log');
  });

  test('in a copy', async () => {
    await expect(acknowledge({ url: folder }, [...good, '--key', await keyFile(OPERATOR)])).rejects.toThrow(
      'TARGET must be the URL of a container',
    );
  });

  test('that holds a secret, typed at the terminal', async () => {
    const ledger = await stored(await planted());
    const world = outside(terminalOf(SPELLINGS['a signer key'] as string));
    const args = [...good.slice(0, 2), '--key', await keyFile(OPERATOR)];
    await expect(acknowledge(ledger, args, world)).rejects.toThrow('it would stand in the ledger for ever');
    expect(await actionsIn(ledger)).toEqual([]);
  });
});
