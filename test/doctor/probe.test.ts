import { MemoryStore } from '../support/memoryStore.ts';
import { MemoryTiles } from '../support/memoryTiles.ts';
import { LEDGER, forge, nameOf, timeOf } from '../support/forge.ts';
import { eventAt, ingestOf, sealAll } from '../support/hub.ts';
import { KeptLog } from '../support/keptLog.ts';
import { KEY, integrateOf, keyOf } from '../support/logs.ts';
import { AUDITORS } from '../support/reports.ts';
import { policyOf } from '../support/witnesses.ts';
import type { WitnessPolicy } from '../../src/core/note/witnessPolicy.ts';
import { AuditsealError } from '../../src/core/errors.ts';
import { ProbeSteps } from '../../src/doctor/probe.ts';
import type { Outcome } from '../../src/doctor/step.ts';

const ID = '6f1d2c3b-0000-4000-8000-123456789abc';
const KEYS = { origin: LEDGER, verifiers: [KEY.verifierKey], auditors: AUDITORS };
const NEVER = new AbortController().signal;

let store: MemoryStore;
let tiles: MemoryTiles;
beforeEach(async () => {
  [store, tiles] = [new MemoryStore(), new MemoryTiles()];
  await sealAll(ingestOf(store), [eventAt(0)]);
});

const sealRecord = async (id: string, number = 1): Promise<void> =>
  void (await sealAll(ingestOf(store), [
    eventAt(number, number, `{"records":[{"a":1},{"properties":{"id":"${id}"}}]}`),
  ]));
const integrate = async (): Promise<void> =>
  integrateOf(store, tiles)
    .run(new KeptLog())
    .then(() => undefined);

/** stepsOf follows a record that somebody seals as soon as it is sent. */
const stepsOf = (send: (id: string) => Promise<void>, mostMs = 5000): ProbeSteps =>
  new ProbeSteps({ store, tiles, now: Date.now }, { way: 'here', mostMs, send }, ID);

const sealed = (steps: ProbeSteps, mostHints: readonly string[] = []): Promise<Outcome> =>
  steps.sealed(KEYS, () => mostHints, NEVER);
const proved = (steps: ProbeSteps, mostMs = 5000, policy?: WitnessPolicy, keys = KEYS): Promise<Outcome> =>
  steps.proved(keys, { mostMs, policy, hints: () => ['integrate of app is switched off'], signal: NEVER });

test('a record that is sealed and integrated is found by its id and proved with the log’s key', async () => {
  const steps = stepsOf(async (id) => {
    await sealRecord(id);
    await integrate();
  });
  expect(await steps.send(KEYS)).toMatchObject({ state: 'ok', said: expect.stringContaining(ID) as string });
  expect(await sealed(steps)).toMatchObject({ state: 'ok', said: expect.stringContaining(nameOf(1)) as string });
  expect(await proved(steps)).toMatchObject({
    state: 'ok',
    said: expect.stringContaining('proved with the log') as string,
  });
});

test('whoever may not send learns what that takes, and nothing of the deployment', async () => {
  const steps = stepsOf(async () => Promise.reject(new AuditsealError('HUB_REFUSED', 'may not send')));
  expect(await steps.send(KEYS)).toMatchObject({
    state: 'unknown',
    said: 'may not send',
    advice: expect.stringContaining('Data Sender') as string,
  });
});

test('a record of before, and one with another id, is not taken for it', async () => {
  await sealRecord(ID);
  const steps = stepsOf(async () => sealRecord('another', 2), 1);
  await steps.send(KEYS);
  expect(await sealed(steps, ['ingest of app is switched off'])).toMatchObject({
    state: 'failed',
    said: expect.stringMatching(/^it is in no segment after \d+ s; ingest of app is switched off$/) as string,
  });
});

test('a segment by a sealer whose certificate has expired counts for nobody, and is named with the reason', async () => {
  const steps = stepsOf(async () => {
    const session = { from: timeOf(-9000), until: timeOf(-8000) };
    const { stored } = forge({
      index: 1,
      session,
      edit: (lines) => [...lines.slice(0, -1), (lines.at(-1) ?? '').replace('"a"', `"${ID}"`)],
    });
    await store.create(nameOf(1), stored);
  }, 1);
  await steps.send(KEYS);
  expect(await sealed(steps)).toMatchObject({
    state: 'failed',
    said: expect.stringMatching(
      /000000000001.*counts for nothing, because it is sealed at a time that its certificate is not for/,
    ) as string,
  });
});

test('sealed and in no log: nothing is proved, and what is switched off is said', async () => {
  const steps = stepsOf(sealRecord);
  await steps.send(KEYS);
  await sealed(steps);
  expect(await proved(steps, 1)).toMatchObject({
    state: 'failed',
    said: expect.stringMatching(/no entry.*; integrate of app is switched off$/) as string,
  });
});

test('a checkpoint of another key, and one that the witnesses have not cosigned, prove nothing', async () => {
  const steps = stepsOf(async (id) => {
    await sealRecord(id);
    await integrate();
  });
  await steps.send(KEYS);
  await sealed(steps);
  const policy = policyOf([1], 1);
  expect(await proved(steps, 1, policy)).toMatchObject({
    state: 'failed',
    said: expect.stringContaining('not cosigned') as string,
  });
  const { state } = await proved(steps, 1, undefined, { ...KEYS, verifiers: [keyOf(9).verifierKey] }).catch(() => ({
    state: 'failed',
  }));
  expect(state).toBe('failed');
});
