import { html } from '../answer.ts';
import { startServer, type Incoming, type Listener, type Reply } from '../http-server.ts';
import { answerApi, refused } from './api.ts';
import { challengePage, homePage } from './pages.ts';
import { answerScript } from './scripts.ts';
import { openWorld, type StripeSandboxOptions, type World } from './world.ts';

export type { StripeSandboxOptions } from './world.ts';

/** Starts a stand-in Stripe on loopback. The official library talks to it by `{ host, port, protocol: 'http' }`. */
export async function startStripeSandbox(options: StripeSandboxOptions = {}): Promise<Listener> {
  const world = await openWorld(options);
  const server = await startServer(options.port ?? 0, (incoming, reply) => answer(world, incoming, reply));
  world.baseUrl = server.url;
  return {
    ...server,
    close: async () => {
      await server.close();
      await world.close();
    },
  };
}

/** Answers one request, whether it came over a socket or from within this process. */
export function answer(world: World, incoming: Incoming, reply: Reply): void {
  if (incoming.path.startsWith('/v1/')) {
    answerApi(world, incoming, reply);
    return;
  }
  try {
    if (incoming.path.startsWith('/_sandbox/')) reply(answerScript(world, incoming));
    else if (incoming.path.startsWith('/3ds/')) reply(challengePage(world, incoming));
    else if (incoming.path === '/') reply(homePage());
    else reply(html(404, 'This is the stand-in Stripe. There is nothing here.'));
  } catch (error) {
    reply(refused(error));
  }
}
