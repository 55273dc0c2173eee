import { byId, h, showMoney } from '/web/page.js';
import { products, readBasket, writeBasket } from '/demo/basket.js';

function add({ id, name }) {
  writeBasket([...readBasket(), id]);
  byId('said').replaceChildren(`${name} is in your basket. `, h('a', { href: '/demo/checkout' }, 'Pay now'));
}

const tile = (product) =>
  h(
    'li',
    { class: 'card' },
    h('img', { src: `/demo/${product.id}.svg`, alt: '', width: 320, height: 240 }),
    h(
      'div',
      { class: 'text' },
      h('h2', {}, product.name),
      h('p', { class: 'quiet small' }, product.text),
      h(
        'div',
        { class: 'row spread' },
        h('strong', {}, showMoney(product.amount, 'EUR')),
        h('button', { 'aria-label': `Add ${product.name}`, onclick: () => add(product) }, 'Add'),
      ),
    ),
  );

byId('goods').append(...products.map(tile));
