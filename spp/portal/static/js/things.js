/**
 * The things of one layer in the present view: what to load, when, and what has become of it.
 *
 * A part of a crowded layer is never drawn as if it were the whole: above the limit the generalised picture stands in,
 * or nothing with a hint to zoom in.
 * @module things
 */

import {area, contains, grown, shared, written} from './box.js';

/** @typedef {import('./layer.js').Layer} Layer */
/** @typedef {import('./box.js').Box} Box */
/** @typedef {{box: Box, zoom: number}} View */
/** No features: always the same list, so that nothing is drawn anew. @type {GeoJSON.Feature[]} */
const NOTHING = [];

/** @typedef {'off' | 'empty' | 'zoom' | 'overview' | 'loading' | 'ready' | 'error'} State */

export class LayerThings {
  /**
   * @param {Layer} layer - the layer
   * @param {number} limit - most things loaded at once
   * @param {(things: LayerThings) => void} changed - told after every change of state or features
   */
  constructor(layer, limit, changed) {
    this.layer = layer;
    this.limit = limit;
    this.changed = changed;
    this.visible = layer.visible;
    /** @type {State} */
    this.state = 'off';
    /** @type {GeoJSON.Feature[]} */
    this.features = NOTHING;
    /** Of several alternatives the one that is shown. @type {import('./layer.js').Choice | null} */
    this.choice = layer.choices[0] ?? null;
    /** Generalised features, once loaded. @type {GeoJSON.Feature[] | null} */
    this.picture = null;
    /** @type {Box | null} */
    this.loaded = null;
    /** @type {AbortController | null} */
    this.running = null;
  }

  /** How many things there are to show. */
  get count() {
    return this.choice?.count ?? this.layer.count;
  }

  /** What a request adds so that only the chosen alternative answers. */
  get filter() {
    return this.choice ? `&${encodeURIComponent(String(this.layer.alternatives))}=${encodeURIComponent(this.choice.value)}` : '';
  }

  /**
   * Show another alternative from the next view on.
   * @param {string} value - value of the field `alternatives`; one that this layer does not have changes nothing
   */
  choose(value) {
    const choice = this.layer.choices.find((one) => one.value === value);
    if (!choice || choice === this.choice) return;
    this.choice = choice;
    this.picture = null;
    this.loaded = null;
  }

  /** Whether the features drawn are generalised: shape, name and class only. */
  get general() {
    return this.features === this.picture;
  }

  /** Whether some things in view are not drawn. */
  get thinned() {
    return this.state === 'overview' && this.features.length < this.count;
  }

  /**
   * Bring the features in line with the view. A call under way for an older view is cancelled.
   * @param {View} view - what the map shows
   * @returns {Promise<void>} settled when the state is final for this view
   */
  async follow(view) {
    const part = this.layer.extent && shared(/** @type {Box} */ (this.layer.extent), view.box);
    if (!this.visible) return this.#settle('off', NOTHING);
    if (!part) return this.#settle('empty', this.general ? NOTHING : this.features);
    if (this.state === 'ready' && this.loaded && view.zoom >= this.layer.minzoom && contains(this.loaded, part)) return;
    this.running?.abort();
    const running = (this.running = new AbortController());
    this.state = 'loading';
    this.changed(this);
    try {
      await this.#load(view, part, running.signal);
    } catch (error) {
      if (!running.signal.aborted) this.#settle('error', this.features);
    }
  }

  /**
   * @param {View} view - what the map shows
   * @param {Box} part - part of the view in which the layer has things
   * @param {AbortSignal} signal - ends the call
   */
  async #load(view, part, signal) {
    const expected = (box) => this.count * Math.min(1, area(box) / area(/** @type {Box} */ (this.layer.extent)));
    const far = view.zoom < Math.max(this.layer.minzoom, this.layer.overview_until);
    if (far || (this.layer.overview && expected(part) > this.limit)) return this.#general(signal);
    const wide = shared(grown(view.box, 0.25), /** @type {Box} */ (this.layer.extent)) ?? part;
    const box = expected(wide) > this.limit / 2 ? part : wide;
    if (expected(box) > this.limit / 3 && this.count > this.limit) {
      if ((await this.#page(box, 1, signal)).numberMatched > this.limit) return this.#general(signal);
    }
    const page = await this.#page(box, this.limit, signal);
    if (page.numberMatched > page.features.length) return this.#general(signal);
    this.loaded = box;
    this.#settle('ready', page.features.filter((feature) => feature.geometry));
  }

  /** @param {AbortSignal} signal - ends the call */
  async #general(signal) {
    if (!this.layer.overview) return this.#settle('zoom', NOTHING);
    const address = this.choice ? `${this.layer.overview}&choice=${encodeURIComponent(this.choice.value)}` : this.layer.overview;
    this.picture ??= /** @type {GeoJSON.Feature[]} */ ((await fetchJson(address, signal)).features);
    this.#settle('overview', this.picture);
  }

  /**
   * @param {Box} box - where
   * @param {number} limit - how many at most
   * @param {AbortSignal} signal - ends the call
   * @returns {Promise<{features: GeoJSON.Feature[], numberMatched: number}>} things in the box
   */
  #page(box, limit, signal) {
    return fetchJson(`${this.layer.items}?f=json&bbox=${written(box)}&limit=${limit}${this.filter}`, signal);
  }

  /** @param {State} state @param {GeoJSON.Feature[]} features */
  #settle(state, features) {
    if (state === 'off') this.running?.abort();
    if (state !== 'ready' && state !== 'empty') this.loaded = null;
    const same = state === this.state && features === this.features;
    this.state = state;
    this.features = features;
    if (!same) this.changed(this);
  }
}

/**
 * Fetch a JSON document.
 * @param {string} url - its address
 * @param {AbortSignal} [signal] - ends the call
 * @returns {Promise<any>} the document
 */
export async function fetchJson(url, signal) {
  const answer = await fetch(url, {signal, headers: {accept: 'application/geo+json, application/json'}});
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  return answer.json();
}
