import { readFileSync, writeFileSync } from 'node:fs';
import { differences, takeInventory, type PageInventory } from './page-inventory.ts';
import { readArguments } from './arguments.ts';

/**
 * Holds the pages of a running service, or of a shop, against an inventory; run it from outside, hourly.
 *
 *   page-monitor --origin https://pay.example.com --inventory FILE [--write --page /checkout --page /…]
 *
 * Prints each difference and ends with 1 when there is one.
 */
const { values } = readArguments({
  options: {
    origin: { type: 'string' },
    inventory: { type: 'string' },
    page: { type: 'string', multiple: true, default: [] },
    write: { type: 'boolean', default: false },
  },
});
const { origin, inventory } = values;
if (origin === undefined || inventory === undefined) {
  console.error('page-monitor --origin URL --inventory FILE [--write --page PATH …]');
  process.exit(2);
}

if (values.write) {
  const found = await Promise.all(values.page.map((page) => takeInventory(origin, page)));
  writeFileSync(inventory, `${JSON.stringify(found, null, 2)}\n`);
} else {
  const known = JSON.parse(readFileSync(inventory, 'utf8')) as readonly PageInventory[];
  const told = (
    await Promise.all(known.map(async (page) => differences(page, await takeInventory(origin, page.page))))
  ).flat();
  for (const each of told) console.error(each);
  console.log(JSON.stringify({ pages: known.length, differences: told.length }));
  process.exitCode = told.length > 0 ? 1 : 0;
}
