/**
 * The public map: fetches words, layers and the map library, then hands over to the page.
 * @module main
 */

import {keepPlace} from './address.js';
import {drawMap} from './canvas.js';
import {loadSite} from './layer.js';
import {MapPage} from './page.js';
import {offerPlainPage, webgl2} from './plain.js';
import {loadWords} from './words.js';

const container = /** @type {HTMLElement} */ (document.getElementById('map'));

keepPlace(document.querySelectorAll('a.language'));
start().catch((error) => {
  console.warn(error);
  offerPlainPage(container, 'load_failed');
});

/** Load what the map needs, all at once, and let it live. */
async function start() {
  if (!webgl2()) return offerPlainPage(container, 'no_webgl');
  const {words: wordsUrl = '', site: siteUrl = '', library: libraryUrl = ''} = document.documentElement.dataset;
  const [words, site, library] = await Promise.all([loadWords(wordsUrl, document.documentElement.lang), loadSite(siteUrl), import(libraryUrl)]);
  container.replaceChildren();
  const map = await drawMap(library, container, site, words);
  await new MapPage(container, map, site, words).start();
}
