/** captured runs a command of the program in this process, and gives its exit status and what it printed. */
export async function captured(command: () => Promise<number>): Promise<{ code: number; out: string }> {
  let out = '';
  const keep = (text: unknown): boolean => {
    out += String(text);
    return true;
  };
  const streams = [process.stdout, process.stderr];
  for (const stream of streams) stream.write = keep;
  try {
    return { code: await command(), out };
  } finally {
    // Their own method is the class's; what stands before it goes.
    for (const stream of streams) Reflect.deleteProperty(stream, 'write');
  }
}
