/**
 * What must be said of the data that are shown: a layer's notice, and things that are not fit for decisions.
 * @module caution
 */

/** @typedef {import('./things.js').LayerThings} LayerThings */
/** @typedef {import('./words.js').Words} Words */

/**
 * What must be said of one thing. A thing's own notice is written in Vietnamese.
 * @param {GeoJSON.Feature} feature - the thing
 * @param {Words} words - words of the page
 * @returns {string | null} its own notice, or that it is not fit for decisions; null where nothing must be said
 */
export function cautionOf({properties}, words) {
  if (properties?.fit_for_decisions !== false) return null;
  return (words.language === 'vi' && properties.notice) || words.say('not_fit');
}

/**
 * What must be said of the things of a layer that the map shows.
 * @param {LayerThings} things - the layer's things
 * @param {Words} words - words of the page
 * @returns {string[]} notices, each once
 */
export function cautionsOf({layer, visible, features}, words) {
  if (!visible) return [];
  const said = new Set(layer.notice ? [layer.notice] : []);
  if (layer.fields.some((field) => field.name === 'fit_for_decisions')) {
    for (const feature of features) {
      const caution = cautionOf(feature, words);
      if (caution) said.add(caution);
    }
  }
  return [...said];
}

/**
 * Write above the map what must be said of it.
 * @param {HTMLElement} where - the line above the map
 * @param {LayerThings[]} all - things of all layers
 * @param {Words} words - words of the page
 */
export function writeCautions(where, all, words) {
  const lines = all.flatMap((things) => cautionsOf(things, words).map((caution) => `${things.layer.title}: ${caution}`));
  const text = lines.join(' · ');
  if (where.textContent !== text) where.textContent = text;
  where.hidden = lines.length === 0;
}
