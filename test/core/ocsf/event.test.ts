import { createHash } from 'node:crypto';
import { FACTS, faultsIn } from '../../support/ocsfFacts.ts';
import { exampleHits, hitOf, hitsOf } from '../../support/hits.ts';
import { Random } from '../../support/random.ts';
import { CLASSES, OCSF_VERSION } from '../../../src/core/ocsf/classes.ts';
import type { OcsfClass } from '../../../src/core/ocsf/classes.ts';
import { OcsfExporter } from '../../../src/export/ocsf.ts';
import { rawOf, recordHashOf } from '../../../src/find/hit.ts';
import type { Hit } from '../../../src/find/hit.ts';

type Event = Readonly<Record<string, unknown>> & {
  readonly class_uid: number;
  readonly activity_id: number;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly unmapped: Readonly<Record<string, unknown>> & { readonly auditseal: Readonly<Record<string, unknown>> };
};

const exporter = new OcsfExporter({
  version: '1.2.3',
  ledger: () => 'logs.example.com/audit',
  printable: (text) => text,
});
const eventOf = (hit: Hit): Event => JSON.parse(exporter.add(hit)) as Event;
/** The one event of a record. */
const event = (record: object | string): Event => {
  const [hit, ...more] = hitsOf(typeof record === 'string' ? record : JSON.stringify(record));
  expect(more).toEqual([]);
  return eventOf(hit as Hit);
};

test('every record of every example is an event that the schema allows, and leads back to itself', () => {
  let events = 0;
  const classes = new Set<number>();
  for (const [name, hits] of exampleHits())
    for (const hit of hits) {
      const made = eventOf(hit);
      expect([name, hit.record, faultsIn(made)]).toEqual([name, hit.record, []]);
      expect(made.unmapped.auditseal).toMatchObject({
        ledger: 'logs.example.com/audit',
        partition: 0,
        record: hit.record,
        segment: hit.segment,
        leaf: hit.leaf,
        entry: 17,
        hash: recordHashOf(hit),
      });
      expect(made.metadata['uid']).toBe(`logs.example.com/audit/0/${hit.record}`);
      const { bytes } = rawOf(hit);
      const { raw_data: text, raw_data_hash: hash } = made;
      if (text === undefined) expect(made.unmapped.auditseal['raw_base64']).toBe(bytes.toString('base64'));
      else {
        expect(Buffer.from(text as string).equals(bytes)).toBe(true);
        const value = createHash('sha256').update(bytes).digest('hex');
        expect(hash).toEqual({ algorithm_id: 3, algorithm: 'SHA-256', value });
      }
      classes.add(made.class_uid);
      events += 1;
    }
  expect(events).toBeGreaterThan(150);
  expect([...classes].toSorted((a, b) => a - b)).toEqual([0, 2004, 3002, 3004, 4001, 4002, 4003, 6003, 6005]);
});

test.each([
  [
    'activity-write.json',
    [
      [6003, 99],
      [6003, 99],
    ],
  ],
  ['activity-security.json', [[2004, 1]]],
  [
    'aks-kube-audit.json',
    [
      [6003, 2],
      [6003, 3],
      [6003, 1],
    ],
  ],
  ['appgateway-access.json', [[4002, 3]]],
  ['containerregistry-events.json', [[3002, 1]]],
  ['cosmosdb-dataplane.json', [[6005, 6]]],
  ['databricks-audit.json', [[6003, 99]]],
  [
    'defender-xdr.json',
    [
      [0, 0],
      [0, 0],
      [2004, 1],
    ],
  ],
  [
    'entra-audit.json',
    [
      [3004, 99],
      [3004, 3],
      [3004, 3],
    ],
  ],
  [
    'entra-signin.json',
    [
      [3002, 1],
      [3002, 1],
    ],
  ],
  ['entra-serviceprincipal.json', [[3002, 1]]],
  [
    'firewall-rules.json',
    [
      [4001, 99],
      [4001, 99],
      [4003, 6],
      [0, 0],
    ],
  ],
  [
    'frontdoor-access.json',
    [
      [4002, 3],
      [0, 0],
    ],
  ],
  ['github-audit.ndjson', [[0, 0]]],
  ['graph-activity.json', [[6003, 2]]],
  ['keyvault-audit.json', [[6003, 99]]],
  ['linux-syslog.json', [[0, 0]]],
  ['sentinel-alert.json', [[2004, 1]]],
  [
    'sql-audit.json',
    [
      [6005, 4],
      [6005, 4],
      [6005, 3],
    ],
  ],
  ['storage-blob.json', [[6005, 1]]],
  [
    'windows-security.json',
    [
      [3002, 1],
      [0, 0],
    ],
  ],
])('the first records of %s are of these classes and activities', (name, wanted) => {
  const [, hits = []] = exampleHits().find(([file]) => file === name) ?? [];
  const made = hits.slice(0, wanted.length).map(eventOf);
  expect(made.map(({ class_uid: kind, activity_id: activity }) => [kind, activity])).toEqual(wanted);
});

test('a sign-in says who, at what, from where and how it ended', () => {
  const [, hits = []] = exampleHits().find(([file]) => file === 'entra-signin.json') ?? [];
  const [good, bad] = hits.map(eventOf);
  expect(good).toMatchObject({
    class_name: 'Authentication',
    type_name: 'Authentication: Logon',
    type_uid: 300_201,
    status_id: 1,
    user: {
      name: 'platform.engineer@contoso.example',
      uid: 'dddddddd-dddd-4ddd-8ddd-000000000061',
      type_id: 1,
    },
    service: { name: 'Windows Azure Service Management API' },
    src_endpoint: { ip: '203.0.113.61' },
    time: Date.parse('2026-11-07T08:30:12.441Z'),
    metadata: {
      version: '1.8.0',
      product: { name: 'Microsoft Entra ID', vendor_name: 'Microsoft' },
      original_time: '2026-11-07T08:30:12.4419023Z',
      log_name: 'SignInLogs',
      correlation_uid: 'cccccccc-cccc-4ccc-8ccc-000000000221',
      tenant_uid: 'aaaaaaaa-bbbb-4ccc-8ddd-000000000001',
    },
    observables: [
      { name: 'src_endpoint.ip', type_id: 2, value: '203.0.113.61' },
      { name: 'user.name', type_id: 4, value: 'platform.engineer@contoso.example' },
    ],
  });
  expect(bad).toMatchObject({ status_id: 2, status_code: '50126', src_endpoint: { ip: '198.51.100.213' } });
});

test('of two targets of a change nothing is put together', () => {
  const [, hits = []] = exampleHits().find(([file]) => file === 'entra-audit.json') ?? [];
  const made = eventOf(hits[0] as Hit);
  expect(made['entity']).toEqual({
    name: 'helpdesk.agent@contoso.example',
    uid: 'dddddddd-dddd-4ddd-8ddd-000000000033',
    type: 'User',
  });
  const nameless = event({
    category: 'AuditLogs',
    operationName: 'Add member to role',
    properties: {
      operationType: 'Assign',
      targetResources: [
        { id: '1', displayName: null, type: 'User' },
        { id: '2', displayName: 'Global Administrator', type: 'Role' },
      ],
    },
  });
  expect(nameless['entity']).toEqual({ uid: '1', type: 'User' });
});

test.each([
  ['Add user', 1],
  ['enable account', 2],
  ['Change user password', 3],
  ['Reset user password', 4],
  ['Disable account', 5],
  ['Delete user', 6],
])('%s is a change of an account', (operationName, activity) => {
  const target = { id: '1', userPrincipalName: 'a@contoso.example', type: 'User' };
  const made = event({ category: 'AuditLogs', operationName, properties: { targetResources: [target] } });
  expect([made.class_uid, made.activity_id, made['user']]).toEqual([
    3001,
    activity,
    { name: 'a@contoso.example', uid: '1', type_id: 1, type: 'User' },
  ]);
  const other = {
    category: 'AuditLogs',
    operationName,
    properties: { targetResources: [{ id: '1', type: 'Device' }] },
  };
  expect(event(other).class_uid).toBe(3004);
});

test.each([
  ['without an address', { callerIpAddress: undefined }],
  ['without who called', { identity: undefined }],
  ['with an address that is none', { callerIpAddress: '300.1.1.1' }],
  ['with a name for an address', { callerIpAddress: 'localhost' }],
])('a call %s lacks what its class requires, and is a base event of the same product', (_what, changes) => {
  const record = {
    category: 'AuditEvent',
    operationName: 'SecretGet',
    callerIpAddress: '203.0.113.9:443',
    identity: { claim: { upn: 'alice@contoso.example' } },
  };
  expect(event(record)).toMatchObject({
    class_uid: 6003,
    activity_id: 2,
    src_endpoint: { ip: '203.0.113.9', port: 443 },
  });
  const made = event({ ...record, ...changes });
  expect(made).toMatchObject({
    class_uid: 0,
    activity_id: 0,
    metadata: { product: { name: 'Azure Key Vault' } },
    unmapped: { category: 'AuditEvent', operation: 'SecretGet' },
  });
  expect(faultsIn(made)).toEqual([]);
});

test.each([
  ['Success', 1],
  ['succeeded', 1],
  ['204', 1],
  ['302', 1],
  ['403', 2],
  ['Failed', 2],
  ['Started', 99],
  ['12', 99],
  [undefined, 0],
])('the result %j has the status %d', (resultType, status) => {
  expect(event({ category: 'x', operationName: 'y', resultType })['status_id']).toBe(status);
});

test('what says no time that can be read has the time of the hub', () => {
  const [hit] = hitsOf('{"time":"yesterday","category":"x"}');
  const made = eventOf(hit as Hit);
  expect([made['time'], made.metadata['logged_time'], made.metadata['original_time']]).toEqual([
    Date.parse((hit as Hit).enqueued),
    Date.parse((hit as Hit).enqueued),
    'yesterday',
  ]);
});

const HOSTILE = [
  null,
  true,
  -0.5,
  1e300,
  2 ** 60,
  '',
  ' ',
  '\ud800',
  '\0\u202e',
  '300.1.1.1:70000',
  '[::1]:x',
  '::1',
  '1.2.3.4:0',
  'https://',
  '/',
  '/?',
  '//a',
  '[1,2',
  '{"a":',
  '[[{"id":1}]]',
  [],
  [[]],
  [null],
  {},
  { id: {} },
  ['a', 'b'],
  'a'.repeat(5000),
] as const;

/** spoiled changes some members of a value, wherever they are. */
function spoiled(value: unknown, random: Random): unknown {
  if (random.below(12) === 0) return HOSTILE[random.below(HOSTILE.length)];
  if (Array.isArray(value)) return value.map((item) => spoiled(item, random));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, spoiled(item, random)]));
}

test('records of every kind with hostile values are events that the schema allows', () => {
  const random = new Random(16);
  const classes = new Set<number>();
  const records = exampleHits()
    .flatMap(([, hits]) => hits.filter(({ form }) => form === undefined))
    .map((hit) => rawOf(hit).bytes.toString());
  for (let i = 0; i < 3000; i++) {
    const value = spoiled(JSON.parse(records[i % records.length] ?? ''), random);
    // An array would be several records, and what stands under this name too.
    if (typeof value !== 'object' || value === null || Array.isArray(value) || 'records' in value) continue;
    const record = JSON.stringify(value);
    const made = event(record);
    if (faultsIn(made).length > 0) expect([record, faultsIn(made)]).toEqual([record, []]);
    expect(made['raw_data']).toBe(record);
    classes.add(made.class_uid);
  }
  expect(classes.size).toBe(9);
});

test.each([
  ['deep nesting', `{"category":"AuditEvent","a":${'['.repeat(5000)}${']'.repeat(5000)}}`],
  ['a key that is a prototype', '{"category":"SignInLogs","__proto__":{"properties":{"userId":"x"}},"constructor":1}'],
  ['many members', `{"category":"AuditEvent",${Array.from({ length: 50_000 }, (_, i) => `"k${i}":${i}`).join()}}`],
  ['a list for an object', '{"category":"SignInLogs","properties":[[{"userPrincipalName":"a"}]]}'],
  [
    'a number too large',
    '{"category":"SecurityEvent","EventID":4624,"TargetUserName":"a","Computer":"b","IpPort":99999}',
  ],
])('%s', (_what, record) => {
  const made = event(record);
  expect(faultsIn(made)).toEqual([]);
  expect(made['raw_data']).toBe(record);
});

test('what is not UTF-8 is kept, and is no text of another', () => {
  const line = Buffer.from(
    '{"_base64":"/wAB","_reason":"not UTF-8","_seal":{"record":7,"event":9,"index":0,"enqueued":"2026-11-25T14:03:07.123Z","form":"base64"}}',
  );
  const made = eventOf(hitOf(line, { form: 'base64', isText: true, entry: undefined }));
  expect(faultsIn(made)).toEqual([]);
  expect([made['raw_data'], made['raw_data_hash'], made['raw_data_size']]).toEqual([undefined, undefined, 3]);
  expect(made.unmapped.auditseal).toMatchObject({ raw_base64: '/wAB', form: 'base64', entry: null });
});

test('the facts of the classes are those of the schema', () => {
  expect(OCSF_VERSION).toBe(FACTS.version);
  expect(Object.keys(CLASSES)).toHaveLength(FACTS.classes.length);
  for (const { uid, name, category, activities } of Object.values(CLASSES) as OcsfClass[]) {
    const facts = FACTS.classes.find((each) => each.uid === uid);
    expect([uid, facts?.name, facts?.category]).toEqual([uid, name, category]);
    expect(facts?.attributes['activity_id']?.values).toMatchObject(activities);
  }
});

test('the checker finds what is wrong', () => {
  const good = event({ category: 'x' });
  const wrong: readonly (readonly [object, string])[] = [
    [{ ...good, metadata: undefined }, 'metadata is required'],
    [{ ...good, severity_id: 7 }, 'severity_id: 7 is no value'],
    [{ ...good, colour: 1 }, 'colour is no attribute'],
    [{ ...good, time: 'now' }, 'time: expected a whole number'],
    [{ ...good, severity: 'High' }, 'severity: expected Unknown, got "High"'],
    [{ ...good, type_uid: 1 }, 'type_uid is not that of the class and activity'],
    [{ ...good, observables: [{ type_id: 3 }, {}] }, 'observables[1].type_id is required'],
    [{ ...good, class_uid: 3002, src_endpoint: { ip: 'x' } }, 'src_endpoint.ip: x is no ip_t'],
  ];
  for (const [made, fault] of wrong) expect(faultsIn(made as Event)).toContain(fault);
});
