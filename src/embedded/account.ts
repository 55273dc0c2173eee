import { readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** The user that the database server runs as; PostgreSQL refuses to run as root. */
export type Account = { readonly uid: number; readonly gid: number };

/**
 * Who runs the server over this data directory. Without root there is no choice: ourselves. Root hands over to the
 * owner of existing data, or else to `postgres` or `nobody`, which every Linux has; no user is ever created.
 */
export function accountFor(data: string): Account {
  const uid = process.getuid?.() ?? -1;
  const found = statSync(data, { throwIfNoEntry: false });
  const owner = found && { uid: found.uid, gid: found.gid };
  if (uid !== 0) {
    if (owner && owner.uid !== uid)
      throw new Error(`${data} belongs to uid ${owner.uid}, and this is uid ${uid}`);
    return { uid, gid: process.getgid?.() ?? -1 };
  }
  if (owner?.uid === 0)
    throw new Error(`${data} belongs to root, and PostgreSQL does not run as root: chown it`);
  const account = owner ?? named('postgres') ?? named('nobody');
  if (account === undefined)
    throw new Error('PostgreSQL does not run as root, and there is no user postgres or nobody');
  return account;
}

/** What the account needs in a `spawn`: changing the user is root's privilege, even when nothing changes. */
export function identity(account: Account): Partial<Account> {
  return process.getuid?.() === 0 ? account : {};
}

/** Whether the account may pass every folder on the way and read (and, for a folder, enter) what is at the end. */
export function reachable(path: string, account: Account): boolean {
  for (let at = path, wanted = 5; ; at = dirname(at), wanted = 1) {
    const { mode, uid, gid } = statSync(at);
    const bits = uid === account.uid ? mode >> 6 : gid === account.gid ? mode >> 3 : mode;
    if ((bits & wanted) !== wanted) return false;
    if (at === dirname(at)) return true;
  }
}

function named(name: string): Account | undefined {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${name}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  return uid === undefined || gid === undefined ? undefined : { uid: Number(uid), gid: Number(gid) };
}
