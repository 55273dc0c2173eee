import { appendFileSync, cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startChildService } from '../../src/cli/child-service.ts';
import { freePort } from '../../src/embedded/port.ts';
import { freshDatabase } from '../harness/database.ts';

/** Only the cargo bicycle is worth a review, so that every other purchase is about what its test is about. */
const policy = `policy: checkout
model: checkout-1
amounts:
  reviewed: { EUR: '2500.00' }
rules:
  - id: much
    when: order.amount >= amount("reviewed")
    then: review
    reason: A person looks at that much
degraded:
  deadline: challenge
  velocity_unavailable: challenge
  model_unavailable: challenge
  policy_failed: challenge
  reference_data_missing: challenge
`;

/** A browser may try two cards before it has to prove some work. */
const limit =
  '  - { id: cards-of-a-browser, by: device, callers: [publishable], calls: [confirm], allow: 2, window: 1h, answer: challenge }\n';

/** What `npm start` starts, with the stand-in PSPs and the demo shop, on a database of the test's own. */
export async function startShop() {
  const database = await freshDatabase();
  const dir = mkdtempSync(join(tmpdir(), 'tillgate-shop-'));
  const policies = join(dir, 'policies');
  cpSync('policies', policies, { recursive: true });
  rmSync(join(policies, 'checkout.test.yaml'), { force: true });
  writeFileSync(join(policies, 'checkout.yaml'), policy);
  appendFileSync(join(policies, 'limits.yaml'), limit);
  const service = await startChildService(join(dir, 'data'), {
    DATABASE_URL: database.url,
    PORT: String(await freePort()),
    ADMIN_PORT: '0',
    POLICIES_DIR: policies,
    PSP_TIMEOUT_MS: '10000',
    REQUEST_LEASE_MS: '12000',
  });
  const secretKey = service.secretKey ?? '';
  return {
    origin: service.api,
    secretKey,
    /** Reads the API as the shop's server does. */
    read: async <T>(path: string): Promise<T> => {
      const answer = await fetch(`${service.api}${path}`, {
        headers: { authorization: `Bearer ${secretKey}` },
      });
      return (await answer.json()) as T;
    },
    close: async (): Promise<void> => {
      await service.stop();
      await database.drop();
      rmSync(dir, { recursive: true });
    },
  };
}
