import type { Express } from 'express';
import type { MerchantKeys } from '../flows/create-merchant.ts';
import { addDemoShop } from './demo-shop.ts';
import type { Door } from './door.ts';
import { pageFile, serveFile, serveFolder, servePage } from './page-files.ts';

/** The drop-in runs on the shops' pages, so other origins may load it, and check it against an `integrity`. */
const anyOrigin = { 'access-control-allow-origin': '*', 'cross-origin-resource-policy': 'cross-origin' };

/**
 * The pages: the drop-in for shops, the console for analysts and, where a stand-in takes the payments and no money can
 * move, the demo shop. `demoKeys` are the keys that shop works with; null: there is no demo shop.
 */
export function addPages(app: Express, door: Door, demoKeys: MerchantKeys | null): void {
  const dropin = pageFile('dropin/tillgate.js');
  serveFile(app, '/tillgate.js', dropin, anyOrigin);
  serveFolder(app, '/web', '.');
  serveFolder(app, '/console', 'console');
  servePage(app, '/console', 'console/console.html');
  if (demoKeys !== null) addDemoShop(app, door, demoKeys, dropin.integrity);
}
