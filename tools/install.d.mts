/** causeOf says in words what a code of npm or of the operating system means, and what to do. */
export function causeOf(code: string | undefined, said: string): [cause: string, advice: string];
