/**
 * The living page: follows the map's view, the reader's switches and clicks.
 *
 * `window.phusaMap` is the map, for tests and for the curious; `data-idle` on the map's element says that everything
 * the view needs has been loaded and drawn.
 * @module page
 */

import {choiceInAddress, layersInAddress, rememberChoice, rememberLayers} from './address.js';
import {around} from './box.js';
import {fill, mark, viewOf} from './canvas.js';
import {writeCard} from './card.js';
import {writeCautions} from './caution.js';
import {whatIsAt} from './inspect.js';
import {updateLegend, writeLegend} from './legend.js';
import {narrow, panels} from './sheet.js';
import {LayerThings} from './things.js';

/** @typedef {import('./layer.js').Layer} Layer */
/** @typedef {import('./layer.js').Site} Site */
/** @typedef {import('./words.js').Words} Words */

/** Rest of the map before its view counts as new [ms]. */
const REST = 180;
/** Share of a phone's map that an open sheet leaves free. */
const SEEN = 0.38;
/** Width that the open card takes of a wide map [px]. */
const CARD = 420;

export class MapPage {
  /**
   * @param {HTMLElement} container - the map's element
   * @param {any} map - the map
   * @param {Site} site - the city
   * @param {Words} words - words of the page
   */
  constructor(container, map, site, words) {
    const part = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
    this.container = container;
    this.map = map;
    this.site = site;
    this.words = words;
    this.list = part('layer-list');
    this.card = part('info-list');
    this.hint = part('hint');
    this.cautions = part('cautions');
    this.panels = panels(document);
    this.all = site.layers.map((layer) => new LayerThings(layer, site.limit, (things) => this.changed(things)));
    /** Features last put on the map. @type {Map<LayerThings, GeoJSON.Feature[]>} */
    this.drawn = new Map();
    this.timer = 0;
    this.asked = 0;
  }

  /** Show the layers that the address or the city names, and begin to follow the reader. */
  async start() {
    const named = layersInAddress();
    if (named) for (const things of this.all) things.visible = named.includes(things.layer.id);
    for (const things of this.all) things.choose(choiceInAddress(String(things.layer.alternatives)) ?? '');
    writeLegend(this.list, this.all, this.words, {
      switched: () => this.switched(),
      zoomTo: (layer) => this.zoomTo(layer),
      chose: (field, value) => this.chose(field, value),
    });
    for (const things of this.all) updateLegend(this.list, things, this.words);
    this.map.on('moveend', () => this.moved());
    this.map.on('click', (/** @type {any} */ event) => this.inspect(event.point, event.lngLat));
    this.map.getCanvas().addEventListener('keydown', (/** @type {KeyboardEvent} */ event) => {
      if (event.key === 'Enter') this.inspectCentre();
    });
    document.querySelector('.skip')?.addEventListener('click', (event) => {
      event.preventDefault();
      this.map.getCanvas().focus();
    });
    Object.assign(window, {phusaMap: this.map});
    await this.follow();
  }

  /** Wait until the map rests, then follow it. */
  moved() {
    delete this.container.dataset.idle;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.follow(), REST);
  }

  /** Load what the view needs. */
  async follow() {
    delete this.container.dataset.idle;
    const view = viewOf(this.map);
    await Promise.all(this.all.map((things) => things.follow(view)));
    if (this.all.some((things) => things.state === 'loading')) return;
    this.map.once('idle', () => {
      this.container.dataset.idle = 'true';
    });
    this.map.triggerRepaint();
  }

  /** @param {LayerThings} things - whose state or features are new */
  changed(things) {
    if (this.drawn.get(things) !== things.features) fill(this.map, things.layer, things.features);
    this.drawn.set(things, things.features);
    updateLegend(this.list, things, this.words);
    writeCautions(this.cautions, this.all, this.words);
    const titles = this.all.filter((one) => one.state === 'zoom').map((one) => one.layer.title.toLocaleLowerCase(this.words.language));
    this.hint.textContent = titles.length ? this.words.say('zoom_in_hint', {titles: titles.join(', ')}) : '';
    this.hint.hidden = titles.length === 0;
  }

  /** A layer was switched on or off. */
  switched() {
    rememberLayers(this.all.filter((things) => things.visible).map((things) => things.layer.id));
    this.follow();
  }

  /**
   * Another alternative was chosen: every layer that has it shows it, so that the map speaks of one scenario at a time.
   * @param {string} field - property that tells the alternatives apart
   * @param {string} value - its value
   */
  chose(field, value) {
    for (const things of this.all) if (things.layer.alternatives === field) things.choose(value);
    for (const things of this.all) updateLegend(this.list, things, this.words);
    rememberChoice(field, value);
    this.follow();
  }

  /** @param {Layer} layer - layer to see as a whole */
  zoomTo(layer) {
    this.map.fitBounds(layer.extent, {padding: 40, maxZoom: 17});
    if (narrow()) this.panels.close('layers');
  }

  /**
   * Show what lies at a point. Of two quick clicks only the last is answered.
   * @param {{x: number, y: number}} pixel - where on the screen
   * @param {{lng: number, lat: number}} place - where in the world
   */
  async inspect(pixel, place) {
    const asked = ++this.asked;
    const found = await whatIsAt(this.map, this.all, pixel, place);
    if (asked !== this.asked) return;
    mark(this.map, found.slice(0, 1).map((one) => one.feature));
    const {things, lookup} = this.site;
    writeCard(this.card, found, place, this.words, {things, lookup, show: (one) => this.show(one)});
    document.getElementById('intro')?.remove();
    this.panels.open('info');
    this.card.scrollTop = 0;
    const free = SEEN * this.container.clientHeight;
    if (narrow() && pixel.y > free) this.map.panBy([0, pixel.y - free / 2]);
  }

  /** Show what lies at the centre, for who uses the keyboard: the answer gets the focus. */
  async inspectCentre() {
    await this.inspect(this.map.project(this.map.getCenter()), this.map.getCenter());
    this.card.focus();
  }

  /** @param {import('./inspect.js').Found} found - thing to mark and to see as a whole */
  show({feature}) {
    mark(this.map, [feature]);
    const [right, bottom] = narrow() ? [40, (1 - SEEN) * this.container.clientHeight + 20] : [CARD, 40];
    this.map.fitBounds(around(feature.geometry), {padding: {top: 40, left: 40, right, bottom}, maxZoom: 18});
  }
}
