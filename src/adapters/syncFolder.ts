import { open } from 'node:fs/promises';

/** syncFolder makes a renamed file be there for good: its folder is written to the disk. Windows has no way to ask for that, nor a need. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
