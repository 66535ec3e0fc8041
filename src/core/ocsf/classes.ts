// Facts of OCSF 1.8.0 (github.com/ocsf/ocsf-schema, tag 1.8.0, Apache-2.0): numbers and names of what events are written as. A test compares
// them with a table that tools/ocsfFacts.ts takes from the schema itself.

/** OCSF_VERSION is the release of the schema that events are of. */
export const OCSF_VERSION = '1.8.0';

/** OcsfClass is a class of events: its number, its name and its category's, and its activities beside 0 (unknown) and 99 (other). */
export interface OcsfClass {
  readonly uid: number;
  readonly name: string;
  readonly category: string;
  readonly activities: Readonly<Record<number, string>>;
}

/** CLASSES is the classes that events may be of. */
export const CLASSES = {
  base: { uid: 0, name: 'Base Event', category: 'Uncategorized', activities: {} },
  finding: { uid: 2004, name: 'Detection Finding', category: 'Findings', activities: { 1: 'Create' } },
  account: {
    uid: 3001,
    name: 'Account Change',
    category: 'Identity & Access Management',
    activities: {
      1: 'Create',
      2: 'Enable',
      3: 'Password Change',
      4: 'Password Reset',
      5: 'Disable',
      6: 'Delete',
    },
  },
  authentication: {
    uid: 3002,
    name: 'Authentication',
    category: 'Identity & Access Management',
    activities: { 1: 'Logon', 2: 'Logoff' },
  },
  entity: {
    uid: 3004,
    name: 'Entity Management',
    category: 'Identity & Access Management',
    activities: { 1: 'Create', 3: 'Update', 4: 'Delete' },
  },
  network: {
    uid: 4001,
    name: 'Network Activity',
    category: 'Network Activity',
    activities: {},
  },
  http: {
    uid: 4002,
    name: 'HTTP Activity',
    category: 'Network Activity',
    activities: {
      1: 'Connect',
      2: 'Delete',
      3: 'Get',
      4: 'Head',
      5: 'Options',
      6: 'Post',
      7: 'Put',
      8: 'Trace',
      9: 'Patch',
    },
  },
  dns: {
    uid: 4003,
    name: 'DNS Activity',
    category: 'Network Activity',
    activities: { 1: 'Query', 2: 'Response', 6: 'Traffic' },
  },
  api: {
    uid: 6003,
    name: 'API Activity',
    category: 'Application Activity',
    activities: { 1: 'Create', 2: 'Read', 3: 'Update', 4: 'Delete' },
  },
  datastore: {
    uid: 6005,
    name: 'Datastore Activity',
    category: 'Application Activity',
    activities: { 1: 'Read', 3: 'Connect', 4: 'Query', 5: 'Write', 6: 'Create', 7: 'Delete', 8: 'List' },
  },
} as const satisfies Readonly<Record<string, OcsfClass>>;

export type ClassName = keyof typeof CLASSES;

/** OTHER is the activity of what an event calls otherwise than its class does, and UNKNOWN that of what isn't known. */
export const UNKNOWN = 0;
export const OTHER = 99;

export const SEVERITIES: Readonly<Record<number, string>> = {
  0: 'Unknown',
  1: 'Informational',
  2: 'Low',
  3: 'Medium',
  4: 'High',
  5: 'Critical',
};

/** OBSERVABLES is the types of what an event shows that one may look for elsewhere. */
export const OBSERVABLES = { ip: { id: 2, name: 'IP Address' }, user: { id: 4, name: 'User Name' } } as const;

/** SHA_256 is the number of that algorithm. */
export const SHA_256 = { id: 3, name: 'SHA-256' } as const;
