/**
 * Charts of levels over time on the card of a thing: its own, or those that refer to it.
 * @module chart
 */

import {element} from './element.js';
import {fetchJson} from './things.js';

/** @typedef {import('./inspect.js').Found} Found */
/** @typedef {import('./words.js').Words} Words */

/** Most charts of one thing. */
const MOST = 50;

/**
 * The charts of a thing. Those of a gauge are asked for, and appear when they are there.
 * @param {Found} found - the thing and its layer
 * @param {Words} words - words of the page
 * @returns {HTMLElement | null} null where its layer has no charts
 */
export function chartsOf({layer, feature}, words) {
  if (!layer.charts || !feature.id) return null;
  const {pictures, items, by} = layer.charts;
  const shown = element('div', {class: 'charts'});
  if (!by) {
    shown.append(picture(pictures, feature, words));
  } else {
    fetchJson(`${items}?f=json&limit=${MOST}&${by}=${encodeURIComponent(feature.id)}`)
      .then(({features}) => shown.append(...listed(pictures, features, words)))
      .catch(() => shown.remove());
  }
  return shown;
}

/**
 * Charts one below the other: the prediction first and open, the others to be opened.
 * @param {string} pictures - start of the addresses
 * @param {GeoJSON.Feature[]} features - what carries the levels
 * @param {Words} words - words of the page
 * @returns {HTMLElement[]} one for each
 */
function listed(pictures, features, words) {
  const rank = ({properties}) => (properties.hydrograph_kind === 'predicted' ? 0 : 1);
  return [...features].sort((one, other) => rank(one) - rank(other)).map((feature, place) =>
    element(
      'details', {class: 'chart', ...(place ? {} : {open: ''})},
      element('summary', {text: nameOf(feature, words)}),
      picture(pictures, feature, words),
    ),
  );
}

/** @param {GeoJSON.Feature} feature @param {Words} words @returns {string} name of what carries the levels */
function nameOf({properties}, words) {
  return (words.language === 'vi' ? properties.name : properties.name_en ?? properties.name) ?? words.say('chart_level');
}

/** @param {string} pictures @param {GeoJSON.Feature} feature @param {Words} words @returns {HTMLElement} the chart as a picture */
function picture(pictures, feature, words) {
  const src = `${pictures}/${encodeURIComponent(feature.id)}.svg?lang=${words.language}`;
  return element('img', {class: 'chart', src, alt: nameOf(feature, words), width: 360, height: 262, loading: 'lazy'});
}
