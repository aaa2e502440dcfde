/**
 * Building parts of the page. Text always goes in as text, never as markup: what a register holds cannot run.
 * @module element
 */

/**
 * Make an element.
 * @param {string} tag - name of the element
 * @param {Record<string, unknown>} [attributes] - attributes; `class`, `text` and `on…` handlers included
 * @param {...(Node | string | null)} children - what stands inside; null is left out
 * @returns {HTMLElement} the element
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === 'text') made.textContent = String(value);
    else if (name.startsWith('on')) made.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    else made.setAttribute(name, value === true ? '' : String(value));
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

const SVG = 'http://www.w3.org/2000/svg';

/**
 * Draw the sign of a layer or class for a legend.
 * @param {'fill' | 'line' | 'circle'} geometry - how the layer is drawn
 * @param {string} color - `#rrggbb`
 * @param {string} edge - `#rrggbb` of the outline
 * @param {number} opacity - 0 to 1
 * @returns {SVGElement} a picture of 22 by 14 px
 */
export function swatch(geometry, color, edge, opacity) {
  const path = {d: 'M2 10 Q7 2 12 7 T20 4', fill: 'none', 'stroke-linecap': 'round'};
  const shapes = {
    fill: () => [drawn('rect', {x: 1, y: 1, width: 20, height: 12, rx: 2, fill: color, 'fill-opacity': opacity, stroke: edge})],
    line: () => [drawn('path', {...path, stroke: edge, 'stroke-width': 4}), drawn('path', {...path, stroke: color, 'stroke-width': 2.6})],
    circle: () => [drawn('circle', {cx: 11, cy: 7, r: 5, fill: color, stroke: edge})],
  }[geometry]();
  const picture = drawn('svg', {viewBox: '0 0 22 14', width: 22, height: 14, class: 'swatch', 'aria-hidden': 'true'});
  picture.append(...shapes);
  return picture;
}

/** @param {string} tag @param {Record<string, string | number>} attributes @returns {SVGElement} part of a drawing */
function drawn(tag, attributes) {
  const part = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) part.setAttribute(name, String(value));
  return part;
}
