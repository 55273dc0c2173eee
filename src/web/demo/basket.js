/** The buyer's basket, kept in the tab; the server knows the prices. */
import { byId } from '/web/page.js';

const name = 'demo:basket';

export const readBasket = () => JSON.parse(sessionStorage.getItem(name) ?? '[]');

export function writeBasket(ids) {
  sessionStorage.setItem(name, JSON.stringify(ids));
  showCount();
}

export const products = await (await fetch('/demo/products.json')).json();
export const productOf = (id) => products.find((product) => product.id === id);

function showCount() {
  const count = readBasket().length;
  byId('count').textContent = count === 0 ? '' : `(${count})`;
}

showCount();
// The frame is the same for every page; this one says where it is.
document.querySelector(`nav a[href="${location.pathname}"]`)?.setAttribute('aria-current', 'page');
