/**
 * The list of layers: switches, legend and what has become of each in this view.
 * @module legend
 */

import {element, swatch} from './element.js';

/** @typedef {import('./layer.js').Layer} Layer */
/** @typedef {import('./things.js').LayerThings} LayerThings */
/** @typedef {import('./words.js').Words} Words */

/** What is said of a layer beside its count. @type {Partial<Record<import('./things.js').State, string>>} */
const STATES = {zoom: 'state_zoom', overview: 'state_sample', loading: 'loading', error: 'state_error', empty: 'state_empty'};
/** A legend longer than this is folded at first, but for the lowest one: it is the key to the map. */
const LONG = 8;

/**
 * Write the list.
 * @param {HTMLElement} where - the element that holds the list
 * @param {LayerThings[]} all - things of all layers, lowest first
 * @param {Words} words - words of the page
 * @param {{switched: () => void, zoomTo: (layer: Layer) => void, chose: (field: string, value: string) => void}} actions - what
 *   the reader may do
 */
export function writeLegend(where, all, words, actions) {
  const first = all.find((things) => things.visible && things.layer.classes.length);
  where.replaceChildren(...all.map((things) => entry(things, things === first, words, actions)));
}

/** @param {LayerThings} things @param {boolean} unfolded @param {Words} words @param {any} actions @returns {HTMLElement} one layer */
function entry(things, unfolded, words, {switched, zoomTo, chose}) {
  const {layer} = things;
  const id = `layer-${layer.id}`;
  const box = element('input', {type: 'checkbox', id, checked: things.visible, onchange: () => {
    things.visible = !things.visible;
    switched();
  }});
  const aim = layer.extent && element('button', {type: 'button', class: 'aim', title: words.say('zoom_to', {title: layer.title}),
    'aria-label': words.say('zoom_to', {title: layer.title}), onclick: () => zoomTo(layer)});
  return element(
    'li', {class: 'layer', 'data-layer': layer.id, 'data-state': things.state},
    element('div', {class: 'line'}, box, layer.classes.length ? null : sign(layer, layer.default),
      element('label', {for: id, text: layer.title, title: layer.description}), aim || null),
    element('p', {class: 'state', 'aria-live': 'polite'}),
    layer.choices.length ? choices(things, words, chose) : null,
    layer.classes.length ? classes(layer, unfolded, words) : null,
    layer.notice ? element('p', {class: 'caution', text: layer.notice}) : null,
  );
}

/**
 * @param {LayerThings} things @param {Words} words @param {(field: string, value: string) => void} chose
 * @returns {HTMLElement} list to choose one alternative from
 */
function choices({layer, choice}, words, chose) {
  const options = layer.choices.map((one) => element('option', {value: one.value, selected: one === choice, text: one.title}));
  const list = element('select', {onchange: (/** @type {Event} */ event) => {
    chose(String(layer.alternatives), /** @type {HTMLSelectElement} */ (event.target).value);
  }}, ...options);
  return element('label', {class: 'choices'}, element('span', {text: words.say('choose')}), list);
}

/** @param {Layer} layer @param {{color: string, edge: string}} look @returns {SVGElement} sign of one class */
function sign(layer, look) {
  return swatch(layer.geometry, look.color, look.edge, layer.default.opacity);
}

/** @param {Layer} layer @param {boolean} unfolded @param {Words} words @returns {HTMLElement} legend of one layer */
function classes(layer, unfolded, words) {
  const lines = layer.classes.map((one) => element('li', {'data-value': one.value}, sign(layer, one), element('span', {text: one.title})));
  lines.push(element('li', {class: 'others', 'data-absent': true}, sign(layer, layer.default), element('span', {text: words.say('other_values')})));
  return element('details', {class: 'classes', open: unfolded || layer.classes.length <= LONG},
    element('summary', {text: words.say('legend')}), element('ul', {}, ...lines));
}

/**
 * Show what has become of a layer.
 * @param {HTMLElement} where - the element that holds the list
 * @param {LayerThings} things - the layer's things
 * @param {Words} words - words of the page
 */
export function updateLegend(where, things, words) {
  const item = /** @type {HTMLElement} */ (where.querySelector(`[data-layer="${CSS.escape(things.layer.id)}"]`));
  item.dataset.state = things.state;
  const text = stateText(things, words);
  const line = /** @type {HTMLElement} */ (item.querySelector('.state'));
  const list = /** @type {HTMLSelectElement | null} */ (item.querySelector('.choices select'));
  if (list && things.choice) list.value = things.choice.value;
  if (line.textContent !== text) line.textContent = text;
  if (!things.layer.by || !['ready', 'overview'].includes(things.state)) return;
  const present = new Set(things.features.map((feature) => String(feature.properties?.[/** @type {string} */ (things.layer.by)])));
  for (const line of item.querySelectorAll('.classes li[data-value]')) {
    line.toggleAttribute('data-absent', !present.delete(line.getAttribute('data-value') ?? ''));
  }
  item.querySelector('.others')?.toggleAttribute('data-absent', present.size === 0);
}

/** @param {LayerThings} things @param {Words} words @returns {string} a few words on its state */
function stateText(things, words) {
  const {state} = things;
  const count = words.say('objects', {count: words.number(things.count)});
  const more = state === 'overview' && !things.thinned ? null : STATES[state];
  return more ? `${count} · ${words.say(more)}` : count;
}
