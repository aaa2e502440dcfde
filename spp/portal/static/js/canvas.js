/**
 * The drawn map: the map library, its layers and controls.
 * @module canvas
 */

import {namePlace} from './box.js';
import {element} from './element.js';
import {chosenLooks, emptyMap, grounds, labels, looks} from './look.js';

/** @typedef {import('./layer.js').Layer} Layer */
/** @typedef {import('./layer.js').Site} Site */
/** @typedef {import('./words.js').Words} Words */

/** Free edge around the whole city [px]. */
const EDGE = 24;

/**
 * Draw the empty map of a city.
 * @param {any} library - the map library
 * @param {HTMLElement} container - where it goes
 * @param {Site} site - the city
 * @param {Words} words - words of the page
 * @returns {Promise<any>} the map, when its layers can be filled
 */
export async function drawMap(library, container, site, words) {
  const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
  const map = new library.Map({
    container,
    style: emptyMap(),
    hash: 'map',
    attributionControl: false,
    renderWorldCopies: false,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    maxPitch: 0,
    maxZoom: 21,
    fadeDuration: calm ? 0 : 200,
    locale: {
      'Map.Title': words.say('map_label'),
      'NavigationControl.ZoomIn': words.say('zoom_in'),
      'NavigationControl.ZoomOut': words.say('zoom_out'),
      'NavigationControl.ResetBearing': words.say('north_up'),
    },
    ...(site.extent ? {bounds: site.extent, fitBoundsOptions: {padding: EDGE}} : {}),
  });
  map.keyboard.disableRotation();
  map.touchZoomRotate.disableRotation();
  map.addControl(new library.NavigationControl({showCompass: false}), 'top-right');
  if (site.extent) map.addControl(homeControl(site.extent, words), 'top-right');
  map.addControl(new library.ScaleControl({maxWidth: 110}), 'bottom-right');
  await new Promise((resolve, reject) => {
    map.once('load', resolve);
    map.once('error', (event) => reject(event.error));
  });
  addLayers(map, site.layers, words.language);
  return map;
}

/** @param {number[]} extent @param {Words} words @returns {object} control of the map library that shows the whole city again */
function homeControl(extent, words) {
  const box = element('div', {class: 'maplibregl-ctrl maplibregl-ctrl-group'});
  return {
    onAdd(/** @type {any} */ map) {
      const text = words.say('whole_city');
      const home = () => map.fitBounds(extent, {padding: EDGE});
      box.append(element('button', {type: 'button', class: 'home', title: text, 'aria-label': text, onclick: home}));
      return box;
    },
    onRemove: () => box.remove(),
  };
}

/** @param {any} map @param {Layer[]} layers - lowest first @param {string} language */
function addLayers(map, layers, language) {
  const data = {type: 'FeatureCollection', features: []};
  for (const layer of layers) {
    map.addSource(layer.id, {type: 'geojson', data, tolerance: 0.3, buffer: 32});
    if (layer.named && layer.areal) map.addSource(`${layer.id}:point`, {type: 'geojson', data});
  }
  for (const look of [...grounds(layers), ...layers.flatMap(looks)]) map.addLayer(look);
  for (const look of chosenLooks()) map.addLayer(look);
  for (const label of labels(layers, language)) map.addLayer(label);
}

/**
 * Put the features of a layer on the map. Features are numbered by their place in the list.
 * @param {any} map - the map
 * @param {Layer} layer - the layer
 * @param {GeoJSON.Feature[]} features - its things in view
 */
export function fill(map, layer, features) {
  const drawn = features.map((feature, place) => ({...feature, id: place}));
  map.getSource(layer.id).setData({type: 'FeatureCollection', features: drawn});
  const names = map.getSource(`${layer.id}:point`);
  if (!names) return;
  const points = features.filter((feature) => feature.geometry && feature.properties?.name).map(({geometry, properties}) => ({
    type: 'Feature',
    geometry: {type: 'Point', coordinates: namePlace(geometry) ?? [0, 0]},
    properties: {name: properties?.name, name_en: properties?.name_en ?? null},
  }));
  names.setData({type: 'FeatureCollection', features: points});
}

/**
 * Mark things on the map.
 * @param {any} map - the map
 * @param {GeoJSON.Feature[]} features - what to mark; none clears the mark
 */
export function mark(map, features) {
  map.getSource('chosen').setData({type: 'FeatureCollection', features: features.map(({geometry}) => ({type: 'Feature', geometry, properties: {}}))});
}

/**
 * The part of the world the map shows.
 * @param {any} map - the map
 * @returns {import('./things.js').View} box and zoom level
 */
export function viewOf(map) {
  const bounds = map.getBounds();
  return {box: [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()], zoom: map.getZoom()};
}
