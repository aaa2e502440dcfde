/**
 * Boxes of longitude and latitude, and small questions of plane geometry. All coordinates in degrees, CRS84.
 * @module box
 */

/** @typedef {[number, number, number, number]} Box - west, south, east, north */

/**
 * A box grown on all sides and rounded outwards, so that small moves ask for the same address again.
 * @param {Box} box - the view
 * @param {number} share - growth as a share of its size
 * @returns {Box} the box to load
 */
export function grown(box, share) {
  const [width, height] = [box[2] - box[0], box[3] - box[1]];
  const step = 2 ** Math.floor(Math.log2(Math.max(width, height, 1e-6) / 4));
  const down = (value) => Math.floor(value / step) * step;
  const up = (value) => Math.ceil(value / step) * step;
  return [
    Math.max(-180, down(box[0] - share * width)), Math.max(-90, down(box[1] - share * height)),
    Math.min(180, up(box[2] + share * width)), Math.min(90, up(box[3] + share * height)),
  ];
}

/** @param {Box} box @returns {string} the box as a request writes it, rounded outwards: what lies on its edge stays in it */
export function written(box) {
  const places = 1e6;
  const round = [Math.floor, Math.floor, Math.ceil, Math.ceil];
  return box.map((value, side) => round[side](value * places) / places).join(',');
}

/** @param {Box} outer @param {Box} inner @returns {boolean} whether the inner box lies wholly in the outer one */
export function contains(outer, inner) {
  return outer[0] <= inner[0] && outer[1] <= inner[1] && outer[2] >= inner[2] && outer[3] >= inner[3];
}

/** @param {Box} one @param {Box} other @returns {Box | null} the part they share */
export function shared(one, other) {
  const box = /** @type {Box} */ ([
    Math.max(one[0], other[0]), Math.max(one[1], other[1]), Math.min(one[2], other[2]), Math.min(one[3], other[3]),
  ]);
  return box[0] <= box[2] && box[1] <= box[3] ? box : null;
}

/** @param {Box} box @returns {number} its size in square degrees; a box without width counts as very small */
export function area(box) {
  return Math.max(box[2] - box[0], 1e-9) * Math.max(box[3] - box[1], 1e-9);
}

/**
 * Whether a point lies in a polygon, holes taken out.
 * @param {GeoJSON.Geometry | null} geometry - any geometry; only areas hold points
 * @param {number[]} point - longitude, latitude
 * @returns {boolean} whether it does
 */
export function holds(geometry, point) {
  if (geometry?.type === 'Polygon') return inRings(geometry.coordinates, point);
  if (geometry?.type === 'MultiPolygon') return geometry.coordinates.some((rings) => inRings(rings, point));
  return false;
}

/** @param {number[][][]} rings @param {number[]} point @returns {boolean} even-odd rule over all rings */
function inRings(rings, [x, y]) {
  let inside = false;
  for (const ring of rings) {
    for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
      const [[xi, yi], [xj, yj]] = [ring[i], ring[j]];
      if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
    }
  }
  return inside;
}

/**
 * A place for the name of an area: the middle of the widest stretch through the middle of its largest ring.
 * @param {GeoJSON.Geometry} geometry - Polygon or MultiPolygon
 * @returns {number[] | null} longitude, latitude; null for other geometries
 */
export function namePlace(geometry) {
  const parts = geometry?.type === 'Polygon' ? [geometry.coordinates] : geometry?.type === 'MultiPolygon' ? geometry.coordinates : [];
  const boxed = parts.map((rings) => ({rings, box: boxOf(rings[0])}));
  const largest = boxed.sort((one, other) => area(other.box) - area(one.box))[0];
  if (!largest) return null;
  const y = (largest.box[1] + largest.box[3]) / 2;
  const cuts = largest.rings.flatMap((ring) => crossings(ring, y)).sort((one, other) => one - other);
  let best = [largest.box[0], largest.box[2]];
  for (let i = 0, widest = 0; i + 1 < cuts.length; i += 2) {
    if (cuts[i + 1] - cuts[i] > widest) [widest, best] = [cuts[i + 1] - cuts[i], [cuts[i], cuts[i + 1]]];
  }
  return [(best[0] + best[1]) / 2, y];
}

/** @param {number[][]} ring @param {number} y @returns {number[]} where the ring crosses a parallel */
function crossings(ring, y) {
  const found = [];
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const [[xi, yi], [xj, yj]] = [ring[i], ring[j]];
    if (yi > y !== yj > y) found.push(((xj - xi) * (y - yi)) / (yj - yi) + xi);
  }
  return found;
}

/** @param {number[][]} ring @returns {Box} the box around it */
function boxOf(ring) {
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of ring) {
    box[0] = Math.min(box[0], x); box[1] = Math.min(box[1], y);
    box[2] = Math.max(box[2], x); box[3] = Math.max(box[3], y);
  }
  return /** @type {Box} */ (box);
}

/**
 * The box around any geometry.
 * @param {GeoJSON.Geometry} geometry - the geometry
 * @returns {Box} the box
 */
export function around(geometry) {
  const flat = /** @type {number[][]} */ ([]);
  const walk = (item) => (typeof item[0] === 'number' ? flat.push(item) : item.forEach(walk));
  if (geometry.type === 'GeometryCollection') geometry.geometries.forEach((one) => flat.push(...corners(around(one))));
  else walk(geometry.coordinates);
  return boxOf(flat);
}

/** @param {Box} box @returns {number[][]} two opposite corners */
function corners(box) {
  return [[box[0], box[1]], [box[2], box[3]]];
}
