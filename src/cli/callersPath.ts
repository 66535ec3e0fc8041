import { resolve } from 'node:path';

/** callersPath makes a path absolute from where the user is: `npm run` changes the folder and keeps the user's in INIT_CWD. */
export const callersPath = (path: string): string => resolve(process.env['INIT_CWD'] ?? '.', path);
