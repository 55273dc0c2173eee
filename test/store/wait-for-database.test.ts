import { expect, it } from '@jest/globals';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { freePort } from '../../src/embedded/port.ts';
import { waitForDatabase } from '../../src/store/wait-for-database.ts';
import { serverUrl } from '../harness/database.ts';

const url = serverUrl();

it('a database that comes up later is waited for, and the reason is told once', async () => {
  const { hostname, port: target } = new URL(url);
  const later = new URL(url);
  later.port = String(await freePort());
  const door = createServer((client) => {
    const server = connect(Number(target), hostname);
    client.pipe(server).pipe(client);
    client.on('error', () => server.destroy());
    server.on('error', () => client.destroy());
  });
  const reasons: string[] = [];
  const waited = waitForDatabase(later.href, 20_000, (reason) => {
    reasons.push(reason);
    door.listen(Number(later.port), hostname);
  });
  await waited;
  expect(reasons).toEqual([expect.stringContaining('ECONNREFUSED')]);
  door.close();
  await once(door, 'close');
});

it('a wrong password is not waited for', async () => {
  const wrong = new URL(url);
  wrong.password = 'wrong';
  await expect(waitForDatabase(wrong.href, 20_000)).rejects.toMatchObject({ code: '28P01' });
});

it('patience ends', async () => {
  const nowhere = new URL(url);
  nowhere.port = String(await freePort());
  await expect(waitForDatabase(nowhere.href, 0)).rejects.toMatchObject({
    code: 'ECONNREFUSED',
    passing: true,
  });
});
