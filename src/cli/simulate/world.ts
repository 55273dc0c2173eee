import type { MerchantId } from '../../kernel/ids.ts';
import type { Blame, Books } from './books.ts';
import type { Interleaving } from './interleaving.ts';
import type { Random } from './random.ts';
import type { Fleet } from './service.ts';
import type { StandIns } from './stand-ins.ts';
import type { Sky } from './weather.ts';

/** What everybody in a simulation lives in. */
export type World = {
  readonly random: Random;
  readonly steps: Interleaving;
  readonly merchantId: MerchantId;
  readonly standIns: StandIns;
  readonly fleet: Fleet;
  readonly sky: Sky;
  readonly blame: Blame;
  /** A shop was told this with a 2xx. */
  readonly told: Books['told'];
  /** For whoever reads how a violation came about. */
  readonly note: (who: string, what: string) => void;
};
