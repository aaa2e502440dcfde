/**
 * What lies at a point, across all layers that are switched on.
 * @module inspect
 */

import {area, around, holds} from './box.js';
import {touchable} from './look.js';
import {fetchJson} from './things.js';

/** @typedef {import('./layer.js').Layer} Layer */
/** @typedef {import('./things.js').LayerThings} LayerThings */
/** @typedef {{layer: Layer, feature: GeoJSON.Feature}} Found */

/** Half the side of the square around a click in which points and lines count as hit [px]. */
const REACH = 6;
/** Half the side of the box asked for around a point [degree]; about 0.1 m. */
const SPECK = 1e-6;
/** Most things asked for at one point of one layer. */
const MOST = 50;

/**
 * Everything at a point, from the smallest to the largest.
 * @param {any} map - the map
 * @param {LayerThings[]} all - things of all layers, lowest first
 * @param {{x: number, y: number}} pixel - where on the screen
 * @param {{lng: number, lat: number}} place - where in the world
 * @returns {Promise<Found[]>} what was found, each with all its attributes
 */
export async function whatIsAt(map, all, pixel, place) {
  const layers = [...all].reverse().filter((things) => things.visible);
  const found = await Promise.all(layers.map((things) => {
    const drawn = things.state === 'ready' || things.state === 'empty';
    if (things.layer.areal && !drawn) return asked(things, place);
    return hit(map, things, pixel);
  }));
  const point = [place.lng, place.lat];
  return found.flat().sort((one, other) => rank(one.feature.geometry, point) - rank(other.feature.geometry, point));
}

/**
 * Points before lines before areas, the smaller area first; of an area in many parts the one that is meant counts.
 * @param {GeoJSON.Geometry} geometry - place of a thing
 * @param {number[]} point - longitude, latitude
 * @returns {number} place in the list
 */
function rank(geometry, point) {
  if (geometry.type.endsWith('Point')) return -2;
  if (geometry.type.endsWith('LineString')) return -1;
  const parts = geometry.type === 'MultiPolygon' ? geometry.coordinates.map((coordinates) => ({type: 'Polygon', coordinates})) : [geometry];
  const meant = parts.find((part) => holds(/** @type {GeoJSON.Geometry} */ (part), point)) ?? geometry;
  return area(around(/** @type {GeoJSON.Geometry} */ (meant)));
}

/**
 * Things of a layer drawn at a pixel.
 * @param {any} map - the map
 * @param {LayerThings} things - the layer's things
 * @param {{x: number, y: number}} pixel - where on the screen
 * @returns {Promise<Found[]>} what was found
 */
async function hit(map, things, {x, y}) {
  const {layer, features, general} = things;
  const where = layer.areal ? [x, y] : [[x - REACH, y - REACH], [x + REACH, y + REACH]];
  const places = new Set(map.queryRenderedFeatures(where, {layers: touchable(layer)}).map((feature) => feature.id));
  const hits = [...places].map((place) => features[place]).filter(Boolean);
  const whole = general ? await Promise.all(hits.slice(0, 5).map((one) => fetchJson(`${layer.items}/${one.id}?f=json`))) : hits;
  return whole.map((feature) => ({layer, feature}));
}

/**
 * Areas of a layer around a point that the map does not draw now, asked from the server.
 * @param {LayerThings} things - the layer's things
 * @param {{lng: number, lat: number}} place - where in the world
 * @returns {Promise<Found[]>} what was found; nothing where the server does not answer
 */
async function asked({layer, filter}, {lng, lat}) {
  const box = [lng - SPECK, lat - SPECK, lng + SPECK, lat + SPECK].map((value) => value.toFixed(7)).join(',');
  try {
    const {features} = await fetchJson(`${layer.items}?f=json&limit=${MOST}&bbox=${box}${filter}`);
    return features.filter((feature) => holds(feature.geometry, [lng, lat])).map((feature) => ({layer, feature}));
  } catch {
    return [];
  }
}
