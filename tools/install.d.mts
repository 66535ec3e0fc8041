/** causeOf says in words what a code of npm or of the operating system means, and what to do. */
export function causeOf(code: string | undefined, said: string): [cause: string, advice: string];

/** isInstalled says whether the node_modules of a folder holds just what its lock file names. */
export function isInstalled(folder: string): boolean;

/** install installs what a folder's lock file names, and rejects with what went wrong and what to do. `say` gets a line at a time. */
export function install(folder: string, what: string, say: (text: string) => void): Promise<void>;
