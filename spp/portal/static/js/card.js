/**
 * The list of what lies at a point, with the attributes of each thing in words.
 * @module card
 */

import {writeAnswer} from './answer.js';
import {cautionOf} from './caution.js';
import {chartsOf} from './chart.js';
import {element, swatch} from './element.js';

/** @typedef {import('./inspect.js').Found} Found */
/** @typedef {import('./layer.js').Layer} Layer */
/** @typedef {import('./layer.js').Field} Field */
/** @typedef {import('./words.js').Words} Words */

/** Register whose things are answered for: planning and flooding stand in their cards. */
const PARCEL = 'parcel';

/**
 * Write what was found.
 * @param {HTMLElement} where - the element that holds the list; its old content goes
 * @param {Found[]} found - top layer first
 * @param {{lng: number, lat: number}} place - the point
 * @param {Words} words - words of the page
 * @param {{things: string, lookup: string, show: (found: Found) => void}} actions - start of the lasting address of a thing;
 *   address of the page that says what applies at a place; how to show a thing
 */
export function writeCard(where, found, place, words, actions) {
  const title = found.length ? words.say('things_here', {count: words.number(found.length)}) : words.say('nothing_here');
  const coordinates = `${place.lat.toFixed(6)}, ${place.lng.toFixed(6)}`;
  const here = `${actions.lookup}?lang=${words.language}&point=${place.lng.toFixed(7)},${place.lat.toFixed(7)}`;
  where.replaceChildren(
    element('p', {class: 'found', text: title}),
    element('p', {class: 'coordinates'}, `${words.say('coordinates')}: `, element('span', {class: 'figures', text: coordinates}), ' · ',
      element('a', {href: here, text: words.say('lookup_here')})),
    ...found.map((one) => thingCard(one, words, actions)),
  );
}

/** @param {Found} found @param {Words} words @param {any} actions @returns {HTMLElement} card of one thing */
function thingCard({layer, feature}, words, {things, lookup, show}) {
  const properties = feature.properties ?? {};
  const look = layer.classes.find((one) => layer.by && String(one.value) === String(properties[layer.by])) ?? layer.default;
  const rows = layer.fields.flatMap((field) => row(field, properties[field.name], words));
  const link = feature.id && layer.kind ? `${things}/${encodeURIComponent(layer.kind)}/${encodeURIComponent(feature.id)}?lang=${words.language}` : null;
  return element(
    'article', {class: 'thing', 'data-layer': layer.id},
    element('h3', {}, swatch(layer.geometry, look.color, look.edge, layer.default.opacity), element('span', {text: layer.title}), showButton(layer, () => show({layer, feature}), words)),
    nameOf(properties, words),
    chartsOf({layer, feature}, words),
    layer.kind === PARCEL && feature.id ? answerTo(String(feature.id), words, {things, lookup}) : null,
    rows.length ? element('dl', {}, ...rows) : null,
    ...[layer.notice, cautionOf(feature, words)].map((text) => (text ? element('p', {class: 'caution', text}) : null)),
    link ? element('p', {class: 'links'}, element('a', {href: link, text: words.say('permanent_link')})) : null,
  );
}

/** @param {string} parcel @param {Words} words @param {{things: string, lookup: string}} addresses @returns {HTMLElement} what applies at it */
function answerTo(parcel, words, addresses) {
  const where = element('section', {class: 'answer', 'aria-live': 'polite'});
  writeAnswer(where, parcel, words, addresses);
  return where;
}

/** @param {Layer} layer @param {() => void} show @param {Words} words @returns {HTMLElement} button that shows the thing on the map */
function showButton(layer, show, words) {
  const text = words.say('show_thing', {title: layer.title});
  return element('button', {type: 'button', class: 'aim', title: text, 'aria-label': text, onclick: show});
}

/** @param {Record<string, unknown>} properties @param {Words} words @returns {HTMLElement | null} the thing's name */
function nameOf(properties, words) {
  const name = words.language === 'vi' ? properties.name : properties.name_en ?? properties.name;
  return name ? element('p', {class: 'name', text: name}) : null;
}

/** @param {Field} field @param {unknown} value @param {Words} words @returns {HTMLElement[]} one row, or none for an empty value */
function row(field, value, words) {
  if (value === null || value === undefined || value === '' || field.name === 'name' || field.name === 'name_en') return [];
  return [element('dt', {text: field.title}), element('dd', {text: valueText(field, value, words)})];
}

/**
 * A value in words.
 * @param {Field} field - what it is a value of
 * @param {unknown} value - as the server wrote it
 * @param {Words} words - words of the page
 * @returns {string} code title, number with unit, yes or no, day as the language writes it, or the text itself
 */
export function valueText(field, value, words) {
  if (field.codes && Object.hasOwn(field.codes, String(value))) return field.codes[String(value)];
  if (typeof value === 'boolean') return words.say(value ? 'value_yes' : 'value_no');
  if (typeof value === 'number') return field.unit ? `${words.number(value)} ${field.unit}` : words.number(value);
  if (Array.isArray(value)) return field.unit ? `${seriesText(value, words)} ${field.unit}` : seriesText(value, words);
  const day = /^(\d{4})-(\d{2})-(\d{2})(T00:00:00(\.0+)?Z?)?$/.exec(String(value));
  if (day) return words.language === 'vi' ? `${day[3]}/${day[2]}/${day[1]}` : day.slice(1, 4).join('-');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** @param {(number | null)[]} values @param {Words} words @returns {string} how many numbers there are, and their range */
function seriesText(values, words) {
  const known = values.filter((value) => value !== null);
  if (!known.length) return words.number(values.length);
  const [low, high] = [Math.min(...known), Math.max(...known)].map(words.number);
  return words.say('chart_values', {count: words.number(values.length), low, high});
}
