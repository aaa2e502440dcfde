/**
 * From the style of a layer to the layers that the map library draws.
 * @module look
 */

/** @typedef {import('./layer.js').Layer} Layer */

/** Families of the reader's own system; no font is fetched. */
const FONT = ['system-ui', 'Segoe UI', 'Roboto', 'Noto Sans', 'sans-serif'];

/** Ground of the map where no layer lies. */
export const GROUND = '#e4ebee';

/** Ground of the city. */
const PAPER = '#faf8f3';

/**
 * The empty map, with the source that marks what was chosen.
 * @returns {object} style of the map library
 */
export function emptyMap() {
  const nothing = {type: 'FeatureCollection', features: []};
  return {
    version: 8,
    sources: {chosen: {type: 'geojson', data: nothing}},
    layers: [{id: 'ground', type: 'background', paint: {'background-color': GROUND}}],
  };
}

/**
 * Marks of what was chosen; they lie above all layers.
 * @returns {object[]} layers of the map library
 */
export function chosenLooks() {
  const line = {'line-join': 'round', 'line-cap': 'round'};
  const notPoint = ['!=', ['geometry-type'], 'Point'];
  return [
    {id: 'chosen:halo', type: 'line', source: 'chosen', filter: notPoint, layout: line,
      paint: {'line-color': '#ffffff', 'line-width': 6, 'line-opacity': 0.9}},
    {id: 'chosen:line', type: 'line', source: 'chosen', filter: notPoint, layout: line,
      paint: {'line-color': '#c2410c', 'line-width': 3}},
    {id: 'chosen:point', type: 'circle', source: 'chosen', filter: ['==', ['geometry-type'], 'Point'],
      paint: {'circle-radius': 10, 'circle-color': 'rgba(0,0,0,0)', 'circle-stroke-color': '#c2410c', 'circle-stroke-width': 3}},
  ];
}

/**
 * What the map library draws for one layer.
 * @param {Layer} layer - the layer
 * @returns {object[]} layers of the map library, lowest first
 */
export function looks(layer) {
  const draw = {fill: fillLooks, line: lineLooks, circle: circleLooks}[layer.geometry];
  return draw(layer).map((look) => ({source: layer.id, ...look}));
}

/**
 * Ground below everything: the areas of layers that are drawn by their outline. The first is the city's paper, the
 * others are not seen but answer to a click.
 * @param {Layer[]} layers - lowest first
 * @returns {object[]} layers of the map library
 */
export function grounds(layers) {
  const outlined = layers.filter((layer) => layer.areal && layer.geometry === 'line');
  return outlined.map((layer) => ({
    id: `${layer.id}:area`, type: 'fill', source: layer.id,
    paint: {'fill-color': PAPER, 'fill-opacity': layer === outlined[0] ? 1 : 0},
  }));
}

/**
 * Which of its drawn layers answer to a click.
 * @param {Layer} layer - the layer
 * @returns {string[]} names of layers of the map library
 */
export function touchable(layer) {
  if (layer.areal) return [layer.geometry === 'line' ? `${layer.id}:area` : layer.id];
  return layer.geometry === 'line' ? [layer.id, `${layer.id}:dot`] : [layer.id];
}

/** A layer of areas with no more things than this is named from afar: wards, not plan zones. */
const FEW = 300;

/**
 * What the map library writes: the names of things. Where two names do not fit, a ward's goes before a street's, and
 * both before those of points and of the many small areas.
 * @param {Layer[]} layers - lowest first
 * @param {string} language - language tag
 * @returns {object[]} layers of the map library, the most important last
 */
export function labels(layers, language) {
  const named = layers.filter((layer) => layer.named);
  return named.sort((one, other) => importance(one) - importance(other)).map((layer) => label(layer, language));
}

/** @param {Layer} layer @returns {number} how much its names help to find one's way */
function importance(layer) {
  if (layer.areal) return layer.count <= FEW ? 3 : 0;
  return layer.geometry === 'line' ? 2 : 1;
}

/** @param {Layer} layer @param {string} language @returns {object} names of one layer's things */
function label(layer, language) {
  const name = language === 'vi' ? ['get', 'name'] : ['coalesce', ['get', 'name_en'], ['get', 'name']];
  const weight = importance(layer);
  const along = weight === 2;
  const first = [16.5, layer.count <= FEW ? 13 : 16.5, 13.5, 0][weight];
  return {
    id: `${layer.id}:name`,
    type: 'symbol',
    source: layer.areal ? `${layer.id}:point` : layer.id,
    minzoom: Math.max(first, layer.minzoom),
    layout: {
      'text-field': name,
      'text-font': FONT,
      'text-size': weight === 3 ? ['interpolate', ['linear'], ['zoom'], 9, 10.5, 14, 13.5] : 11,
      'text-max-width': weight === 3 ? 7 : 9,
      'text-padding': along ? 6 : 4,
      ...(along ? {'symbol-placement': 'line', 'symbol-spacing': 320} : {}),
      ...(weight === 1 ? {'text-anchor': 'top', 'text-offset': [0, 0.7]} : {}),
    },
    paint: {
      'text-color': weight === 3 ? '#27343b' : '#4a4f54',
      'text-halo-color': 'rgba(255,255,255,0.92)',
      'text-halo-width': 1.4,
    },
  };
}

/** @param {Layer} layer @returns {object[]} area and outline */
function fillLooks(layer) {
  const {width, opacity} = layer.default;
  const area = {id: layer.id, type: 'fill', paint: {'fill-color': byClass(layer, 'color'), 'fill-opacity': opacity, 'fill-antialias': false}};
  if (!width) return [area];
  return [area, {
    id: `${layer.id}:edge`,
    type: 'line',
    layout: {'line-join': 'round'},
    paint: {'line-color': byClass(layer, 'edge'), 'line-width': byZoom(width, 0.5, 1.4), 'line-opacity': Math.min(1, opacity + 0.25)},
  }];
}

/** @param {Layer} layer @returns {object[]} line, with a casing where it is wide enough to carry one, and dots for its points */
function lineLooks(layer) {
  const {width, opacity} = layer.default;
  const layout = {'line-join': 'round', 'line-cap': 'round', ...inOrder(layer)};
  const line = {id: layer.id, type: 'line', layout,
    paint: {'line-color': byClass(layer, 'color'), 'line-width': byZoom(width, 0.25, 3), 'line-opacity': opacity}};
  if (layer.areal) return [line];
  const dots = {...circleLooks({...layer, default: {...layer.default, width: width + 2}})[0], id: `${layer.id}:dot`, filter: ['==', ['geometry-type'], 'Point']};
  if (width < 1.5) return [line, dots];
  const casing = {id: `${layer.id}:edge`, type: 'line', minzoom: 14, layout,
    paint: {'line-color': byClass(layer, 'edge'), 'line-width': byZoom(width + 1, 0.25, 3), 'line-opacity': opacity * 0.6}};
  return [casing, line, dots];
}

/** @param {Layer} layer @returns {object} the first class of the legend lies on top */
function inOrder(layer) {
  if (!layer.by || layer.classes.length === 0) return {};
  const branches = layer.classes.flatMap((one, place) => [String(one.value), -place]);
  return {'line-sort-key': ['match', ['to-string', ['get', layer.by]], ...branches, -layer.classes.length]};
}

/** @param {Layer} layer @returns {object[]} dot with a pale rim */
function circleLooks(layer) {
  const {width, opacity} = layer.default;
  return [{
    id: layer.id,
    type: 'circle',
    paint: {
      'circle-color': byClass(layer, 'color'),
      'circle-opacity': opacity,
      'circle-radius': ['interpolate', ['exponential', 1.4], ['zoom'], 10, Math.max(1.7, width * 0.4), 15, width, 19, width * 1.9],
      'circle-stroke-color': '#ffffff',
      'circle-stroke-width': byZoom(1, 0, 1.2),
      'circle-stroke-opacity': opacity,
    },
  }];
}

/**
 * A size that grows with the zoom level and is as declared at level 15.
 * @param {number} size - size on the screen [px]
 * @param {number} far - factor at level 10
 * @param {number} near - factor at level 19
 * @returns {unknown[]} expression
 */
function byZoom(size, far, near) {
  return ['interpolate', ['exponential', 1.4], ['zoom'], 10, size * far, 15, size, 19, size * near];
}

/**
 * The colour of a thing by the class its value belongs to.
 * @param {Layer} layer - the layer
 * @param {'color' | 'edge'} part - area or outline
 * @returns {unknown} expression or colour
 */
function byClass(layer, part) {
  if (!layer.by || layer.classes.length === 0) return layer.default[part];
  const branches = layer.classes.flatMap((one) => [one.value, one[part]]);
  const value = ['to-string', ['get', layer.by]];
  return ['match', value, ...branches.map((item, place) => (place % 2 ? item : String(item))), layer.default[part]];
}
