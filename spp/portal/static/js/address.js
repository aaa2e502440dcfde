/**
 * What the address of the page says beside the view: which layers are on. The map library keeps `map` itself.
 * @module address
 */

/**
 * Layers named in the address.
 * @returns {string[] | null} their names; null where the address names none
 */
export function layersInAddress() {
  const text = part('layers');
  return text === null ? null : text.split(',').filter(Boolean);
}

/**
 * Write the layers that are on into the address, without a step in the history.
 * @param {string[]} names - names of the layers
 */
export function rememberLayers(names) {
  const others = parts().filter((one) => !one.startsWith('layers='));
  history.replaceState(history.state, '', `#${[...others, `layers=${names.map(encodeURIComponent).join(',')}`].join('&')}`);
}

/**
 * Alternative named in the address.
 * @param {string} field - property that tells the alternatives apart
 * @returns {string | null} its value; null where the address names none
 */
export function choiceInAddress(field) {
  return part(field);
}

/**
 * Write the alternative that is shown into the address, without a step in the history.
 * @param {string} field - property that tells the alternatives apart
 * @param {string} value - its value
 */
export function rememberChoice(field, value) {
  const others = parts().filter((one) => !one.startsWith(`${field}=`));
  history.replaceState(history.state, '', `#${[...others, `${field}=${encodeURIComponent(value)}`].join('&')}`);
}

/**
 * Let the links to the other language keep view and layers.
 * @param {NodeListOf<HTMLAnchorElement>} links - the links
 */
export function keepPlace(links) {
  for (const link of links) {
    link.addEventListener('click', () => {
      link.hash = location.hash;
    });
  }
}

/** @param {string} name @returns {string | null} value of one part of the hash */
function part(name) {
  const found = parts().find((one) => one.startsWith(`${name}=`));
  return found === undefined ? null : decodeURIComponent(found.slice(name.length + 1));
}

/** @returns {string[]} parts of the hash */
function parts() {
  return location.hash.slice(1).split('&').filter(Boolean);
}
