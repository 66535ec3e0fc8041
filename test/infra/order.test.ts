import { readInVain, unordered } from './support/order.ts';
import type { Template } from './support/order.ts';
import { describeTemplates } from './support/templates.ts';

const IDENTITY = 'Microsoft.ManagedIdentity/userAssignedIdentities';
const MODULE = 'Microsoft.Resources/deployments';

/** A module makes an identity, which is read beside it, by a module that gives it a role. */
const template = (identity: object, role: object = {}): Template => ({
  resources: {
    identities: {
      type: MODULE,
      properties: { template: { resources: [{ type: IDENTITY }] } },
    },
    identity: { existing: true, type: IDENTITY, ...identity },
    role: {
      type: MODULE,
      dependsOn: ['identity', 'identities'],
      properties: { parameters: { id: "[reference('identity').principalId]" }, template: { resources: {} } },
      ...role,
    } as object as { type: string },
  },
});

test.each([
  ['that its module makes', {}, {}, ["t: identity doesn't wait for Microsoft.ManagedIdentity/userAssignedIdentities"]],
  ['that is waited for', { dependsOn: ['identities'] }, {}, []],
  ['that is waited for by way of another', { dependsOn: ['role'] }, { dependsOn: ['identities'] }, []],
  ['that nothing here makes', { type: 'Microsoft.KeyVault/vaults' }, {}, []],
])('an existing resource %s', (_, identity, role, wrong) => {
  expect(unordered(template(identity, role), 't')).toEqual(wrong);
});

test('a module with an existing resource waits, too', () => {
  const inside = { resources: { identity: { existing: true, type: IDENTITY } } };
  const role = { dependsOn: [], properties: { template: inside } };
  expect(unordered(template({ dependsOn: ['identities'] }, role), 't')).toEqual([
    `t: role doesn't wait for ${IDENTITY}`,
  ]);
});

test.each([
  ['for what is always there', {}, {}, []],
  ['for what may be left out', {}, { condition: '[x]' }, ['t: identity is used by role alone']],
  ['only when it is used', { condition: '[x]' }, { condition: '[x]' }, []],
])('an existing resource is read %s', (_, identity, role, wrong) => {
  expect(readInVain(template(identity, role), 't')).toEqual(wrong);
});

describeTemplates('order', (templates) => {
  test.each(['main', 'routing', 'tenant'])('%s: what is read is there by then', async (name) => {
    const compiled = (await templates.build(name)) as Template;
    expect(unordered(compiled, name)).toEqual([]);
    expect(readInVain(compiled, name)).toEqual([]);
  });
});
