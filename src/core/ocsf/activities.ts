import { fold } from '../fields/fold.ts';
import { OTHER, UNKNOWN } from './classes.ts';

/** Of the end of an operation's name what it does, where that is clear: of a POST, or of a write that may create or change, it isn't. */
const API_ENDINGS: readonly (readonly [RegExp, number])[] = [
  [/(?:^|[/ ._])(?:read|get|list|watch|head)$|[a-z](?:Get|List)$/, 2],
  [/(?:^|[/ ._])create$|[a-z]Create$/, 1],
  [/(?:^|[/ ._])(?:update|patch)$|[a-z](?:Update|Patch)$/, 3],
  [/(?:^|[/ ._])(?:delete|deletecollection)$|[a-z]Delete$/, 4],
];

/** apiActivity tells what a call does. */
export function apiActivity(operation: string): number {
  // Names of Azure Resource Manager are in capitals, those of Key Vault are words without a space.
  const folded = fold(operation);
  return API_ENDINGS.find(([ending]) => ending.test(operation) || ending.test(folded))?.[1] ?? OTHER;
}

// Maps: of an object, a record could name members that nobody put there, such as constructor.
const HTTP: ReadonlyMap<string, number> = new Map(
  Object.entries({
    CONNECT: 1,
    DELETE: 2,
    GET: 3,
    HEAD: 4,
    OPTIONS: 5,
    POST: 6,
    PUT: 7,
    TRACE: 8,
    PATCH: 9,
  }),
);

/** httpActivity is of a method. */
export const httpActivity = (method: string | undefined): number =>
  method === undefined ? UNKNOWN : (HTTP.get(method.toUpperCase()) ?? OTHER);

/** Of Azure Storage, by how operations begin. learn.microsoft.com/rest/api/storageservices */
const STORAGE_BEGINNINGS: readonly (readonly [string, number])[] = [
  ['list', 8],
  ['get', 1],
  ['delete', 7],
  ['createcontainer', 6],
  ['create', 6],
  ['put', 5],
  ['append', 5],
];

/** storageActivity tells what an operation of Azure Storage does. */
export const storageActivity = (operation: string): number =>
  STORAGE_BEGINNINGS.find(([start]) => fold(operation).startsWith(start))?.[1] ?? OTHER;

/** Of Entra ID, what was done to an account. */
const ACCOUNT: ReadonlyMap<string, number> = new Map(
  Object.entries({
    'add user': 1,
    'enable account': 2,
    'change user password': 3,
    'change password (self-service)': 3,
    'reset user password': 4,
    'reset password (self-service)': 4,
    'reset password (by admin)': 4,
    'disable account': 5,
    'delete user': 6,
  }),
);

/** accountActivity tells what an operation of Entra ID does to an account. */
export const accountActivity = (operation: string): number => ACCOUNT.get(fold(operation)) ?? OTHER;

const ENTITY: ReadonlyMap<string, number> = new Map(Object.entries({ add: 1, create: 1, update: 3, delete: 4 }));

/** entityActivity is of the type of operation that Entra ID says. */
export const entityActivity = (type: string | undefined): number =>
  type === undefined ? UNKNOWN : (ENTITY.get(fold(type)) ?? OTHER);
