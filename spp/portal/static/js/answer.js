/**
 * What applies at a parcel: planning and flooding, asked from the server and written into its card.
 * @module answer
 */

import {element} from './element.js';
import {fetchJson} from './things.js';

/** @typedef {import('./words.js').Words} Words */
/**
 * @typedef {object} Reference
 * @property {string} kind - register of the thing
 * @property {string} eid - its identifier
 *
 * @typedef {object} Row
 * @property {string[]} cells - texts of the line
 * @property {string} brief - what a card says beside the first cell
 * @property {Reference | null} thing - what the line is about
 *
 * @typedef {object} Section
 * @property {string} key - which part of the answer
 * @property {string} title - in the language of the page
 * @property {Row[]} rows - its lines
 * @property {string[]} notes - what must be said of them
 */

/** Parts of the answer that a card has room for. */
const PARTS = ['zones', 'water', 'risks'];

/**
 * Ask what applies at a parcel and write it where it belongs.
 * @param {HTMLElement} where - the place for it in the parcel's card
 * @param {string} parcel - identifier of the parcel
 * @param {Words} words - words of the page
 * @param {{lookup: string, things: string}} addresses - of the page that answers; start of the lasting address of a thing
 * @returns {Promise<void>} settled when it is written
 */
export async function writeAnswer(where, parcel, words, {lookup, things}) {
  const query = `lang=${words.language}&parcel=${encodeURIComponent(parcel)}`;
  where.replaceChildren(element('p', {class: 'state', text: words.say('looking_up')}));
  const whole = element('p', {class: 'links'}, element('a', {href: `${lookup}?${query}`, text: words.say('lookup_whole')}));
  try {
    const {sections} = await fetchJson(`${lookup}?${query}&f=json`);
    const shown = sections.filter((/** @type {Section} */ section) => PARTS.includes(section.key));
    where.replaceChildren(...shown.flatMap((/** @type {Section} */ section) => part(section, words, things)), whole);
  } catch {
    where.replaceChildren(element('p', {class: 'state', text: words.say('lookup_failed')}), whole);
  }
}

/** @param {Section} section @param {Words} words @param {string} things @returns {HTMLElement[]} one part of the answer */
function part(section, words, things) {
  const rows = section.rows.flatMap((row) => [
    element('dt', {}, named(row, words, things)), element('dd', {text: row.brief}),
  ]);
  return [
    element('h4', {text: section.title, 'data-part': section.key}),
    ...(rows.length ? [element('dl', {}, ...rows)] : []),
    ...section.notes.map((note) => element('p', {class: 'note', text: note})),
  ];
}

/** @param {Row} row @param {Words} words @param {string} things @returns {Node | string} what a line is about, with its lasting address */
function named({cells, thing}, words, things) {
  if (!thing) return cells[0];
  const href = `${things}/${encodeURIComponent(thing.kind)}/${encodeURIComponent(thing.eid)}?lang=${words.language}`;
  return element('a', {href, text: cells[0]});
}
