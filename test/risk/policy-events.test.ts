import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readConfig } from '../../src/config.ts';
import { toEnvelope } from '../../src/domain/events/envelope.ts';
import { eventSchema } from '../../src/events/catalogue.ts';
import { followPolicies } from '../../src/flows/follow-policies.ts';
import { type Service, startService } from '../../src/main.ts';
import { makeLog } from '../../src/observe/log.ts';
import { freePort } from '../../src/embedded/port.ts';
import { type TestService, type ToldEvent, eventually, newId, startTestService } from '../harness/service.ts';

let shop: TestService;
let second: Service;
let file: string;
let written: string;
beforeAll(async () => {
  shop = await startTestService();
  file = join(shop.env['POLICIES_DIR'] ?? '', 'checkout.yaml');
  written = readFileSync(file, 'utf8');
  const env = { ...shop.env, PORT: String(await freePort()) };
  second = await startService(readConfig(env), shop.merchantId, makeLog({ level: 'silent' }));
});
afterAll(async () => {
  await second.close();
  await shop.close();
});

type Told = { readonly event: string; readonly hash: string; readonly previous_hash: string | null };
const told = async (key = shop.keys.secretKey) =>
  (await shop.events({ key })) as (ToldEvent & { data: Told })[];
const ofCheckout = async (key?: string) => (await told(key)).filter(({ data }) => data.event === 'checkout');
const inForce = async (api = shop.api): Promise<string> => {
  const headers = { authorization: `Bearer ${shop.keys.secretKey}` };
  const reply = await fetch(`${api}/v1/policies/checkout`, { headers });
  return ((await reply.json()) as { hash: string }).hash;
};
/** Until both services have it; two more that find it at the same time record it with them. */
const everywhere = async (isIt: (hash: string) => boolean): Promise<string> => {
  await eventually(async () => {
    const [one, two] = [await inForce(), await inForce(second.api)];
    return one === two && isIt(one);
  });
  await Promise.all([followPolicies(second.deps)(), followPolicies(second.deps)()]);
  return inForce();
};

test('a first start tells each merchant once what is in force, though two services start', async () => {
  for (const key of [shop.keys.secretKey, shop.otherKeys.secretKey]) {
    const events = await told(key);
    expect(events.map(({ data }) => data.event)).toEqual([
      'account_creation',
      'add_card',
      'checkout',
      'login',
    ]);
    expect(events[2]).toMatchObject({
      type: 'policy.activated',
      aggregate: { type: 'policy', id: 'policy_checkout' },
      sequence: 1,
      data: { event: 'checkout', hash: await inForce(), previous_hash: null, version: 1, rules: 3 },
    });
  }
  const [{ event } = { event: null }] = await shop.store.events.list(shop.merchantId, null, 1);
  expect(event).not.toBeNull();
  if (event !== null) expect(eventSchema(event.type).safeParse(toEnvelope(event)).error).toBeUndefined();
});

test('a changed file is told once to each merchant, a refused one to nobody', async () => {
  const before = await inForce();
  const refused = async (admin: string): Promise<boolean> =>
    /^tillgate_policy_refused 1$/m.test(await (await fetch(`${admin}/metrics`)).text());
  writeFileSync(file, written.replace('order.amount >=', 'order.amont >='));
  await eventually(async () => (await refused(shop.admin())) && (await refused(second.admin)));
  await everywhere((hash) => hash === before);
  expect(await ofCheckout()).toHaveLength(1);
  writeFileSync(file, `${written}otherwise: challenge\n`);
  const changed = await everywhere((hash) => hash !== before);
  writeFileSync(file, written);
  await everywhere((hash) => hash === before);
  for (const key of [shop.keys.secretKey, shop.otherKeys.secretKey])
    expect((await ofCheckout(key)).map(({ sequence, data }) => [sequence, data])).toMatchObject([
      [1, { hash: before, previous_hash: null, version: 1 }],
      [2, { hash: changed, previous_hash: before, version: 2 }],
      [3, { hash: before, previous_hash: changed, version: 3 }],
    ]);
});

test('ten processes that find ten new policies at once tell of each, one after the other', async () => {
  const policy = second.deps.desk.files()[0]!.policy;
  const hashes = Array.from({ length: 10 }, (_, nth) => String(nth).repeat(64));
  const before = (await told()).filter(({ data }) => data.event === policy.event).at(-1);
  await Promise.all(
    hashes.map((hash) =>
      shop.store.policies.activate({
        policy: { ...policy, hash },
        at: Date.now(),
        told: [{ merchantId: shop.merchantId, eventId: newId('evt') }],
      }),
    ),
  );
  const heard = (await told()).filter(({ data }) => data.event === policy.event).slice(-10);
  expect(new Set(heard.map(({ data }) => data.hash))).toEqual(new Set(hashes));
  expect(heard.map(({ data }) => data.previous_hash)).toEqual(
    [before, ...heard.slice(0, -1)].map((each) => each?.data.hash),
  );
  expect(heard.map(({ sequence }) => sequence)).toEqual(
    heard.map((_, nth) => (before?.sequence ?? 0) + 1 + nth),
  );
});

test('ten processes that find the same new policy at once tell of it once; a younger merchant counts from 1', async () => {
  const younger = newId('mer');
  await shop.store.merchants.create({ id: younger, name: 'third', createdAt: Date.now() });
  const policy = second.deps.desk.files()[0]!.policy;
  const hash = 'a'.repeat(64);
  await Promise.all(
    Array.from({ length: 10 }, () =>
      shop.store.policies.activate({
        policy: { ...policy, hash },
        at: Date.now(),
        told: [shop.merchantId, younger].map((merchantId) => ({ merchantId, eventId: newId('evt') })),
      }),
    ),
  );
  const heard = async (merchantId: typeof younger) =>
    (await shop.store.events.list(merchantId, null, 999))
      .map(({ event }) => event)
      .filter((event) => event.type === 'policy.activated' && event.data.hash === hash)
      .map(({ sequence }) => sequence);
  expect([await heard(shop.merchantId), await heard(younger)]).toEqual([[12], [1]]);
});
