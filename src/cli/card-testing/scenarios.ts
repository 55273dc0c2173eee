import { type End, type Shop, type Shopper, shop } from './shoppers.ts';
import { type Visitor, logIn, signUp } from './visitors.ts';

/** Somebody who does one thing, and how it ends. */
export type Try = (place: Shop) => Promise<End>;

export type Scenario = {
  readonly name: string;
  readonly attacksPerSecond: number;
  readonly attack: () => Try;
  /** What honest people do meanwhile, three of them in two seconds. */
  readonly honest: () => Try;
};

let made = 0;
const random = (below: number): number => Math.floor(Math.random() * below);
/** Blocks of two large consumer networks. */
const homeAddress = (): string =>
  `${random(2) === 0 ? 84 : 87}.${128 + random(60)}.${random(256)}.${1 + random(254)}`;
/** An office: forty of the honest in a hundred come from its one address when they log in. */
const office = '198.51.100.20';
const bins = (): string => String(510_000 + random(40_000));
const farm = Array.from({ length: 1_000 }, homeAddress);

function buyer(): Shopper {
  made += 1;
  const declined = random(100) < 8;
  return {
    address: homeAddress(),
    card: `good-${made}`,
    bin: String(400_000 + random(400)),
    token: declined ? 'pm_card_chargeDeclinedInsufficientFunds' : 'pm_card_visa',
    amount: 1_500 + random(9_000),
    email: `buyer-${made}@mail.example`,
    solves: true,
    patient: true,
  };
}

function tester(address: string, bin: string, solves: boolean): Shopper {
  made += 1;
  return {
    address,
    card: `bad-${made}`,
    bin,
    token: made % 20 === 0 ? 'pm_card_visa' : 'pm_card_chargeDeclined',
    amount: 100,
    email: `t${made}@mail.example`,
    solves,
    patient: false,
  };
}

function visitor(address: string, more: Partial<Visitor> = {}): Visitor {
  made += 1;
  return {
    address,
    email: `visitor-${made}@mail.example`,
    device: `device-${made}`,
    mistyped: random(100) < 5,
    solves: true,
    patient: true,
    ...more,
  };
}

const bot = { solves: false, patient: false, mistyped: true };
const buys = (next: () => Shopper) => (): Try => {
  const shopper = next();
  return (place) => shop(place, shopper);
};
const signsUp = (next: () => Visitor) => (): Try => {
  const person = next();
  return (place) => signUp(place, person);
};
const logsIn = (next: () => Visitor) => (): Try => {
  const person = next();
  return (place) => logIn(place, person);
};

/** What counts as let through is a call of the PSP, and an account or a login where none is bought. */
export const scenarios: readonly Scenario[] = [
  {
    name: 'one address, many cards',
    attacksPerSecond: 12,
    attack: buys(() => tester('203.0.113.5', bins(), false)),
    honest: buys(buyer),
  },
  {
    name: 'one bank, ever new addresses, challenges solved',
    attacksPerSecond: 8,
    attack: buys(() => tester(homeAddress(), '411111', true)),
    honest: buys(buyer),
  },
  {
    name: 'a thousand addresses, slowly',
    attacksPerSecond: 4,
    attack: buys(() => tester(farm[random(farm.length)] ?? '', bins(), false)),
    honest: buys(buyer),
  },
  {
    name: 'a sign-up farm in one network',
    attacksPerSecond: 6,
    attack: signsUp(() => visitor(`203.0.113.${1 + random(254)}`, { ...bot, device: `farm-${random(20)}` })),
    honest: signsUp(() => visitor(homeAddress())),
  },
  {
    name: 'stolen passwords from one address',
    attacksPerSecond: 8,
    attack: logsIn(() => visitor('203.0.113.7', bot)),
    honest: logsIn(() => visitor(random(100) < 40 ? office : homeAddress())),
  },
];
