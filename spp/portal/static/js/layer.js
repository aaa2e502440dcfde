/**
 * The layers of the map as the server describes them.
 * @module layer
 */

/**
 * @typedef {object} Symbol
 * @property {string} color - `#rrggbb`
 * @property {string} edge - `#rrggbb` of the outline
 * @property {number} width - line width or circle radius [px]
 * @property {number} opacity - 0 to 1
 *
 * @typedef {object} LegendClass
 * @property {string | number | boolean} value - value of the field `by`
 * @property {string} color - `#rrggbb`
 * @property {string} edge - `#rrggbb` of the outline
 * @property {string} title - in the language of the page
 *
 * @typedef {object} Field
 * @property {string} name - name of the property
 * @property {string} title - in the language of the page
 * @property {string | null} unit - sign of the unit
 * @property {Record<string, string> | null} codes - code to title
 *
 * @typedef {object} Choice
 * @property {string} value - value of the field `alternatives`
 * @property {string} title - in the language of the page
 * @property {number} count - how many things it has
 *
 * @typedef {object} Layer
 * @property {string} id - name of the collection
 * @property {string} kind - register of its things
 * @property {string} title - in the language of the page
 * @property {string} description - in the language of the page
 * @property {'fill' | 'line' | 'circle'} geometry - how it is drawn
 * @property {boolean} areal - its things are areas, even where only their outline is drawn
 * @property {string | null} by - property that chooses the class
 * @property {Symbol} default - look where no class applies
 * @property {LegendClass[]} classes - lines of the legend
 * @property {number} minzoom - smallest zoom level at which its things are loaded
 * @property {number} count - how many things it has
 * @property {number[] | null} extent - west, south, east, north [degree, CRS84]
 * @property {boolean} visible - switched on at first
 * @property {boolean} named - its things have names
 * @property {Field[]} fields - what is known of a thing, in order
 * @property {string | null} alternatives - property whose values exclude each other; null where everything is shown
 * @property {Choice[]} choices - its values, the one shown at first in front; empty where everything is shown
 * @property {string} items - address of its things
 * @property {string | null} overview - address of its generalised picture as GeoJSON; null where it has none
 * @property {number} overview_until - zoom level below which that picture looks like the things themselves; 0 where never
 * @property {{pictures: string, items: string, by: string | null} | null} charts - where the charts of its things are found
 * @property {string} attribution - who must be named
 * @property {string | null} notice - what must be said beside it
 *
 * @typedef {object} Site
 * @property {string} title - name of the city
 * @property {number[] | null} extent - west, south, east, north [degree, CRS84]
 * @property {string} things - start of the lasting address of a thing
 * @property {string} lookup - address of the page that says what applies at a place
 * @property {number} limit - most things loaded of one layer at once
 * @property {Layer[]} layers - lowest first
 */

/**
 * Fetch the layers.
 * @param {string} url - address of the description
 * @returns {Promise<Site>} the city and its layers
 */
export async function loadSite(url) {
  const answer = await fetch(url, {headers: {accept: 'application/json'}});
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  return answer.json();
}
