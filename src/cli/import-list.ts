import { setTimeout as sleep } from 'node:timers/promises';
import { records } from '../risk/replay/orders.ts';
import { secondMs } from '../kernel/instant.ts';
import type { Outcome } from './policy-check.ts';

/** Enough to keep a service busy, and far below what it sheds. */
const atOnce = 8;

type Line = Readonly<Record<string, string>>;

/**
 * Puts every line of a CSV file on a list, through the API of a running service: it checks each value and makes the pseudonym,
 * whose key this command does not have. Columns: `value`, and if wanted `expires_at` and `reason`. What is refused is told
 * with its line, and the rest is added; a file may be imported again, later entries take the place of earlier ones.
 */
export async function importList(
  list: string,
  file: string,
  to: { readonly api: string; readonly key: string; readonly reason: string },
): Promise<Outcome> {
  const lines: string[] = [];
  const add = async (line: Line, number: number): Promise<void> => {
    const refused = await put(`${to.api}/v1/lists/${list}/entries`, to.key, bodyOf(line, to.reason));
    if (refused !== null) lines.push(`${file}:${number}: ${refused}`);
  };
  const adding = new Set<Promise<void>>();
  // The first line names the columns.
  let number = 1;
  for await (const line of records(file)) {
    number += 1;
    const one = add(line, number).finally(() => adding.delete(one));
    adding.add(one);
    if (adding.size >= atOnce) await Promise.race(adding);
    if (process.stderr.isTTY && number % 1_000 === 0) process.stderr.write(`\r${number} lines`);
  }
  await Promise.all(adding);
  const read = number - 1;
  return {
    lines,
    summary: { list, lines: read, added: read - lines.length, refused: lines.length },
    holds: lines.length === 0,
  };
}

function bodyOf({ value, expires_at, reason }: Line, otherwise: string): object {
  return { value, reason: reason || otherwise, ...(expires_at && { expires_at }) };
}

/** Why it was refused; null when it was not. Waits as long as it takes where the service asks for that. */
async function put(url: string, key: string, body: object): Promise<string | null> {
  for (;;) {
    const response = await fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const said = (await response.json()) as { readonly detail?: string };
    if (response.status === 201) return null;
    if (response.status !== 429 && response.status !== 503) return said.detail ?? `status ${response.status}`;
    await sleep(Number(response.headers.get('retry-after') ?? 1) * secondMs);
  }
}
