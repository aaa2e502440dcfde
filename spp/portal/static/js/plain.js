/**
 * What to show where the moving map cannot run: the city's picture and the way to the plain page.
 * @module plain
 */

/**
 * Whether the browser can draw the map.
 * @returns {boolean} whether WebGL 2 works here
 */
export function webgl2() {
  try {
    return document.createElement('canvas').getContext('webgl2') !== null;
  } catch {
    return false;
  }
}

/**
 * Offer the plain page in the place of the map. The offer's texts stand in the page already, in its language.
 * @param {HTMLElement} container - the map's element
 * @param {'no_webgl' | 'load_failed'} reason - why
 */
export function offerPlainPage(container, reason) {
  const offer = /** @type {HTMLTemplateElement} */ (document.getElementById('offer'));
  const content = /** @type {DocumentFragment} */ (offer.content.cloneNode(true));
  for (const line of content.querySelectorAll('[data-reason]')) {
    if (line.getAttribute('data-reason') !== reason) line.remove();
  }
  container.replaceChildren(content);
  container.dataset.fallback = reason;
  document.getElementById('hint')?.setAttribute('hidden', '');
}
