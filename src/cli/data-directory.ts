import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MerchantKeys } from '../flows/create-merchant.ts';

/** What an embedded installation keeps between starts: its secret, and the keys of its default merchant. */
export type DataDirectory = {
  readonly path: string;
  readonly secret: () => Promise<string>;
  readonly readKeys: () => Promise<MerchantKeys | null>;
  readonly writeKeys: (keys: MerchantKeys) => Promise<void>;
};

/** Files in it can be read by their owner only. */
export async function openDataDirectory(path: string): Promise<DataDirectory> {
  await mkdir(path, { recursive: true });
  const keep = async (name: string, text: string): Promise<void> => {
    await writeFile(join(path, name), text, { mode: 0o600 });
    await chmod(join(path, name), 0o600);
  };
  return {
    path,
    secret: async () => {
      const known = await readOrNull(join(path, 'secret'));
      if (known !== null) return known;
      const made = randomBytes(32).toString('base64url');
      await keep('secret', made);
      return made;
    },
    readKeys: async () => {
      const text = await readOrNull(join(path, 'keys.json'));
      return text === null ? null : (JSON.parse(text) as MerchantKeys);
    },
    writeKeys: (keys) => keep('keys.json', JSON.stringify(keys)),
  };
}

async function readOrNull(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
